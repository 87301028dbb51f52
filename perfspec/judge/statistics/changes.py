"""Where a history changed for good: only what came after the last change is a baseline.

Runs before an improvement would hide the regression that takes it back, and those before an
accepted slowdown would report it for ever. Splits are tried as in binary segmentation, each with a
two-sided t test as in Hunter (Fleming et al., ICPE 2023); as the best of many splits is looked at,
its p-value is multiplied by their number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perfspec.judge.statistics.arrays import t_above

if TYPE_CHECKING:
    from perfspec.judge.statistics.arrays import Floats

FEWEST_BESIDE = 4  # runs on either side of a change
SURE = 0.001


def last_change(values: Floats, least: float) -> int:
    """The index of the first run ``[n]`` after the last change by more than ``least``.

    0 where there is none.
    """
    start = _split(values, least)
    if not start:
        return 0
    later = last_change(values[start:], least)
    return start + later


def _split(values: Floats, least: float) -> int:
    n = len(values)
    places = np.arange(FEWEST_BESIDE, n - FEWEST_BESIDE + 1)
    if not len(places):
        return 0
    sums, squares = np.cumsum(values), np.cumsum(values**2)
    left, right = sums[places - 1] / places, (sums[-1] - sums[places - 1]) / (n - places)
    inner = squares[-1] - places * left**2 - (n - places) * right**2
    variance = np.maximum(inner, 1e-12) / (n - 2)
    t = np.abs(right - left) / np.sqrt(variance * (1 / places + 1 / (n - places)))
    best = int(np.argmax(t))
    p = 2 * float(t_above(t[best], n - 2)) * len(places)
    return int(places[best]) if p < SURE and abs(right[best] - left[best]) > least else 0
