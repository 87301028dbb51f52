"""What the arithmetic of the gate is made of: Student's t and medians without one."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

Floats: TypeAlias = NDArray[np.float64]


def t_above(t: Floats, df: Floats | float) -> Floats:
    """The chance of a larger t: the one-sided p-value."""
    return stdtr(df, -t)


def t_quantile(share: float, df: Floats | float) -> Floats:
    """The t that this share of draws does not exceed."""
    return np.asarray(stdtrit(df, share))


def median_of_others(values: Floats) -> Floats:
    """For each entry of the second last axis the median of the others on it (at least one).

    ``[..., E, M]`` in and out. One sort serves all of them: taking an entry out moves those above
    it down by one.
    """
    axis, count = -2, values.shape[-2]
    ordered = np.sort(values, axis=axis)
    rank = np.argsort(np.argsort(values, axis=axis, kind="stable"), axis=axis)

    def others(index: int) -> Floats:
        low = np.take(ordered, [index], axis=axis)
        high = np.take(ordered, [index + 1], axis=axis)
        return np.where(index < rank, low, high)

    middle = (count - 1) // 2
    if count % 2 == 0:
        return others(middle)
    return (others(middle - 1) + others(middle)) / 2
