"""JSON paths (RFC 9535): plain ones compiled to getters, the others run by python-jsonpath."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from perfspec.expr.errors import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_LENGTH: Final = 1000

Getter: TypeAlias = Callable[[object], list[object]]
Expansion: TypeAlias = Callable[[list[object]], list[object]]
Step: TypeAlias = str | int | None  # a name, an index, or * for None

_STEP: Final = re.compile(
    r"""
    \.(?P<name>[^\x00-@\[-^`{-\x7f][^\x00-/:-@\[-^`{-\x7f]*)
  | \[(?:'(?P<single>[^'\\\x00-\x1f]*)'|"(?P<double>[^"\\\x00-\x1f]*)")\]
  | \[(?P<index>0|-?[1-9][0-9]{0,14})\]
  | (?P<any>\.\*|\[\*\])
    """,
    re.VERBOSE,
)


class JsonPath(msgspec.Struct, frozen=True):
    """One parsed path.

    ``singular`` paths find at most one value; the others (``[*]``, slices, ``..``, filters) a list,
    also when it happens to hold one.
    """

    text: str
    steps: tuple[Step, ...] | None  # None: python-jsonpath runs it
    singular: bool

    def compile(self) -> Getter:
        """A function from a decoded document to all values found, ``[]`` if none.

        It raises ExpressionError where the document is nested too deep for the path.
        """
        if self.steps is None:
            from perfspec.expr.rfc9535 import search  # noqa: PLC0415  (60 ms, rarely needed)

            return search(self.text)
        first = self.steps[0] if len(self.steps) == 1 else None
        if isinstance(first, str):
            return _member(first)
        if self.singular:
            return _single([step for step in self.steps if step is not None])
        return _several([_expansion(step) for step in self.steps])


def parse_path(text: str) -> JsonPath:
    """Parse a path; raises ExpressionError with the offset where that is known.

    match() and search() are refused: they run a regular expression that can hang the generator.
    """
    if len(text) > MAX_LENGTH:
        msg = f"the path is longer than {MAX_LENGTH} characters"
        raise ExpressionError(msg)
    if not text.startswith("$"):
        msg = "a JSON path begins with $"
        hint = f"did you mean '${'' if text[:1] in {'.', '['} else '.'}{text.strip()}'?"
        raise ExpressionError(msg, offset=0, hint=hint if text.strip() else None)
    steps = _plain_steps(text)
    if steps is not None:
        return JsonPath(text, steps, None not in steps)
    from perfspec.expr.rfc9535 import compile_path  # noqa: PLC0415  (60 ms, rarely needed)

    return JsonPath(text, None, compile_path(text).singular_query())


def _plain_steps(text: str) -> tuple[Step, ...] | None:
    """The steps of a path of names, indexes and ``*``; None for any other."""
    steps: list[Step] = []
    done = 1
    while done < len(text):
        match = _STEP.match(text, done)
        if match is None:
            return None
        steps.append(_step(match))
        done = match.end()
    return tuple(steps)


def _step(match: re.Match[str]) -> Step:
    match match.lastgroup:
        case "any":
            return None
        case "index":
            return int(match["index"])
        case group:
            return match[group or ""]


def _member(name: str) -> Getter:
    """``$.token``, what captures hold most."""
    return lambda document: [document[name]] if type(document) is dict and name in document else []


def _single(steps: Sequence[str | int]) -> Getter:
    def find(document: object) -> list[object]:
        value = document
        for step in steps:
            if isinstance(step, str):
                if type(value) is not dict or step not in value:
                    return []
                value = value[step]
            else:
                if type(value) is not list or not -len(value) <= step < len(value):
                    return []
                value = value[step]
        return [value]

    return find


def _several(expansions: Sequence[Expansion]) -> Getter:
    def find(document: object) -> list[object]:
        found = [document]
        for expand in expansions:
            found = expand(found)
        return found

    return find


def _expansion(step: Step) -> Expansion:
    if step is None:
        return _children
    if isinstance(step, str):
        return lambda found: [each[step] for each in found if type(each) is dict and step in each]
    return lambda found: [
        each[step] for each in found if type(each) is list and -len(each) <= step < len(each)
    ]


def _children(found: list[object]) -> list[object]:
    children: list[object] = []
    for each in found:
        if type(each) is list:
            children += each
        elif type(each) is dict:
            children += each.values()
    return children
