"""Whether a limit of ``abort`` or ``stop_when`` ends a running test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.judge.slo import beyond
from perfspec.measure.collect import RECENT_TICKS
from perfspec.measure.model import AbortHit
from perfspec.measure.summary import seconds_of, value_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfspec.measure.collect import Collector
    from perfspec.plan.limits import AbortLimit

WINDOW_S = 10.0
LATE = 0.1  # ticks come once a second, some a little early
FEWEST_REQUESTS = 50


def broken(limits: Iterable[AbortLimit], collector: Collector) -> AbortHit | None:
    """The first of the limits that the last 10 s broke, with at least 50 requests in them.

    The ten last ticks are what is looked at: whatever came in with them, whenever it was sent.
    """
    ticks = collector.recent
    if len(ticks) < RECENT_TICKS:
        return None
    covered = seconds_of(ticks)
    if covered < WINDOW_S * (1 - LATE):
        return None
    total = collector.recent_total()
    if total.count < FEWEST_REQUESTS:
        return None
    for each in limits:
        observed = value_of(each.metric, total, covered)
        if observed is not None and beyond(each.metric, observed, each.limit):
            return AbortHit(
                origin=each.origin,
                metric=each.metric.name,
                limit=each.limit,
                observed=observed,
                requests=total.count,
                at_s=collector.at_s,
            )
    return None
