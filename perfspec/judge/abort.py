"""Whether a limit of ``abort`` or ``stop_when`` ends a running test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.judge.bounds import beyond
from perfspec.judge.ends import series_values
from perfspec.judge.monitors import statistic
from perfspec.measure.collect import RECENT_TICKS
from perfspec.measure.model import AbortHit
from perfspec.measure.summary import count_of, journey_value, journeys_of, seconds_of, value_of
from perfspec.plan.load import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfspec.measure.collect import Collector
    from perfspec.plan.limits import AbortLimit

WINDOW_S = 10.0
LATE = 0.1  # ticks come once a second, some a little early
FEWEST = 50


def broken(limits: Iterable[AbortLimit], collector: Collector) -> AbortHit | None:
    """The first of the limits that the last 10 s broke.

    There must be at least 50 requests in them, or 50 journeys where the limit is on these; of a
    monitor one reading is enough. The ten last ticks are what is looked at: whatever came in with
    them, whenever it was sent.
    """
    ticks = collector.recent
    if len(ticks) < RECENT_TICKS:
        return None
    covered = seconds_of(ticks)
    if covered < WINDOW_S * (1 - LATE):
        return None
    recent = _Recent(collector, covered)
    for each in limits:
        n, observed = recent.value(each)
        if observed is not None and beyond(each.metric, observed, each.limit):
            return AbortHit(
                origin=each.origin,
                metric=each.what,
                limit=each.limit,
                observed=observed,
                requests=n,
                at_s=collector.at_s,
            )
    return None


class _Recent:
    """What came in with the last ticks, of ``covered`` seconds."""

    def __init__(self, collector: Collector, covered: float) -> None:
        self._collector = collector
        self._covered = covered
        self._total = collector.recent_total()
        self._journeys = collector.recent_journeys()

    def value(self, limit: AbortLimit) -> tuple[int, float | None]:
        """How many samples there are, and what they make; None where they are too few."""
        if limit.series:
            values = self._readings(limit.series)
            return len(values), statistic(limit.metric.name, values) if values else None
        if limit.metric.about_journeys:
            n = journeys_of(limit.metric, self._journeys)
            value = journey_value(limit.metric, self._journeys, self._covered)
        else:
            n = count_of(limit.metric, self._total)
            value = value_of(limit.metric, self._total, self._covered)
        return n, value if n >= FEWEST else None

    def _readings(self, series: str) -> list[float]:
        at_s = self._collector.at_s
        span = Span(start_s=at_s - WINDOW_S, end_s=at_s)
        return series_values(series, self._collector.watch(span), span)
