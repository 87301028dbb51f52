"""Putting environment variables into a template that stays a template: what a plan keeps."""

from __future__ import annotations

import re
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final, TypeAlias

from perfspec.expr.nodes import Variable
from perfspec.expr.template import Hole, parse_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Piece: TypeAlias = tuple[bool, str]  # whether it is literal text, and the text

_MARK: Final = re.compile(r"\$\{|\{\{")
_MARK_OR_END: Final = re.compile(r"\$\{|\{\{|[${]+\Z")  # before a hole or variable
_QUOTED: Final = {'"': r"\"", "'": r"\'", "\\": r"\\", "$": r"\u0024"}
_SPECIAL: Final = re.compile(r"""["'\\$]""")


def fill_variables(text: str, variables: Mapping[str, str]) -> str:
    """``text`` with those ``${NAME}`` put in that are in ``variables``; the others are left.

    Whatever a value holds, it is literal text in the result: compiling that with the other
    variables gives what compiling ``text`` with all of them gives. Raises ExpressionError when
    ``text`` is malformed.
    """
    template = parse_template(text)
    if not template.variables & variables.keys():
        return text
    pieces: list[Piece] = []
    for part in template.parts:
        match part:
            case str():
                pieces.append((True, part))
            case Hole(_, at, end):
                inside = [each for each in template.environment if at < each.at < end]
                pieces.append((False, _filled_hole(text, part, inside, variables)))
            case Variable():
                value = _known(part, variables)
                written = text[part.at : part.end]
                pieces.append((False, written) if value is None else (True, value))
    return "".join(_escaped(pieces))


def _known(variable: Variable, variables: Mapping[str, str]) -> str | None:
    return variable.value(variables) if variable.name in variables else None


def _filled_hole(
    text: str, hole: Hole, inside: Sequence[Variable], variables: Mapping[str, str]
) -> str:
    filled, done = "", hole.at
    for variable in inside:
        value = _known(variable, variables)
        if value is not None:
            quoted = _quoted(value)
            filled += text[done : variable.at] + (f'"{quoted}"' if variable.bare else quoted)
            done = variable.end
    return filled + text[done : hole.end]


def _escaped(pieces: Sequence[Piece]) -> Iterator[str]:
    """Literal runs written so that neither they nor their ends begin a hole or a variable."""
    grouped = groupby(pieces, itemgetter(0))
    runs = [(literal, "".join(text for _, text in run)) for literal, run in grouped]
    for index, (literal, run) in enumerate(runs):
        marks = _MARK_OR_END if index < len(runs) - 1 else _MARK
        yield marks.sub(_harmless, run) if literal else run


def _harmless(mark: re.Match[str]) -> str:
    return "$${" if mark[0] == "${" else f'{{{{ "{_quoted(mark[0])}" }}}}'


def _quoted(text: str) -> str:
    return _SPECIAL.sub(lambda match: _QUOTED[match[0]], text)
