"""One limit on an analysis: what it looks at, what it finds, what that means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.judge.analyses.capacity import capacity, capacity_reading
from perfspec.judge.analyses.degradation import degradation
from perfspec.judge.analyses.growth import growth
from perfspec.judge.analyses.reading import Reading, decide_reading
from perfspec.judge.analyses.recovery import recovery
from perfspec.judge.interval import Interval
from perfspec.judge.model import Outcome
from perfspec.judge.slo import Decision, finding_of
from perfspec.units import format_share

if TYPE_CHECKING:
    from perfspec.judge.model import Finding
    from perfspec.measure.model import TestResult
    from perfspec.plan.limits import Objective
    from perfspec.plan.model import Test

OF_REAL_TIME = frozenset({"recovery", "degradation", "growth"})
"""Shortened tests are too short for these."""


def analyse(test: Test, result: TestResult, objective: Objective) -> Finding:
    """Compare a limit on an analysis with the whole test; ``cap`` is applied.

    Raises ValueError for a metric that is no analysis.
    """
    if test.time_scale < 1 and objective.metric.kind in OF_REAL_TIME:
        bound = objective.fail if objective.fail is not None else objective.warn
        reason = f"not judged at {format_share(test.time_scale)} of its time"
        decision = Decision(Outcome.SKIPPED, bound or 0.0, reason)
        return finding_of(objective, decision, None, Interval(None, None), 0)
    reading = _read(test, result, objective)
    decision = decide_reading(objective, reading)
    interval = Interval(reading.low, reading.high)
    return finding_of(objective, decision, reading.observed, interval, reading.samples)


def _read(test: Test, result: TestResult, objective: Objective) -> Reading:
    match objective.metric.kind:
        case "recovery":
            return recovery(test, result, objective.subject)
        case "growth":
            return growth(test, result, objective.subject)
        case "degradation":
            return degradation(test, result, objective.subject, objective.metric)
        case "capacity":
            return capacity_reading(capacity(test, result), result)
        case _:
            msg = f"{objective.metric.name} is no analysis"
            raise ValueError(msg)
