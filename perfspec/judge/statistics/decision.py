"""From effects with their uncertainty to states: one family of tests, one bound on false alarms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from perfspec.judge.statistics.arrays import t_quantile
from perfspec.judge.statistics.multiplicity import benjamini_hochberg, holm

if TYPE_CHECKING:
    from perfspec.judge.statistics.arrays import Floats

ALPHA: Final = 0.01  # chance that an unchanged pull request fails
FALSE_DISCOVERIES: Final = 0.10  # among what is said to be real
CONFIDENCE: Final = 0.95  # of each end of an interval, and of finding the smallest effect
SHIFT_ALPHA: Final = ALPHA / 3  # of what all endpoints share, tested beside the family


@dataclass(frozen=True, slots=True)
class Family:
    """Every test of one run, ``[m]``: p-values adjusted for there being so many of them.

    ``level`` is the chance of a false alarm in the whole family.
    """

    p: Floats
    adjusted: Floats
    false_discovery: Floats
    level: float = ALPHA

    @classmethod
    def of(cls, p: Floats, level: float = ALPHA) -> Family:
        """One-sided p-values of all that is gated."""
        return cls(p=p, adjusted=holm(p), false_discovery=benjamini_hochberg(p), level=level)

    @property
    def certain(self) -> np.ndarray:
        """Where there is an effect beyond reasonable doubt."""
        found: np.ndarray = self.adjusted < self.level
        return found

    @property
    def likely(self) -> np.ndarray:
        """Where there is one, with few mistakes among those that are named."""
        found: np.ndarray = self.false_discovery < FALSE_DISCOVERIES
        return found


def interval(effect: Floats, se: Floats, df: Floats | float) -> tuple[Floats, Floats]:
    """Both ends, each a one-sided 95 % bound."""
    reach = t_quantile(CONFIDENCE, df) * se
    return effect - reach, effect + reach


def smallest_found(
    se: Floats, df: Floats | float, family: int, budget: Floats | float, level: float = ALPHA
) -> Floats:
    """The effect that fails in 95 of 100 runs, as the logarithm of a ratio.

    It is beyond doubt among ``family`` tests, and beyond the budget.
    """
    power = t_quantile(CONFIDENCE, df) * se
    return np.maximum(t_quantile(1 - level / family, df) * se, budget) + power
