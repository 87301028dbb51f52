"""Every error that a user can cause, with the exit code that it ends in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar


class Exit(IntEnum):
    """Exit codes of the command line (docs/verdicts.md)."""

    OK = 0
    FAIL = 1
    USAGE = 2
    BROKEN = 3
    NO_VERDICT = 4
    NOT_PUBLISHED = 5
    BUG = 70
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """One finding about a spec: where (1-based), which rule, what, and the next step."""

    file: str
    line: int
    column: int
    code: str
    message: str
    hint: str | None = None
    warning: bool = False

    def __str__(self) -> str:
        level = "warning " if self.warning else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}: {level}{self.code} {self.message}{hint}"


class PerfspecError(Exception):
    """Something the user can mend; ``str(error)`` says what, why and the next step."""

    exit_code: ClassVar[Exit] = Exit.BROKEN


class UsageError(PerfspecError):
    """The command line or a file it names is wrong."""

    exit_code: ClassVar[Exit] = Exit.USAGE


class InvalidSpecError(UsageError):
    """The spec has mistakes; ``diagnostics`` holds all of them in reading order."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        self.diagnostics = diagnostics
        super().__init__("\n".join(str(each) for each in diagnostics))


class RunError(PerfspecError):
    """The run broke: target not ready, hook failed, generator died."""


class Interrupted(PerfspecError):  # noqa: N818  (an outcome, not a defect)
    """The user pressed Ctrl-C; what was measured is kept."""

    exit_code: ClassVar[Exit] = Exit.INTERRUPTED
