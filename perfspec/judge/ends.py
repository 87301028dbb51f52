"""The value of a limit of ``abort`` or ``stop_when``: of requests, journeys, or of a monitor."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from perfspec.judge.monitors import readings, statistic
from perfspec.judge.select import journeys_in, samples, with_times
from perfspec.measure.summary import count_of, journey_value, journeys_of, value_of
from perfspec.plan.limits import Subject

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfspec.measure.model import TestResult
    from perfspec.measure.monitored import Monitored
    from perfspec.plan.limits import AbortLimit
    from perfspec.plan.load import Span

TOTAL, JOURNEYS = Subject(kind="total"), Subject(kind="journeys")


class Seen(NamedTuple):
    """What a limit looks at: its samples, those that are ``failed`` requests, and its value."""

    n: int
    failed: int
    value: float | None


def seen_by(limit: AbortLimit, result: TestResult, span: Span) -> Seen:
    """Of everything in ``span``; the value in the metric's unit, None where nothing tells it."""
    metric, took_s = limit.metric, span.end_s - span.start_s
    if limit.series:
        values = series_values(limit.series, result.monitors, span)
        return Seen(len(values), 0, statistic(metric.name, values) if values else None)
    if metric.about_journeys:
        journeys = journeys_in(result, JOURNEYS, [span])
        return Seen(journeys_of(metric, journeys), 0, journey_value(metric, journeys, took_s))
    total = samples(with_times(result) if metric.about_times else result, TOTAL, [span])
    failed = sum(total.errors.values())
    return Seen(count_of(metric, total), failed, value_of(metric, total, took_s))


def series_values(name: str, monitors: Iterable[Monitored], span: Span) -> list[float]:
    """What was read of ``MONITOR.SERIES`` in ``span``."""
    return [
        value
        for monitor in monitors
        for series in monitor.series
        if f"{monitor.name}.{series.name}" == name
        for value in readings(series, [span])
        if value is not None
    ]
