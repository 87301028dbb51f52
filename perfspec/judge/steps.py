"""Where the latency of a test changed for good: the steps in its history, and its level between.

The same test as that which cuts a baseline (``statistics.changes``) looks at every run. What all
endpoints share is a step of all of them, and is taken out of each before its own are looked for:
another machine moves all, a change of code mostly one. Runs of another fingerprint measured
something else, so no step is looked for across them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from perfspec.judge.panel import USUAL_CHANGE
from perfspec.judge.points import LATENCIES, TOTAL
from perfspec.judge.statistics.arrays import median_of_others
from perfspec.judge.statistics.changes import FEWEST_BESIDE, changes
from perfspec.judge.statistics.history import FEWEST_ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfspec.judge.points import Point
    from perfspec.judge.statistics.arrays import Floats
    from perfspec.plan.limits import Subject

DRAWN: Final = "p95"
FEWEST_RUNS: Final = 2 * FEWEST_BESIDE  # for a step


@dataclass(frozen=True, slots=True)
class Moved:
    """By how much one latency changed, as a share of what it was; and its levels in seconds."""

    metric: str
    change: float
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Step:
    """A change for good. ``at`` is the first run after it, ``subject`` whose latency it is.

    That of all endpoints together is ``TOTAL``. From the change of one endpoint what all share is
    taken off, so it is not always ``after`` / ``before``. The largest of ``moved`` comes first.
    """

    at: int
    subject: Subject
    moved: tuple[Moved, ...]


def segments(points: Sequence[Point]) -> tuple[tuple[int, int], ...]:
    """Spans of neighbouring runs of one fingerprint: the first, and the one after the last."""
    found, start = [], 0
    for _, group in groupby(points, key=lambda each: each.fingerprint):
        length = sum(1 for _ in group)
        found.append((start, start + length))
        start += length
    return tuple(found)


def steps(points: Sequence[Point]) -> tuple[Step, ...]:
    """All steps of one test in one environment, whose runs are in the order of time."""
    found = (each for first, last in segments(points) for each in _steps(points, first, last))
    return tuple(sorted(found, key=lambda each: each.at))


def levels(
    points: Sequence[Point], found: Sequence[Step], subject: Subject
) -> tuple[float | None, ...]:
    """For each run the geometric mean of p95 between the steps around it; None without requests.

    Steps of all endpoints together bound the level of each, and any step that of all requests.
    """
    own = {each.at for each in found if TOTAL in {each.subject, subject} or each.subject == subject}
    cuts = sorted({0, len(points), *own, *(first for first, _ in segments(points))})
    values = _latencies(points, subject, DRAWN)
    level: list[float | None] = []
    for start, end in pairwise(cuts):
        mean = _level(values[start:end])
        level += [None if math.isnan(mean) else mean] * (end - start)
    return tuple(level)


def _steps(points: Sequence[Point], first: int, last: int) -> Iterator[Step]:
    part = points[first:last]
    wanted = [each for each in part[0].numbers if each != TOTAL]
    whole = [each for each in wanted if all(point.of(each).latency for point in part)]
    places: dict[Subject, dict[int, list[Moved]]] = {}
    for metric in LATENCIES:
        values = np.array([_latencies(part, each, metric) for each in whole])
        for subject, own in _deviations(whole, values):
            shown = _latencies(part, subject, metric)
            for at, moved in _moved(metric, own, shown):
                _beside(places.setdefault(subject, {}), at).append(moved)
    for subject, by_place in places.items():
        for at, moved_here in by_place.items():
            largest_first = sorted(moved_here, key=lambda each: -abs(each.change))
            yield Step(first + at, subject, tuple(largest_first))


def _deviations(subjects: Sequence[Subject], values: Floats) -> Iterator[tuple[Subject, Floats]]:
    """Of ``[E, n]`` logarithms: what all share, then what each has for itself."""
    if not len(values):
        return
    moved = values - values.mean(axis=1, keepdims=True)
    if len(subjects) >= FEWEST_ENDPOINTS:
        yield TOTAL, np.median(moved, axis=0)
        moved = moved - median_of_others(moved)
    yield from zip(subjects, moved, strict=True)


def _moved(metric: str, own: Floats, shown: Floats) -> Iterator[tuple[int, Moved]]:
    cuts = _cuts(own, shown)
    for start, at, end in zip(cuts, cuts[1:], cuts[2:], strict=False):
        change = math.expm1(float(own[at:end].mean() - own[start:at].mean()))
        before, after = _level(shown[start:at]), _level(shown[at:end])
        yield at, Moved(metric, change, before, after)


def _cuts(own: Floats, shown: Floats) -> tuple[int, ...]:
    """Places where both stepped alike; the ends are cuts too.

    Where few endpoints share something, the step of one is a step back in what is left of others,
    whose latency itself kept its level.
    """
    cuts = (0, *changes(own, USUAL_CHANGE), len(own))
    kept = []
    for start, at, end in zip(cuts, cuts[1:], cuts[2:], strict=False):
        mine = own[at:end].mean() - own[start:at].mean()
        seen = shown[at:end].mean() - shown[start:at].mean()
        if mine * seen > 0 and abs(seen) > USUAL_CHANGE:
            kept.append(at)
    return (0, *kept, len(own))


def _beside(places: dict[int, list[Moved]], at: int) -> list[Moved]:
    """The step that another latency of the subject took within the same few runs, or a new one."""
    near = (each for each in places if abs(each - at) < FEWEST_BESIDE)
    return places.setdefault(next(near, at), [])


def _latencies(points: Sequence[Point], subject: Subject, metric: str) -> Floats:
    """Logarithms of seconds, NaN without requests; a microsecond is the least told apart."""
    seconds = (each.of(subject).latency.get(metric) for each in points)
    return np.array([math.nan if each is None else math.log(max(each, 1e-6)) for each in seconds])


def _level(logarithms: Floats) -> float:
    known = logarithms[~np.isnan(logarithms)]
    return math.exp(float(known.mean())) if len(known) else math.nan
