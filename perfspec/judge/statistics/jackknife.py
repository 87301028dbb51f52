"""How uncertain a percentile of one run is: windows are left out in turn.

Its absolute value is too small where few requests lie beyond the percentile (see ADR 6); here only
the difference between two runs of the same kind is used, in which that cancels.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perfspec.measure.histogram import Histogram

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def log_quantile_variances(
    blocks: Sequence[Histogram], quantiles: Mapping[str, float]
) -> dict[str, float]:
    """Delete-one-block jackknife variances of the logarithms of quantiles, by their names.

    None of the blocks is empty; with fewer than two of them every variance is 0.
    """
    if len(blocks) < 2:
        return dict.fromkeys(quantiles, 0.0)
    total = Histogram.total(blocks)
    rests = [_without(total, block) for block in blocks]
    return {
        name: _jackknife([math.log(max(rest.quantile(q) or 0.0, 1e-6)) for rest in rests])
        for name, q in quantiles.items()
    }


def _without(total: Histogram, block: Histogram) -> Histogram:
    """The total less one block; its maximum stays that of the total, which only bounds values."""
    rest, taken = Histogram(), block.counts
    rest.counts = {key: n - taken.get(key, 0) for key, n in total.items()}
    rest.count = total.count - block.count
    rest.max_us = total.max_us
    return rest


def _jackknife(values: Sequence[float]) -> float:
    count = len(values)
    centre = math.fsum(values) / count
    return (count - 1) / count * math.fsum((each - centre) ** 2 for each in values)
