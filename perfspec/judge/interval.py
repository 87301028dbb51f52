"""The 95 % interval of a percentile, honest about windows that move together.

An exact binomial interval of the rank (Clopper and Pearson) takes every request for a sample of its
own. Requests of one window share the target's mood, so the number of requests is first cut down to
the effective one: the variance of the share of requests below the percentile is taken from the
windows by a delete-one jackknife and compared with that of independent requests (Woodruff, JASA 47,
1952; Korn and Graubard, Survey Methodology 24, 1998). With fewer than 8 windows nothing is known of
their variance, and the interval is the plain exact one.

A delete-one-window jackknife of the percentile itself, which is the usual way, covers the truth in
only 80 to 92 of 100 runs where few requests lie beyond the percentile; this one in 95 to 99.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from perfspec.judge.select import FEWEST_BLOCKS
from perfspec.measure.histogram import Histogram, bounds, rank

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TAIL = 0.025  # on each side of a 95 % interval
DOUBT = 0.01  # "beyond reasonable doubt"
NEEDED_BEYOND = 5  # samples that a percentile leaves above it, or it has no interval


class Interval(NamedTuple):
    """Seconds; None for an end that the samples do not bound."""

    low: float | None
    high: float | None


def has_interval(q: float, n: int) -> bool:
    """n·(1-q) ≥ 5: p95 from 100 samples on, p99 from 500."""
    return n * (1 - q) >= NEEDED_BEYOND - 1e-9


def quantile_interval(blocks: Sequence[Histogram], q: float) -> Interval:
    """The interval of quantile ``q`` of all blocks together; none of them is empty."""
    whole = Histogram.total(blocks)
    n = whole.count
    size = max(1, math.floor(_effective(blocks, whole, q)))
    low, high = _ranks(size, q)
    return Interval(
        low=whole.at_rank(max(1, math.floor(low / size * n))) if low else None,
        high=whole.at_rank(math.ceil(high / size * n)) if high <= size else None,
    )


def surely_beyond(above: int, n: int, q: float) -> bool:
    """Whether ``above`` of ``n`` samples are too many for a limit that ``q`` of them should keep.

    One-sided exact binomial test at 1 %.
    """
    if not above:
        return False
    from scipy.special import bdtrc  # noqa: PLC0415  (a quarter of a second that lint must not pay)

    return float(bdtrc(above - 1, n, 1 - q)) < DOUBT


def _effective(blocks: Sequence[Histogram], whole: Histogram, q: float) -> float:
    """How many independent samples tell as much as these, at most as many as there are."""
    n, count = whole.count, len(blocks)
    if count < FEWEST_BLOCKS:
        return n
    from scipy.special import stdtrit  # noqa: PLC0415  (as above)

    edge = whole.at_rank(rank(q, n)) * 1e6
    below = [_at_most(block, edge) for block in blocks]
    share = sum(below) / n
    if share >= 1:
        return n
    without = [
        (sum(below) - mine) / (n - block.count) for mine, block in zip(below, blocks, strict=True)
    ]
    centre = math.fsum(without) / count
    variance = (count - 1) / count * math.fsum((each - centre) ** 2 for each in without)
    design = variance / (share * (1 - share) / n)
    known = (stdtrit(n - 1, 1 - TAIL) / stdtrit(count - 1, 1 - TAIL)) ** 2
    return min(n, n * known / design) if design > 0 else n


def _at_most(values: Histogram, us: float) -> int:
    """How many values lie in buckets that begin at or below ``us``."""
    return sum(n for key, n in values.items() if bounds(key)[0] <= us)


def _ranks(n: int, q: float) -> tuple[int, int]:
    """Ranks between which quantile ``q`` lies in 95 of 100 draws of ``n``.

    0 and ``n + 1`` mean that no sample bounds that side.
    """
    from scipy.special import bdtr  # noqa: PLC0415  (as above)

    low = _first(n, lambda k: bdtr(k, n, q) > TAIL)
    high = _first(n, lambda k: bdtr(k, n, q) >= 1 - TAIL) + 1
    return low, high


def _first(n: int, holds: Callable[[int], bool]) -> int:
    """The smallest k from 0 to n for which a rising condition holds."""
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
