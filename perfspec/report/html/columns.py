"""The time axis of charts: neighbouring windows merged until a page has room for them.

Merging adds histograms, so a percentile of a column is that of its samples and no average.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from perfspec.judge.select import grouped, merged
from perfspec.measure.model import Series, Window
from perfspec.plan.load import phases

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfspec.measure.model import TestResult
    from perfspec.plan.load import Span
    from perfspec.plan.model import Test


@dataclass(frozen=True, slots=True)
class Column:
    """Windows ``first`` to before ``last``, and the seconds of the test that they cover."""

    first: int
    last: int
    start_s: float
    end_s: float

    @property
    def seconds(self) -> float:
        return self.end_s - self.start_s


def columns(
    test: Test, result: TestResult, judged: Sequence[Span], most: int
) -> tuple[Column, ...]:
    """Some ``most`` columns over the measured seconds.

    None crosses the edge of a ramp, of a hold or of what was judged.
    """
    edges = result.edges
    windows = [index for index, start in enumerate(edges[:-1]) if start < result.measured_s]
    if not windows:
        return ()
    ends = {each.end_s for each in phases(test.stages)}
    ends |= {edge for each in judged for edge in (each.start_s, each.end_s)}
    size = -(-len(windows) // most)
    cuts = [0]
    for index in windows:
        full = index + 1 - cuts[-1] >= size
        if full or edges[index + 1] in ends or index == windows[-1]:
            cuts.append(index + 1)
    return tuple(
        Column(first, last, edges[first], min(edges[last], result.measured_s))
        for first, last in pairwise(cuts)
    )


def coarser(fine: Sequence[Column], most: int) -> tuple[Column, ...]:
    """Neighbouring columns as one, so that there are at most ``most``."""
    size = -(-len(fine) // most) or 1
    groups = [fine[at : at + size] for at in range(0, len(fine), size)]
    return tuple(
        Column(each[0].first, each[-1].last, each[0].start_s, each[-1].end_s) for each in groups
    )


def edges_of(axis: Sequence[Column]) -> tuple[float, ...]:
    """Where columns begin, and the end of the last one."""
    return (*(each.start_s for each in axis), *(each.end_s for each in axis[-1:]))


def in_columns(result: TestResult, axis: Sequence[Column]) -> TestResult:
    """The same requests in fewer windows: one for each column, numbered as the columns are.

    Health and journeys are left out: they go by the windows as they were.
    """
    target = {index: at for at, each in enumerate(axis) for index in range(each.first, each.last)}
    return msgspec.structs.replace(
        result,
        edges=edges_of(axis),
        series=[
            Series(key=each.key, windows=_regrouped(each.windows, target)) for each in result.series
        ],
        health=[],
        journeys=[],
    )


def added_up(
    windows: Sequence[Window], fine: Sequence[Column], of: Sequence[Column]
) -> list[Window]:
    """What was found in fine columns, added up to those that ``coarser`` made of them."""
    starts = [each.first for each in fine]
    cuts = [*(starts.index(each.first) for each in of), len(fine)]
    return [merged(windows[first:last]) for first, last in pairwise(cuts)]


def _regrouped(windows: Sequence[Window], target: Mapping[int, int]) -> list[Window]:
    found = grouped(windows, target)
    return [found[at] for at in sorted(found)]
