"""When each journey of the open model starts, and whose it is: the same for any number of workers.

Arrivals are those of a unit rate on a clock that runs as fast as the load curve is high (time
change of a point process; Çinlar, Introduction to Stochastic Processes, 1975, chapter 4): at equal
distances they follow any curve evenly, with exponential ones they are a Poisson process.
"""

from __future__ import annotations

from bisect import bisect
from itertools import accumulate, islice
from math import sqrt
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from perfspec.plan.shares import persona_shares

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfspec.plan.journey import Persona
    from perfspec.plan.load import Phase, Spacing, Stage

_GOLDEN = (sqrt(5) - 1) / 2
_CLOSE = 1e-9  # of an arrival: what rounding leaves at the end of a phase


class Arrival(NamedTuple):
    """A journey that is to start, in seconds of the test's own clock."""

    at_s: float
    persona: str


def arrivals(
    phases: Sequence[Phase],
    stages: Sequence[Stage],
    personas: Sequence[Persona],
    seed: str,
    *,
    worker: int = 0,
    workers: int = 1,
) -> Iterator[Arrival]:
    """What one worker (from 0) of several starts, in order: every ``workers``-th of all arrivals.

    The levels of ``phases`` are arrivals a second.
    """
    shares = persona_shares(personas)
    names, bounds = list(shares), list(accumulate(shares.values()))
    times = enumerate(arrival_times(phases, stages, seed))
    for number, at_s in islice(times, worker, None, workers):
        yield Arrival(at_s, names[min(bisect(bounds, _spread(number)), len(names) - 1)])


def arrival_times(phases: Sequence[Phase], stages: Sequence[Stage], seed: str) -> Iterator[float]:
    """Seconds in rising order; the same seed draws the same ones."""
    rng = Random(f"{seed}/arrivals")  # noqa: S311  (repeatable on purpose)
    left: float | None = None  # until the next arrival, in arrivals
    for phase in phases:
        spacing = stages[phase.stage].spacing
        done, whole = 0.0, (phase.level_from + phase.level_to) / 2 * (phase.end_s - phase.start_s)
        left = _first(spacing, rng) if left is None else left
        while done + left < whole - _CLOSE:
            done += left
            yield phase.start_s + _seconds(phase, done)
            left = 1.0 if spacing == "even" else rng.expovariate(1.0)
        left = max(left - (whole - done), 0.0)


def _first(spacing: Spacing, rng: Random) -> float:
    """Even arrivals stand in the middle of their share of time: 10/s for 1 s are ten."""
    return 0.5 if spacing == "even" else rng.expovariate(1.0)


def _seconds(phase: Phase, done: float) -> float:
    """When so many arrivals of a phase are there; the level between its ends is a straight line."""
    if done == 0:
        return 0.0
    first = phase.level_from
    slope = (phase.level_to - first) / (phase.end_s - phase.start_s)
    return 2 * done / (first + sqrt(max(first * first + 2 * slope * done, 0.0)))


def _spread(number: int) -> float:
    """A sequence that fills 0 to 1 evenly, also every n-th of it (Weyl; the golden ratio).

    So personas get their shares with less than chance would deviate, in each worker alike.
    """
    return number * _GOLDEN % 1.0
