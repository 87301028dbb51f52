"""The one error of this package: what is wrong with a text or value, for whoever wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable


class ExpressionError(ValueError):
    """A template, an expression or a path is malformed, or was given a value that it cannot take.

    ``str(error)`` is for the user, ``offset`` the 0-based position in the text that was parsed, or
    None, ``hint`` the next step (``did you mean …``), ``path`` the keys and indexes down to the
    text inside the value that ``parse_value`` was given.
    """

    def __init__(
        self,
        message: str,
        *,
        offset: int | None = None,
        hint: str | None = None,
        path: tuple[str | int, ...] = (),
    ) -> None:
        super().__init__(message)
        self.offset = offset
        self.hint = hint
        self.path = path

    def located(self, offset: int, subject: str = "") -> Self:
        """Say where it happened and in what, unless a part further inside has said so already."""
        if self.offset is not None:
            return self
        message = f"{subject}: {self}" if subject else str(self)
        return type(self)(message, offset=offset, hint=self.hint, path=self.path)

    def inside(self, *path: str | int) -> Self:
        """The same error in a value whose place is ``path``."""
        whole = (*path, *self.path)
        return type(self)(str(self), offset=self.offset, hint=self.hint, path=whole)


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """``did you mean 'b64decode'?`` or None when nothing is near."""
    import difflib  # noqa: PLC0415  (10 ms, only on the error path)

    spellings = {each.lower(): each for each in sorted(known)}
    close = difflib.get_close_matches(name.lower(), spellings, n=1, cutoff=0.5)
    return f"did you mean {spellings[close[0]]!r}?" if close else None
