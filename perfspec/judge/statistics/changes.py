"""Where a history changed for good: only what came after the last change is a baseline.

Runs before an improvement would hide the regression that takes it back, and those before an
accepted slowdown would report it for ever. Splits are tried as in binary segmentation, each with a
two-sided t test as in Hunter (Fleming et al., ICPE 2023); as the best of many splits is looked at,
its p-value is multiplied by their number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from perfspec.judge.statistics.arrays import t_above

if TYPE_CHECKING:
    from perfspec.judge.statistics.arrays import Floats

FEWEST_BESIDE = 4  # runs on either side of a change
SURE = 0.001


def changes(values: Floats, least: float) -> tuple[int, ...]:
    """The index of the first run ``[n]`` after each change by more than ``least``, in order."""
    start = _split(values, least).place or _split_within(values, least)
    if not start:
        return ()
    before, after = changes(values[:start], least), changes(values[start:], least)
    return (*before, start, *(start + each for each in after))


def last_change(values: Floats, least: float) -> int:
    """The index of the first run ``[n]`` after the last change by more than ``least``.

    0 where there is none.
    """
    start = _split(values, least).place
    if not start:
        return 0
    later = last_change(values[start:], least)
    return start + later


class _Split(NamedTuple):
    """The first run behind the best place to split, 0 where no place is sure enough."""

    place: int
    p: float


def _split(values: Floats, least: float, windows: int = 1) -> _Split:
    """One split, as the best of all places in one of so many windows."""
    n = len(values)
    places = np.arange(FEWEST_BESIDE, n - FEWEST_BESIDE + 1)
    if not len(places):
        return _Split(0, 1.0)
    sums, squares = np.cumsum(values), np.cumsum(values**2)
    left, right = sums[places - 1] / places, (sums[-1] - sums[places - 1]) / (n - places)
    inner = squares[-1] - places * left**2 - (n - places) * right**2
    variance = np.maximum(inner, 1e-12) / (n - 2)
    t = np.abs(right - left) / np.sqrt(variance * (1 / places + 1 / (n - places)))
    best = int(np.argmax(t))
    p = 2 * float(t_above(t[best], n - 2)) * len(places) * windows
    sure = p < SURE and abs(right[best] - left[best]) > least
    return _Split(int(places[best]) if sure else 0, p)


def _split_within(values: Floats, least: float) -> int:
    """The surest split of windows that grow shorter: what comes and goes hides from a longer look.

    As in seeded binary segmentation (Kovács et al., Biometrika 2023); 0 where there is none.
    """
    n = length = len(values)
    while (length := length // 2) >= 2 * FEWEST_BESIDE:
        starts = sorted({*range(0, n - length, length // 2), n - length})
        found = [(_split(values[at : at + length], least, len(starts)), at) for at in starts]
        hits = [(split.p, at + split.place) for split, at in found if split.place]
        if hits:
            _, surest = min(hits)
            return int(surest)
    return 0
