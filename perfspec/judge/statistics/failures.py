"""Did more requests fail than before? Counts that vary from run to run more than chance has it.

The chance of a count at least this high is that of a negative binomial distribution: a Poisson
count whose rate is itself uncertain (few failures were seen) and varies between runs. How much it
varies is estimated over all endpoints together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betainc

if TYPE_CHECKING:
    from perfspec.judge.statistics.arrays import Floats

INFLATION = 1.5  # the estimate of the variation is itself uncertain
LEAST_CV = 0.15  # of the rate, between runs
CV_OF_ONE_RUN = 0.5


def more_failures(past: Floats, past_requests: Floats, failed: Floats, requests: Floats) -> Floats:
    """One-sided p-values ``[E]`` for more failures than in the history.

    ``past`` and ``past_requests`` are counts ``[n, E]`` of at least one run, ``failed`` and
    ``requests`` ``[E]`` those of the run that is judged.
    """
    runs, seen = len(past), past.sum(axis=0)
    expected = (seen + 0.5) / (past_requests.sum(axis=0) + 1) * requests
    between = _variation(past) * (1 + 1 / runs) * expected**2
    variance = expected + between + expected**2 / (seen + 0.5)
    size = expected**2 / np.maximum(variance - expected, 1e-9)
    p = betainc(np.maximum(failed, 1), size, expected / (size + expected))
    return np.where(failed > 0, p, 1.0)


def _variation(past: Floats) -> float:
    """Squared coefficient of variation of the rate between runs."""
    runs = len(past)
    if runs == 1:
        return CV_OF_ONE_RUN**2
    mean = past.mean(axis=0)
    excess = ((past - mean) ** 2).sum() - (runs - 1) * mean.sum()
    scale = (runs - 1) * (mean**2).sum()
    return INFLATION * max(excess / scale if scale > 0 else 0.0, 0.0) + LEAST_CV**2
