"""How latencies are spread: a histogram, a percentile curve, and a heat map over time.

Bins grow by a fixed factor, so that 1 ms and 10 s fit on one axis; the histograms' own buckets
(0.8 % wide) are added up into them by their middle.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from perfspec.judge.select import samples
from perfspec.measure.histogram import bounds
from perfspec.plan.base import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.measure.histogram import Histogram
    from perfspec.measure.model import TestResult, Window
    from perfspec.plan.limits import Subject
    from perfspec.plan.load import Span

BINS_OF_A_DOUBLING = 8
HEAT_BINS_OF_A_DOUBLING = 4
LEVELS_OF_A_DECADE = 12


class Distribution(Value, frozen=True, kw_only=True):
    """The judged seconds. ``edges`` (ms) have one entry more than ``counts``.

    ``curve`` are pairs of 1 / (1 - q) and the latency (ms) that the share q does not exceed.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    curve: tuple[tuple[float, float], ...]


class Heat(Value, frozen=True, kw_only=True):
    """Counts by column of time and bin of latency. ``edges`` (ms) are those of all bins.

    A cell's row is the index of its first bin, then counts; an empty row is a column without
    samples.
    """

    edges: tuple[float, ...]
    cells: tuple[tuple[int, ...], ...]


def distribution_of(
    result: TestResult, subject: Subject, judged: Sequence[Span]
) -> Distribution | None:
    """None without samples in the judged seconds."""
    latency = samples(result, subject, judged).latency
    if not latency.count:
        return None
    bins = _binned(latency, BINS_OF_A_DOUBLING)
    first, last = min(bins), max(bins)
    return Distribution(
        edges=_edges(first, last, BINS_OF_A_DOUBLING),
        counts=tuple(bins[each] for each in range(first, last + 1)),
        curve=_curve(latency),
    )


def heat_of(windows: Sequence[Window]) -> Heat | None:
    """None without samples."""
    columns = [_binned(each.latency, HEAT_BINS_OF_A_DOUBLING) for each in windows]
    used = [bin_ for each in columns for bin_ in each]
    if not used:
        return None
    lowest = min(used)
    return Heat(
        edges=_edges(lowest, max(used), HEAT_BINS_OF_A_DOUBLING),
        cells=tuple(_cells(each, lowest) for each in columns),
    )


def _cells(bins: Counter[int], lowest: int) -> tuple[int, ...]:
    if not bins:
        return ()
    first = min(bins)
    return (first - lowest, *(bins[each] for each in range(first, max(bins) + 1)))


def _binned(latency: Histogram, of_a_doubling: int) -> Counter[int]:
    bins: Counter[int] = Counter()
    for bucket, n in latency:
        middle_us = max(sum(bounds(bucket)) / 2, 1)
        bins[math.floor(math.log2(middle_us) * of_a_doubling)] += n
    return bins


def _edges(first: int, last: int, of_a_doubling: int) -> tuple[float, ...]:
    us = (2 ** (each / of_a_doubling) for each in range(first, last + 2))
    return tuple(float(f"{each / 1000:.4g}") for each in us)


def _curve(latency: Histogram) -> tuple[tuple[float, float], ...]:
    points = []
    step = 0
    while (odds := 10 ** (step / LEVELS_OF_A_DECADE)) <= latency.count:
        value = latency.quantile(1 - 1 / odds)
        if value is not None:
            points.append((float(f"{odds:.4g}"), float(f"{value * 1000:.4g}")))
        step += 1
    points.append((float(latency.count), float(f"{latency.max_us / 1000:.4g}")))
    return tuple(points)
