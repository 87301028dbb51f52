"""A test that is in doubt runs twice: a regression must show both times.

What a single run tells is now and then an accident of that run: a neighbour, a backup, a bad start.
The second run is asked only about the budgets that the first one exceeded, so it pays for fewer
tests (Holm). A run on a busy host tells nothing: the second one takes its place, and where that
exceeds a budget, a third one confirms it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import msgspec

from perfspec.judge.compare import compare_test
from perfspec.judge.model import Outcome
from perfspec.judge.select import measured
from perfspec.judge.validity import check
from perfspec.plan.load import judged
from perfspec.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfspec.baseline.archive import Past
    from perfspec.baseline.record import Record
    from perfspec.judge.change import Question
    from perfspec.judge.model import Change, Comparison
    from perfspec.measure.model import TestResult
    from perfspec.plan.model import Test

INSTEAD: Final = "The host was busy in the first run: this is a second one."


@dataclass(frozen=True, slots=True)
class Again:
    """A run of the test after its first one. ``unusable`` is why it decides nothing."""

    record: Record
    unusable: str | None = None


def doubt(found: Sequence[Comparison]) -> str | None:
    """Why the test should run once more; None where nothing hangs on it.

    ``found`` is what was known after each of its runs. One on a busy host is replaced only once.
    """
    *before, last = found
    if last.busy:
        return None if before else "the host was busy with something else"
    exceeded = _exceeded(last.changes)
    if not exceeded or not all(each.busy for each in before):
        return None
    first, *others = (f"{each.subject} {each.metric.name}" for each in exceeded)
    rest = f" and {len(others)} more" if others else ""
    return f"the budget of {first}{rest} is exceeded, to be confirmed"


def why_unusable(test: Test, again: TestResult) -> str | None:
    """Why a second run decides nothing; None for one that was whole and valid."""
    if again.status != "complete":
        return "a second run was not measured to its end"
    spans = measured(again, judged(test.stages, "hold", test.warm_up_s))
    invalid = check(test, again, spans).invalid
    return None if invalid is None else f"a second run was invalid: {invalid}"


def compare_again(
    question: Question, head: Record, again: Sequence[Again], past: Past
) -> Comparison:
    """All runs against the same past, in their order: the first one, and those ``again``."""
    found = compare_test(question, head, past)
    if not again:
        return found
    next_, *later = again
    if next_.unusable is not None:
        return _unconfirmed(found, next_.unusable)
    if found.busy:
        second = compare_again(question, next_.record, later, past)
        return msgspec.structs.replace(second, notes=(INSTEAD, *second.notes))
    ids = {each.budget for each in _exceeded(found.changes)}
    budgets = tuple(each for each in question.budgets if each.id in ids)
    if not budgets:  # of another baseline or other budgets than when it was run
        return found
    second = compare_test(replace(question, budgets=budgets), next_.record, past)
    if second.busy:
        return _unconfirmed(found, "the host was busy in a second run")
    seen = {each.budget: each for each in second.changes}
    changes = tuple(
        _both(each, seen[each.budget]) if each.budget in ids else each for each in found.changes
    )
    held = len(_exceeded(changes))
    were = "was" if held == 1 else "were"
    every = counted(len(ids), "exceeded budget")
    note = f"Of {every} {held} {were} exceeded in a second run too."
    return msgspec.structs.replace(found, changes=changes, notes=(*found.notes, note))


def _exceeded(changes: Iterable[Change]) -> list[Change]:
    return [each for each in changes if (each.outcome, each.state) == (Outcome.FAIL, "regression")]


def _both(first: Change, second: Change) -> Change:
    if second.change is None:  # nothing known is no acquittal
        reason = f"{first.reason}; a second run cannot say: {second.reason}"
        return msgspec.structs.replace(first, reason=reason)
    if second.outcome is Outcome.FAIL:
        reason = f"{first.reason}, in two runs"
        return msgspec.structs.replace(first, again=second.change, reason=reason)
    return msgspec.structs.replace(
        first,
        outcome=Outcome.WARN,
        state="unconfirmed",
        again=second.change,
        reason="worse in one run, and not in a second one",
    )


def _unconfirmed(comparison: Comparison, why: str) -> Comparison:
    """Nothing known is no acquittal: what was exceeded stays so."""
    note = f"Not confirmed: {why}."
    return msgspec.structs.replace(comparison, notes=(*comparison.notes, note))
