"""The time axis of charts: neighbouring windows merged until a page has room for them.

Merging adds histograms, so a percentile of a column is that of its samples and no average.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from perfspec.judge.select import gathered, merged
from perfspec.measure.model import Window
from perfspec.plan.load import phases

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.measure.model import TestResult
    from perfspec.plan.limits import Subject
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


def columns(test: Test, result: TestResult, most: int) -> tuple[Column, ...]:
    """Some ``most`` columns over the measured seconds; none crosses the edge of a ramp or hold."""
    edges = result.edges
    windows = [index for index, start in enumerate(edges[:-1]) if start < result.measured_s]
    if not windows:
        return ()
    ends = {round(each.end_s, 6) for each in phases(test.stages)}
    size = -(-len(windows) // most)
    cuts = [0]
    for index in windows:
        if index + 1 - cuts[-1] >= size or edges[index + 1] in ends:
            cuts.append(index + 1)
    if cuts[-1] != windows[-1] + 1:
        cuts.append(windows[-1] + 1)
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


def by_column(result: TestResult, subject: Subject, of: Sequence[Column]) -> list[Window]:
    """What the subject did in each column."""
    target = {index: at for at, each in enumerate(of) for index in range(each.first, each.last)}
    found = gathered(result, subject, target)
    return [found.get(at) or Window(index=at) for at in range(len(of))]


def added_up(
    windows: Sequence[Window], fine: Sequence[Column], of: Sequence[Column]
) -> list[Window]:
    """What was found in fine columns, added up to those that ``coarser`` made of them."""
    starts = [each.first for each in fine]
    cuts = [*(starts.index(each.first) for each in of), len(fine)]
    return [merged(windows[first:last]) for first, last in pairwise(cuts)]
