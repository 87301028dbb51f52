"""The value of a limit of ``abort`` or ``stop_when``: of requests, or of what a monitor read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.judge.monitors import readings, statistic
from perfspec.measure.summary import value_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfspec.measure.model import Window
    from perfspec.measure.monitored import Monitored
    from perfspec.plan.limits import AbortLimit
    from perfspec.plan.load import Span


def end_value(
    limit: AbortLimit, total: Window, monitors: Iterable[Monitored], span: Span
) -> float | None:
    """In the metric's unit, None where nothing tells it. ``total`` are all requests of ``span``."""
    if not limit.series:
        return value_of(limit.metric, total, span.end_s - span.start_s)
    values = series_values(limit.series, monitors, span)
    return statistic(limit.metric.name, values) if values else None


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
