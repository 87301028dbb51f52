"""Expressions: what stands in ``{{ … }}`` and in ``only_if``, parsed once and compiled to closures.

Evaluating looks keys up in mappings and lists, calls the functions and filters of one table
(``perfspec.expr.filters``) and does bounded arithmetic. It never reads an attribute of a Python
object, so a spec cannot reach anything but its own data.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import msgspec

from perfspec.expr.compiler import Compiler
from perfspec.expr.errors import ExpressionError
from perfspec.expr.nodes import Node, Reference, Variable
from perfspec.expr.parser import Parser
from perfspec.expr.tools import Closure, Scope, Tools
from perfspec.expr.values import is_true

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["Closure", "Expression", "ExpressionError", "Reference", "Scope", "Tools", "Uses"]
__all__ += ["Variable", "parse_expression"]

NO_VARIABLES: Final[Mapping[str, str]] = MappingProxyType({})


class Uses(msgspec.Struct, frozen=True):
    """What a text takes from outside, for whoever checks it; offsets count in the whole text.

    ``references`` are the names of the scope in reading order, ``environment`` the ``${NAME}``.
    """

    references: tuple[Reference, ...] = ()
    environment: tuple[Variable, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The first parts: ``{"user"}`` for ``user.email``."""
        return frozenset(each.path[0] for each in self.references)

    @property
    def paths(self) -> frozenset[tuple[str, ...]]:
        """Names with the keys that are written out: ``{("user", "email")}``."""
        return frozenset(each.path for each in self.references)

    @property
    def variables(self) -> frozenset[str]:
        """Names of environment variables."""
        return frozenset(each.name for each in self.environment)

    @property
    def required(self) -> frozenset[str]:
        """Those that have no default at some place."""
        return frozenset(each.name for each in self.environment if each.default is None)


class Expression(Uses, frozen=True, kw_only=True):
    """One parsed expression."""

    text: str
    node: Node

    def compile(self, tools: Tools, variables: Mapping[str, str] = NO_VARIABLES) -> Closure:
        """A function from the scope to the value; undefined names and missing keys are null.

        It raises ExpressionError for values that an operator or filter cannot take, and nothing
        else. Compiling raises it for a variable that is not set.
        """
        return Compiler(tools, variables).closure(self.node)

    def compile_condition(
        self, tools: Tools, variables: Mapping[str, str] = NO_VARIABLES
    ) -> Callable[[Scope], bool]:
        """Like ``compile``; null, false, 0 and empty text, bytes, lists and mappings are false."""
        evaluate = self.compile(tools, variables)
        return lambda scope: is_true(evaluate(scope))


def parse_expression(text: str) -> Expression:
    """Parse an expression without braces; raises ExpressionError with offset and hint."""
    if text.lstrip().startswith("{{"):
        msg = "an expression stands here without braces"
        raise ExpressionError(msg, offset=text.index("{{"), hint="leave out {{ and }}")
    parser = Parser(text)
    node = parser.parse()
    if parser.token.kind != "end":
        raise parser.unexpected(wanted="an operator or the end")
    return Expression(
        text=text,
        node=node,
        references=tuple(parser.references),
        environment=tuple(parser.variables),
    )


def merge_uses(parts: Iterable[Uses]) -> Uses:
    """All references and variables of several texts."""
    known = tuple(parts)
    return Uses(
        tuple(each for part in known for each in part.references),
        tuple(each for part in known for each in part.environment),
    )
