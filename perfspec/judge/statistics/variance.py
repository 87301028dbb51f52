"""Variances of many series from a few runs: each is drawn towards what all of them have in common.

The moderated variance of Smyth (Statistical Applications in Genetics and Molecular Biology 3, 2004;
limma): variances are taken for draws from a scaled inverse chi-square distribution, whose scale and
degrees of freedom are fitted to the moments of their logarithms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import digamma, polygamma

if TYPE_CHECKING:
    from perfspec.judge.statistics.arrays import Floats

SMALLEST = 1e-10
ALIKE = 1e-4  # spread of log variances below which they do not differ
NEWTON_STEPS = 40


class Moderated(NamedTuple):
    """``[E, M]`` variances with the degrees of freedom that they are worth together."""

    variances: Floats
    df: float


def moderate(variances: Floats, df: float, most: float) -> Moderated:
    """Moderate ``[E, M]`` sample variances that have ``df`` degrees of freedom each.

    The prior's scale is that of each metric, its degrees of freedom those of all metrics together,
    at most ``most``. With ``most`` 0 (a single endpoint) nothing is borrowed.
    """
    if most <= 0:
        return Moderated(variances, df)
    logs = np.log(np.maximum(variances, SMALLEST)) - digamma(df / 2) + np.log(df / 2)
    centre = logs.mean(axis=0)
    freedom = max(variances.shape[1] * (variances.shape[0] - 1), 1)
    spread = float(((logs - centre) ** 2).sum() / freedom - polygamma(1, df / 2))
    prior = min(2 * trigamma_inverse(spread), most) if spread > ALIKE else most
    scale = np.exp(centre + digamma(prior / 2) - np.log(prior / 2))
    return Moderated((prior * scale + df * variances) / (prior + df), prior + df)


def trigamma_inverse(value: float) -> float:
    """The x above 0 whose trigamma is ``value``; Newton on 1/trigamma, as in Smyth's appendix."""
    x = 0.5 + 1 / value
    for _ in range(NEWTON_STEPS):
        trigamma = float(polygamma(1, x))
        step = trigamma * (1 - trigamma / value) / float(polygamma(2, x))
        x += step
        if abs(step) < 1e-10 * x:
            break
    return x
