"""How uncertain a percentile of one run is: windows are left out in turn.

Its absolute value is too small where few requests lie beyond the percentile (see ADR 6); here only
the difference between two runs of the same kind is used, in which that cancels.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perfspec.measure.histogram import Histogram

if TYPE_CHECKING:
    from collections.abc import Sequence


def log_quantile_variance(blocks: Sequence[Histogram], q: float) -> float:
    """The delete-one-block jackknife variance of the logarithm of quantile ``q``.

    None of the blocks is empty; 0 with fewer than two of them, or where every value is 0.
    """
    count = len(blocks)
    if count < 2:
        return 0.0
    logs = []
    for left_out in range(count):
        rest = Histogram()
        for index, block in enumerate(blocks):
            if index != left_out:
                rest.merge(block)
        logs.append(math.log(max(rest.quantile(q) or 0.0, 1e-6)))
    centre = math.fsum(logs) / count
    return (count - 1) / count * math.fsum((each - centre) ** 2 for each in logs)
