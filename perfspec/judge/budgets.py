"""What a comparison means for its test: outcomes that count, and the sentence about them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from perfspec.judge.model import Outcome
from perfspec.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.judge.model import Comparison, State

WORDS: Final[dict[State, str]] = {
    "regression": "exceeded",
    "unconfirmed": "not confirmed by a second run",
    "real": "with a real change",
    "undecided": "not decided",
    "no_baseline": "without a baseline",
}


def of_budgets(comparison: Comparison | None) -> Iterator[Outcome]:
    """Outcomes of all budgets; what all endpoints share warns where it is suspect."""
    if comparison is not None:
        yield from (each.outcome for each in comparison.changes)
        if comparison.suspect:
            yield Outcome.WARN


def budgets_said(comparison: Comparison) -> str | None:
    """``Of 20 budgets 1 exceeded, 3 not decided.``; None where all are kept."""
    counts = Counter(each.state for each in comparison.changes)
    parts = [f"{counts[each]} {word}" for each, word in WORDS.items() if counts[each]]
    every = counted(len(comparison.changes), "budget")
    return f"Of {every} {', '.join(parts)}." if parts else None
