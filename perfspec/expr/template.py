"""Texts with holes: ``{{ expression }}`` for each virtual user, ``${NAME}`` from the environment.

A variable is put in when the template is compiled and is never evaluated: a value that holds ``{{``
or ``${`` stays as it is. ``$${`` stands for a literal ``${``; a literal ``{{`` is ``{{ "{{" }}``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from perfspec.expr.compiler import Compiler
from perfspec.expr.errors import ExpressionError
from perfspec.expr.expression import NO_VARIABLES, Uses
from perfspec.expr.nodes import Node, Reference, Variable
from perfspec.expr.parser import Parser
from perfspec.expr.tokens import read_variable
from perfspec.expr.values import to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from perfspec.expr.tools import Closure, Scope, Tools

_MARK: Final = re.compile(r"\{\{|\$\$?\{")


class Hole(msgspec.Struct, frozen=True):
    """``{{ expression }}`` from ``at`` up to ``end``."""

    node: Node
    at: int
    end: int


Part: TypeAlias = "str | Variable | Hole"


class Template(Uses, frozen=True, kw_only=True):
    """One parsed text."""

    text: str
    parts: tuple[Part, ...]

    @property
    def constant(self) -> str | None:
        """The final text when nothing is to be put in, else None."""
        if self.dynamic or self.environment:
            return None
        return "".join(str(part) for part in self.parts)

    @property
    def dynamic(self) -> bool:
        """Whether it has holes; without, what is compiled gives the same text for every scope."""
        return any(isinstance(part, Hole) for part in self.parts)

    def compile(self, tools: Tools, variables: Mapping[str, str] = NO_VARIABLES) -> Closure:
        """A function from the scope to a value: the hole's own if the text is exactly one hole.

        Otherwise to text. It raises ExpressionError for values that an operator or filter cannot
        take; compiling raises it for a variable that is not set and has no default.
        """
        match self.parts:
            case (Hole(node),):
                return Compiler(tools, variables).closure(node)
            case _:
                return self.compile_text(tools, variables)

    def compile_text(
        self, tools: Tools, variables: Mapping[str, str] = NO_VARIABLES
    ) -> Callable[[Scope], str]:
        """Like ``compile``, but always to text.

        null is empty, true and false are written so, lists and mappings are JSON, bytes must be
        UTF-8.
        """
        compiler = Compiler(tools, variables)
        frame: list[str] = []
        holes: list[tuple[int, Closure, int]] = []
        for part in self.parts:
            if isinstance(part, Hole):
                holes.append((len(frame), compiler.closure(part.node), part.at))
            frame.append("" if isinstance(part, Hole) else compiler.text(part))
        if holes:
            return _render(frame, holes)
        text = "".join(frame)
        return lambda _scope: text


def parse_template(text: str) -> Template:
    """Parse a text; raises ExpressionError with the offset in it."""
    parts: list[Part] = []
    references: list[Reference] = []
    environment: list[Variable] = []
    done = 0
    while mark := _MARK.search(text, done):
        parts.append(text[done : mark.start()])
        match mark[0]:
            case "{{":
                parser = Parser(text, mark.end())
                parts.append(hole := _hole(parser, mark.start()))
                references += parser.references
                environment += parser.variables
                done = hole.end
            case "${":
                variable = read_variable(text, mark.start())
                parts.append(variable)
                environment.append(variable)
                done = variable.end
            case _:
                parts.append("${")
                done = mark.end()
    parts.append(text[done:])
    return Template(
        text=text,
        parts=tuple(part for part in parts if part != ""),
        references=tuple(references),
        environment=tuple(environment),
    )


def _hole(parser: Parser, at: int) -> Hole:
    node = parser.parse()
    end = parser.token.end
    if parser.token.text != "}" or parser.source[end : end + 1] != "}":
        hint = "the hole is never closed" if parser.token.kind == "end" else None
        raise parser.unexpected(wanted="}}", hint=hint)
    return Hole(node, at, end + 1)


def _render(frame: list[str], holes: Sequence[tuple[int, Closure, int]]) -> Callable[[Scope], str]:
    """Fill the holes' places in a copy of ``frame``; this is the hot path of a run."""

    def render(scope: Scope) -> str:
        parts = frame[:]
        for index, hole, at in holes:
            value = hole(scope)
            parts[index] = value if type(value) is str else _written(value, at)
        return "".join(parts)

    return render


def _written(value: object, at: int) -> str:
    try:
        return to_text(value)
    except ExpressionError as error:
        raise error.located(at) from None
