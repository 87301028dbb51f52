"""From evidence to the changes that a verdict shows: one for each budget."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from perfspec.judge.evidence import key_of
from perfspec.judge.model import Change, Outcome
from perfspec.judge.ruling import Ruling, bounds, rule
from perfspec.judge.statistics.decision import smallest_found

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perfspec.judge.evidence import Evidence, Key
    from perfspec.judge.statistics.decision import Family
    from perfspec.plan.budget import BaselineRule, Budget, Waiver


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the past about one test.

    ``accepted`` is why what is worse is meant; ``problem`` why nothing may be decided: an invalid
    run, a store that cannot be read.
    """

    budgets: tuple[Budget, ...]
    rule: BaselineRule
    waivers: tuple[Waiver, ...] = ()
    accepted: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What there is to decide on. ``family`` has a test for each entry of ``evidence``, in order.

    ``without`` rules on a budget that has no evidence. ``problem`` is why none is decided, ``time``
    (ISO 8601) when it was measured; ``alien``: on a machine that the baseline does not know.
    """

    evidence: Mapping[Key, Evidence]
    family: Family
    without: Callable[[Budget], Ruling]
    time: str
    problem: str | None = None
    alien: bool = False


def changes_of(question: Question, case: Case) -> tuple[Change, ...]:
    """In the order of the budgets."""
    index = {key: at for at, key in enumerate(case.evidence)}
    found = []
    for budget in question.budgets:
        mine, at = case.evidence.get(key_of(budget)), index.get(key_of(budget))
        if case.problem is not None:
            ruling = Ruling(Outcome.INCONCLUSIVE, "undecided", case.problem)
        elif mine is None or at is None or mine.samples < budget.min_samples:
            ruling = case.without(budget)
        else:
            ruling = rule(
                budget,
                mine,
                certain=bool(case.family.certain[at]),
                likely=bool(case.family.likely[at]),
                undecided=Outcome(question.rule.missing),
            )
        change = _change(budget, ruling, mine, case.family, at)
        found.append(_capped(change, question, case.time, alien=case.alien))
    return tuple(found)


def _change(
    budget: Budget, ruling: Ruling, evidence: Evidence | None, family: Family, at: int | None
) -> Change:
    change = Change(
        budget=budget.id,
        subject=budget.subject,
        metric=budget.metric,
        outcome=ruling.outcome,
        state=ruling.state,
        fail=budget.fail,
        warn=budget.warn,
        floor_s=budget.floor_s,
        reason=ruling.reason,
        place=budget.place,
        origin=budget.origin,
        requirement=budget.requirement,
    )
    if evidence is None or at is None:
        return change
    return msgspec.structs.replace(
        change,
        base=evidence.base,
        head=evidence.head,
        change=_share(evidence, budget, evidence.effect),
        p=float(family.adjusted[at]),
        samples=evidence.samples,
        history=evidence.history,
        since=evidence.since,
        **_reach(budget, evidence, family),
    )


def _reach(budget: Budget, evidence: Evidence, family: Family) -> dict[str, float]:
    """The interval, and the smallest change that would have failed; nothing of a fact."""
    if evidence.se is None:
        return {}
    allowed = budget.fail if budget.fail is not None else budget.warn or 0.0
    log_allowed = -math.log1p(-min(allowed, 0.99)) if budget.metric.at_least else np.log1p(allowed)
    se, tests = np.array(evidence.se), len(family.p)
    least = smallest_found(se, evidence.df, tests, log_allowed, family.level)
    low, high = sorted(_share(evidence, budget, each) for each in bounds(evidence))
    return {"low": low, "high": high, "detectable": _share(evidence, budget, float(least))}


def _share(evidence: Evidence, budget: Budget, effect: float) -> float:
    """As a share of the baseline's value; more is above 0."""
    if evidence.se is None:
        return effect
    return math.expm1(-effect if budget.metric.at_least else min(effect, 50.0))


def _capped(change: Change, question: Question, time: str, *, alien: bool) -> Change:
    """A regression that is accepted or waived, or may be the machine's, warns.

    What may be the machine's is not decided: with ``missing: fail`` it stays a failure, as what is
    less certain does.
    """
    if change.outcome is not Outcome.FAIL:
        return change
    if question.accepted is not None:
        reason = f"{change.reason}; accepted: {question.accepted}"
        return msgspec.structs.replace(change, outcome=Outcome.WARN, reason=reason, waived=True)
    for each in question.waivers:
        subject = change.subject
        right = each.endpoint == subject.name and each.metric in {None, change.metric.name}
        if right and subject.kind != "group" and time[:10] <= each.until:
            reason = f"waived by {each.owner} until {each.until}: {each.reason}"
            return msgspec.structs.replace(change, outcome=Outcome.WARN, reason=reason, waived=True)
    if alien and question.rule.missing != "fail":
        reason = f"{change.reason}; but no earlier run had this machine"
        return msgspec.structs.replace(change, outcome=Outcome.WARN, reason=reason)
    return change
