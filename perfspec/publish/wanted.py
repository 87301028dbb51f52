"""What a command line wants of publishing: when there is a comment, and what fails the check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from perfspec.judge.model import Outcome

When = Literal["always", "changes", "failures", "off"]
FailOn = Literal["fail", "inconclusive", "warn", "never"]
_BROKEN: Final = frozenset({Outcome.ERROR})  # never well, whatever is wanted
_FAILED: Final = _BROKEN | {Outcome.FAIL}
_UNDECIDED: Final = _FAILED | {Outcome.INCONCLUSIVE, Outcome.SKIPPED}
_FAILING: Final[dict[FailOn, frozenset[Outcome]]] = {
    "never": _BROKEN,
    "fail": _FAILED,
    "inconclusive": _UNDECIDED,
    "warn": _UNDECIDED | {Outcome.WARN},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """``step`` marks the comments of one step of a workflow (``step_marker``)."""

    comment: When
    fail_on: FailOn
    step: str | None = None

    def fails(self, outcome: Outcome) -> bool:
        """Whether an outcome fails the step and the check alike."""
        return outcome in _FAILING[self.fail_on]
