"""Is the head slower than its base? Two commits on one machine at once, block by block.

Both get the same requests in the same seconds, so what the host does to one it does to the other
and cancels in the ratio of the two. What does not cancel is how a process happens to have been
started: both are started anew for each block, and the block is the unit of replication. The mean
over blocks is held against their scatter by a one-sided t test with moderated variances.

Looks before the last one are paid for: each spends a part of the chance of a false alarm, by the
spending function of Lan and DeMets (Biometrika 70, 1983) that is near Pocock's boundary. The parts
add up to the whole (Bonferroni), so nothing is assumed of how looks depend on one another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from perfspec.judge.statistics.arrays import t_above
from perfspec.judge.statistics.history import FLOOR, MOST_PRIOR_DF
from perfspec.judge.statistics.variance import moderate
from perfspec.units import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.judge.statistics.arrays import Floats

LEVEL: Final = 0.005  # nominal; simulated, below 1 % of unchanged pull requests fail
FEWEST_BLOCKS: Final = 3


@dataclass(frozen=True, slots=True)
class Ratios:
    """Head by base as logarithms, ``[E, M]``; ``p`` is one-sided (slower)."""

    effect: Floats
    se: Floats
    df: float
    p: Floats


def compare_blocks(ratios: Floats) -> Ratios:
    """Effects from the logarithms ``[K, E, M]`` of the ratios of ``K`` blocks, at least 3.

    A single endpoint has nobody to borrow degrees of freedom from. Raises ValueError for fewer
    blocks.
    """
    blocks, endpoints, _ = ratios.shape
    if blocks < FEWEST_BLOCKS:
        msg = f"{counted(blocks, 'block')} have too little scatter to compare with"
        raise ValueError(msg)
    effect, sample = ratios.mean(axis=0), ratios.var(axis=0, ddof=1)
    found = moderate(sample, blocks - 1, min(MOST_PRIOR_DF, endpoints - 1))
    se = np.sqrt(np.maximum(found.variances, FLOOR**2) / blocks)
    return Ratios(effect=effect, se=se, df=found.df, p=t_above(effect / se, found.df))


def levels(looks: Sequence[int]) -> tuple[float, ...]:
    """What each look may spend of ``LEVEL``; ``looks`` are numbers of blocks, rising."""
    spent = [LEVEL * math.log1p((math.e - 1) * each / looks[-1]) for each in looks]
    return tuple(np.diff([0.0, *spent]).tolist())
