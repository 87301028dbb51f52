"""One budget and its evidence: broken, real but allowed, kept, or not to be decided."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from perfspec.judge.evidence import FEWEST_FAILED
from perfspec.judge.interval import surely_beyond
from perfspec.judge.model import Outcome
from perfspec.judge.statistics.decision import interval
from perfspec.units import counted, format_share

if TYPE_CHECKING:
    from perfspec.judge.evidence import Evidence
    from perfspec.judge.model import State
    from perfspec.plan.budget import Budget

USUALLY_SENT: Final = 10  # requests: of so many it is no chance that none is left


@dataclass(frozen=True, slots=True)
class Ruling:
    outcome: Outcome
    state: State
    reason: str


def rule(
    budget: Budget, evidence: Evidence, *, certain: bool, likely: bool, undecided: Outcome
) -> Ruling:
    """``certain`` and ``likely`` are those of the family (see ``decision``).

    A regression must be beyond doubt, and its best estimate beyond the budget and its floor.
    """
    for allowed, outcome in ((budget.fail, Outcome.FAIL), (budget.warn, Outcome.WARN)):
        if allowed is not None and certain and _exceeds(budget, evidence, evidence.effect, allowed):
            return Ruling(outcome, "regression", "worse beyond doubt, and by more than the budget")
    gravest = budget.fail if budget.fail is not None else budget.warn or 0.0
    beyond = _exceeds(budget, evidence, evidence.effect, gravest)
    if likely and evidence.effect > 0:
        reason = "probably worse, not beyond doubt" if beyond else "really worse, within the budget"
        return Ruling(Outcome.WARN, "real", reason)
    if evidence.se is None:
        if not beyond:
            return Ruling(Outcome.PASS, "within", "within the budget")
        return _on_failures(evidence, gravest, undecided)
    _, high = bounds(evidence)
    if len(evidence.history) > 1 and not _exceeds(budget, evidence, high, gravest):
        return Ruling(Outcome.PASS, "within", "within the budget")
    most = format_share(round(math.expm1(min(high, 10.0)), 2))
    return Ruling(undecided, "undecided", f"it can only be excluded that it is worse by {most}")


def _on_failures(evidence: Evidence, allowed: float, undecided: Outcome) -> Ruling:
    """More failed than the budget allows, but not beyond doubt, or they are too few to count.

    Few may be chance, but four of ten are no 0.1 % (exact binomial test at 1 %).
    """
    if evidence.p < 1:
        return Ruling(undecided, "undecided", "more failed, but no more than they vary")
    failed, n = round(evidence.head * evidence.samples), evidence.samples
    if surely_beyond(failed, n, 1 - evidence.base - allowed):
        reason = (
            f"{failed} of {counted(n, 'request')} failed: more than the budget allows, but fewer"
            f" than {FEWEST_FAILED} show no change"
        )
        return Ruling(undecided, "undecided", reason)
    return Ruling(Outcome.PASS, "within", "so few failed that it may be chance")


def is_gone(head: int, usual: int) -> bool:
    """Whether there is no request where there used to be many: nothing was measured of it."""
    return head == 0 and usual >= USUALLY_SENT


def bounds(evidence: Evidence) -> tuple[float, float]:
    """Of the effect, each a one-sided 95 % bound; both are the effect where it is a fact."""
    if evidence.se is None:
        return evidence.effect, evidence.effect
    low, high = interval(np.array(evidence.effect), np.array(evidence.se), evidence.df)
    return float(low), float(high)


def _exceeds(budget: Budget, evidence: Evidence, effect: float, allowed: float) -> bool:
    if evidence.se is None:
        return effect > allowed
    if budget.metric.at_least:  # by 5 % fewer is more than 5 % in the logarithm
        return -math.expm1(-effect) > allowed
    worse = math.expm1(min(effect, 50.0))
    return worse > allowed and worse * evidence.base > (budget.floor_s or 0.0)
