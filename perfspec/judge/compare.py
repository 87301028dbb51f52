"""Budgets of one test against its baseline: what the runs before it say, and what that means."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from perfspec.judge.change import Case, changes_of
from perfspec.judge.evidence import gather
from perfspec.judge.model import Comparison, Outcome
from perfspec.judge.panel import panels, probe_of, wanted
from perfspec.judge.ruling import Ruling, is_gone
from perfspec.judge.runs import choose_runs, slow_host
from perfspec.judge.statistics.arrays import t_quantile
from perfspec.judge.statistics.decision import (
    ALPHA,
    CONFIDENCE,
    SHIFT_ALPHA,
    Family,
)
from perfspec.judge.statistics.history import FEWEST_ENDPOINTS, common_shift
from perfspec.units import counted, format_count, format_share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.baseline.archive import Past
    from perfspec.baseline.record import Record
    from perfspec.judge.change import Question
    from perfspec.judge.panel import Panel
    from perfspec.judge.runs import Chosen
    from perfspec.plan.budget import BaselineRule, Budget

FEWEST_FOR_SHIFT: Final = 3
ALPHA_OF_ONE_RUN: Final = 0.02  # simulated: up to 1.9 % (docs/gate.md)


@dataclass(frozen=True, slots=True)
class Shared:
    """What all endpoints share, as a share of the baseline, and whether the code is suspected."""

    probe: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    suspect: bool = False
    notes: tuple[str, ...] = ()


def compare_test(question: Question, head: Record, past: Past) -> Comparison:
    """One change for each budget, and what all endpoints share."""
    chosen = choose_runs(head, past, question.rule)
    found = list(panels(head, chosen.runs, wanted(question.budgets, head))) if chosen.runs else []
    evidence = gather(question.budgets, head, chosen.runs, found) if chosen.runs else {}
    busy = slow_host(head, chosen.runs)
    problem = question.problem or busy
    case = Case(
        evidence=evidence,
        family=Family.of(np.array([each.p for each in evidence.values()] or [1.0])),
        without=lambda budget: _without_evidence(budget, head, chosen, question.rule),
        time=head.time,
        problem=problem,
        alien=chosen.alien,
    )
    shared = _shared(head, chosen, found)
    return Comparison(
        runs=len(chosen.runs),
        first=chosen.runs[0].commit if chosen.runs else None,
        last=chosen.runs[-1].commit if chosen.runs else None,
        changes=changes_of(question, case),
        probe=shared.probe,
        shift=shared.ratio,
        shift_low=shared.low,
        shift_high=shared.high,
        suspect=shared.suspect and problem is None,
        busy=busy is not None,
        false_alarms=_false_alarms(chosen),
        notes=(*chosen.notes, *shared.notes),
    )


def _false_alarms(chosen: Chosen) -> float | None:
    if not chosen.runs:
        return None
    return ALPHA_OF_ONE_RUN if len(chosen.runs) == 1 else ALPHA


def _without_evidence(budget: Budget, head: Record, chosen: Chosen, rule_: BaselineRule) -> Ruling:
    if not chosen.runs:
        reason = "there is no comparable run to compare with yet"
        return Ruling(Outcome(rule_.missing), "no_baseline", reason)
    found = head.find(budget.subject)
    have = found.requests if found else 0
    past = (each.find(budget.subject) for each in chosen.runs)
    usual = min(each.requests if each else 0 for each in past)
    if budget.subject.kind != "total" and is_gone(have, usual):
        reason = f"no request of it, at least {format_count(usual)} in each run of the baseline"
        return Ruling(Outcome.INCONCLUSIVE, "undecided", reason)
    if budget.subject.kind != "total" and have < budget.min_samples:
        reason = f"{counted(have, 'request')}, {format_count(budget.min_samples)} are needed"
    else:
        reason = "the baseline has too few runs or requests of it"
    return Ruling(Outcome(rule_.missing), "undecided", reason)


def _shared(head: Record, chosen: Chosen, found: Sequence[Panel]) -> Shared:
    """By the first metric of the panel with the most endpoints."""
    probe = probe_of(head, chosen.runs)
    slower = math.expm1(probe.run - probe.history.mean()) if probe is not None else None
    panel = max(found, key=lambda each: len(each.asked), default=None)
    if panel is None or len(panel.asked) < FEWEST_ENDPOINTS:
        return Shared(probe=slower)
    start = panel.common_start(0)
    history = panel.history[start:]
    shift = common_shift(history, panel.run, panel.probe and panel.probe.since(start))
    effect, se, p = float(shift.effect[0]), float(shift.se[0]), float(shift.p[0])
    ratio = math.expm1(effect)
    if len(history) < FEWEST_FOR_SHIFT:
        return Shared(probe=slower, ratio=ratio)
    reach = float(t_quantile(CONFIDENCE, shift.df)) * se
    suspect = p < SHIFT_ALPHA and effect > 0 and not chosen.mixed
    notes = [_suspicion(ratio, slower)] if suspect else []
    return Shared(
        probe=slower,
        ratio=ratio,
        low=math.expm1(effect - reach),
        high=math.expm1(effect + reach),
        suspect=suspect,
        notes=tuple(notes),
    )


def _suspicion(ratio: float, probe: float | None) -> str:
    share = format_share(round(ratio, 3))
    if probe is None:
        return (
            f"All endpoints together are {share} slower than the baseline: the code or the host;"
            " run again, or compare both commits on one machine (perfspec duet)."
        )
    return (
        f"All endpoints together are {share} slower than the baseline, beyond what the calibration"
        " probe tells of the machine: this looks like the code, not the host."
    )
