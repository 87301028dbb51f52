"""Many tests at once: p-values adjusted for how many there are.

Holm (Scandinavian Journal of Statistics 6, 1979) bounds the chance of a single false alarm in the
whole family, whatever the tests have in common. Benjamini and Hochberg (JRSS B 57, 1995) bound the
share of false ones among those that are reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perfspec.judge.statistics.arrays import Floats


def holm(p: Floats) -> Floats:
    """Family-wise adjusted p-values, ``[m]`` in and out."""
    order = np.argsort(p, kind="stable")
    factors = np.arange(len(p), 0, -1)
    return _back(order, np.maximum.accumulate(np.minimum(1.0, factors * p[order])))


def benjamini_hochberg(p: Floats) -> Floats:
    """False discovery rates, ``[m]`` in and out."""
    order = np.argsort(p, kind="stable")[::-1]
    factors = len(p) / np.arange(len(p), 0, -1)
    return _back(order, np.minimum.accumulate(np.minimum(1.0, factors * p[order])))


def _back(order: NDArray[np.intp], values: Floats) -> Floats:
    found = np.empty_like(values)
    found[order] = values
    return found
