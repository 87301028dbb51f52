"""A robust trend: by which share of its start a series has changed over a time.

The slope is the median of the slopes between all pairs of points (Theil 1950; Sen, JASA 63, 1968),
so up to 29 % of the points may be anything without moving it far. Its 95 % interval is Sen's, by
the normal approximation of Kendall's statistic. The start is the line's value at the first second,
with the median residual as intercept, and so no single point either.

Points that depend on each other (a queue that fills) make the interval too short. Long series are
therefore cut into at most 60 blocks of time, each with its median: neighbours in time share one.
"""

from __future__ import annotations

import math
from itertools import combinations
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.plan.load import Span

FEWEST_POINTS, MOST_POINTS = 8, 60
_Z = 1.959963984540054  # of a 95 % interval


class Trend(NamedTuple):
    """``start`` in the unit of the series; ``change``, ``low``, ``high`` as shares of it."""

    start: float
    change: float
    low: float
    high: float
    points: int


def trend(seconds: Sequence[float], values: Sequence[float | None], span: Span) -> Trend | None:
    """The trend of ``values`` (None where one is missing) at ``seconds``, over ``span``.

    Points outside of the span do not count. None where fewer than 8 points are left, where they are
    all of one time, or where the series does not start above 0: then nothing is a share of it.
    """
    points = _condensed(
        [
            (at, value)
            for at, value in zip(seconds, values, strict=True)
            if value is not None and span.start_s <= at <= span.end_s
        ],
        span,
    )
    slopes = sorted(
        (later - earlier) / (end - begin)
        for (begin, earlier), (end, later) in combinations(points, 2)
        if end > begin
    )
    if len(points) < FEWEST_POINTS or not slopes:
        return None
    slope = median(slopes)
    start = median(value - slope * (at - span.start_s) for at, value in points)
    if start <= 0:
        return None
    length = span.end_s - span.start_s
    low, high = _interval(slopes, len(points))
    return Trend(
        start, slope * length / start, low * length / start, high * length / start, len(points)
    )


def _interval(slopes: Sequence[float], n: int) -> tuple[float, float]:
    """Slopes of the ranks that Kendall's statistic leaves open."""
    spread = _Z * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    count = len(slopes)
    low = max(0, math.floor((count - spread) / 2))
    high = min(count - 1, math.ceil((count + spread) / 2))
    return slopes[low], slopes[high]


def _condensed(points: Sequence[tuple[float, float]], span: Span) -> list[tuple[float, float]]:
    """At most 60 points: medians of blocks of the same length."""
    if len(points) <= MOST_POINTS:
        return list(points)
    length = (span.end_s - span.start_s) / MOST_POINTS
    blocks: dict[int, list[tuple[float, float]]] = {}
    for at, value in points:
        block = min(int((at - span.start_s) / length), MOST_POINTS - 1)
        blocks.setdefault(block, []).append((at, value))
    return [
        (median(at for at, _ in block), median(value for _, value in block))
        for _, block in sorted(blocks.items())
    ]
