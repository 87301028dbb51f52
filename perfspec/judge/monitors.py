"""Limits on series of monitors: facts of the run, if enough of the readings were successful.

A series of which nothing could be read is an error, and one with too many gaps decides nothing:
what was not seen may have been the worst of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from perfspec.judge.bounds import beyond
from perfspec.judge.model import Finding, Outcome
from perfspec.judge.select import measured, seconds
from perfspec.plan.load import Span, judged, phases
from perfspec.units import counted, format_duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.measure.model import TestResult
    from perfspec.measure.monitored import Monitored, SampledSeries
    from perfspec.plan.limits import During, Objective
    from perfspec.plan.model import Test

MOST_MISSING = 0.2  # of the readings in the judged seconds


@dataclass(frozen=True, slots=True)
class Ruling:
    """What became of one limit; ``observed`` is None where nothing was read."""

    outcome: Outcome
    reason: str
    observed: float | None = None
    samples: int = 0
    limit: float | None = None


def judge_monitor(test: Test, result: TestResult, objective: Objective) -> Finding:
    """Compare a limit on one series with what was read in the judged seconds.

    Raises ValueError for an objective that states no limit.
    """
    bound = objective.fail if objective.fail is not None else objective.warn
    if bound is None:
        msg = f"{objective.origin} states no limit"
        raise ValueError(msg)
    ruling = _rule(test, result, objective)
    return Finding(
        objective=objective.id,
        subject=objective.subject,
        metric=objective.metric,
        outcome=ruling.outcome,
        limit=bound if ruling.limit is None else ruling.limit,
        warn=objective.warn,
        fail=objective.fail,
        observed=ruling.observed,
        samples=ruling.samples,
        reason=ruling.reason,
        place=objective.place,
        origin=objective.origin,
        requirement=objective.requirement,
    )


def monitored_spans(test: Test, during: During) -> tuple[Span, ...]:
    """The judged seconds, and with ``hold`` every hold after the highest level too."""
    spans = judged(test.stages, during, test.warm_up_s)
    if during != "hold" or not spans:
        return spans
    after = (each for each in phases(test.stages) if each.start_s >= spans[-1].end_s)
    later = (Span(start_s=p.start_s, end_s=p.end_s) for p in after if p.kind == "hold")
    return (*spans, *later)


def readings(series: SampledSeries, spans: Sequence[Span]) -> list[float | None]:
    """The readings in some seconds, None for one that failed."""
    return [
        value
        for at_s, value in zip(series.at_s, series.values, strict=True)
        if any(span.start_s <= at_s < span.end_s for span in spans)
    ]


def statistic(name: str, values: Sequence[float]) -> float:
    """``mean``, ``max``, ``min`` or a percentile (nearest rank) of at least one value."""
    match name:
        case "mean":
            return fmean(values)
        case "max":
            return max(values)
        case "min":
            return min(values)
        case _:
            rank = math.ceil(int(name.removeprefix("p")) / 100 * len(values))
            return sorted(values)[max(rank, 1) - 1]


def _rule(test: Test, result: TestResult, objective: Objective) -> Ruling:
    monitor_name, _, series_name = objective.subject.name.partition(".")
    monitor = next((each for each in result.monitors if each.name == monitor_name), None)
    if monitor is not None and monitor.absent is not None:
        skipped = objective.if_absent == "skip"
        outcome = Outcome.SKIPPED if skipped else Outcome.INCONCLUSIVE
        return Ruling(outcome, f"nothing to read: {monitor.absent}")
    if objective.within_s is not None and test.time_scale < 1:
        return Ruling(Outcome.SKIPPED, "a reaction in time is not judged in a shortened test")
    series = None
    if monitor is not None:
        series = next((each for each in monitor.series if each.name == series_name), None)
    if monitor is None or series is None:
        return Ruling(Outcome.INCONCLUSIVE, "there is no such series in this environment")
    spans = _spans(test, objective)
    return _compare(objective, monitor, readings(series, measured(result, spans)), spans, result)


def _spans(test: Test, objective: Objective) -> tuple[Span, ...]:
    if objective.within_s is None:
        return monitored_spans(test, objective.during)
    start_s = _highest_ramp_s(test)
    return (Span(start_s=start_s, end_s=start_s + objective.within_s),)


def _highest_ramp_s(test: Test) -> float:
    """When the change to the highest level began."""
    holds = judged(test.stages, "hold", 0.0)
    top = next(each for each in phases(test.stages) if each.end_s == holds[-1].end_s)
    return min(each.start_s for each in phases(test.stages) if each.stage == top.stage)


def _compare(
    objective: Objective,
    monitor: Monitored,
    found: Sequence[float | None],
    spans: Sequence[Span],
    result: TestResult,
) -> Ruling:
    values = [each for each in found if each is not None]
    whole = sum(int(seconds([each]) / monitor.every_s) for each in measured(result, spans))
    expected = max(len(found), whole)
    why = f": {monitor.problems[0]}" if monitor.problems else ""
    if not expected:
        every = format_duration(monitor.every_s)
        reason = f"no reading fell into the judged seconds (every {every}): read more often"
        return Ruling(Outcome.INCONCLUSIVE, reason)
    if not values:
        return Ruling(Outcome.ERROR, f"it could not be read{why}")
    observed, n = statistic(objective.metric.name, values), len(values)
    if expected - n > MOST_MISSING * expected:
        reason = f"{expected - n} of {counted(expected, 'reading')} are missing{why}"
        return Ruling(Outcome.INCONCLUSIVE, reason, observed, n)
    for limit, outcome in ((objective.fail, Outcome.FAIL), (objective.warn, Outcome.WARN)):
        if limit is not None and beyond(objective.metric, observed, limit):
            what = "the limit" if outcome is Outcome.FAIL else "the level that warns"
            return Ruling(outcome, _said(objective, f"beyond {what}"), observed, n, limit)
    return Ruling(Outcome.PASS, _said(objective, "within the limit"), observed, n)


def _said(objective: Objective, text: str) -> str:
    if objective.within_s is None:
        return text
    return f"{text} {format_duration(objective.within_s)} after the last ramp up began"
