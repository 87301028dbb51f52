"""Whether a limit of ``abort`` or ``stop_when`` ends a running test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.judge.bounds import beyond
from perfspec.measure.collect import RECENT_TICKS
from perfspec.measure.model import AbortHit
from perfspec.measure.summary import journey_value, journeys_of, seconds_of, value_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfspec.measure.collect import Collector
    from perfspec.plan.limits import AbortLimit

WINDOW_S = 10.0
LATE = 0.1  # ticks come once a second, some a little early
FEWEST = 50


def broken(limits: Iterable[AbortLimit], collector: Collector) -> AbortHit | None:
    """The first of the limits that the last 10 s broke.

    There must be at least 50 requests in them, or 50 journeys where the limit is on these. The ten
    last ticks are what is looked at: whatever came in with them, whenever it was sent.
    """
    ticks = collector.recent
    if len(ticks) < RECENT_TICKS:
        return None
    covered = seconds_of(ticks)
    if covered < WINDOW_S * (1 - LATE):
        return None
    total, journeys = collector.recent_total(), collector.recent_journeys()
    for each in limits:
        if each.metric.about_journeys:
            n, observed = (
                journeys_of(each.metric, journeys),
                journey_value(each.metric, journeys, covered),
            )
        else:
            n, observed = total.count, value_of(each.metric, total, covered)
        if n >= FEWEST and observed is not None and beyond(each.metric, observed, each.limit):
            return AbortHit(
                origin=each.origin,
                metric=each.metric.name,
                limit=each.limit,
                observed=observed,
                requests=n,
                at_s=collector.at_s,
            )
    return None
