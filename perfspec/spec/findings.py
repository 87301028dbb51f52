"""Collecting mistakes while a file is read, each once, in reading order at the end."""

from __future__ import annotations

from heapq import nsmallest
from typing import TYPE_CHECKING, Final, TypeVar

from perfspec.errors import Diagnostic, InvalidSpecError
from perfspec.expr.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection

    from perfspec.spec.tree import Place


MAX_COMPARISONS: Final = 5_000
"""Of names in search of the one that was meant: a file of mistakes must not take minutes."""
_SHOWN: Final = 20


T = TypeVar("T", str, str | None)


class Findings:
    """Errors and warnings of one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._comparisons = 0
        self._found: set[Diagnostic] = set()

    def error(self, place: Place, code: str, message: str, hint: str | None = None) -> None:
        self._found.add(Diagnostic(self.file, *place, code, _line(message), _line(hint)))

    def warning(self, place: Place, code: str, message: str, hint: str | None = None) -> None:
        told = Diagnostic(self.file, *place, code, _line(message), _line(hint), warning=True)
        self._found.add(told)

    def near(self, name: str, known: Collection[str]) -> str | None:
        """``did you mean 'login'?`` or None; also None when a file has cost enough comparisons."""
        if self._comparisons > MAX_COMPARISONS:
            return None
        self._comparisons += len(known)
        return did_you_mean(name, known)

    def near_or_all(self, name: str, known: Collection[str]) -> str | None:
        """The nearest one, or those that there are."""
        near = self.near(name, known)
        if near is not None or not known:
            return near
        names = nsmallest(_SHOWN, known)
        more = f", … ({len(known) - _SHOWN} more)" if len(known) > _SHOWN else ""
        return f"there is {', '.join(names)}{more}"

    def in_order(self) -> tuple[Diagnostic, ...]:
        return tuple(sorted(self._found, key=_reading_order))

    @property
    def errors(self) -> bool:
        """Whether anything found is more than a warning."""
        return any(not each.warning for each in self._found)

    def has(self, *codes: str) -> bool:
        """Whether one of these mistakes was found."""
        return any(each.code in codes for each in self._found)

    def failure(self) -> InvalidSpecError:
        """What is raised when there are errors; warnings are told with them."""
        return InvalidSpecError(self.in_order())


def _line(text: T) -> T:
    """A diagnostic is one line, whatever it quotes."""
    return text.replace("\r", "\\r").replace("\n", "\\n") if text else text


def _reading_order(each: Diagnostic) -> tuple[int, int, str, str]:
    return each.line, each.column, each.code, each.message
