"""Whether a value keeps a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perfspec.plan.limits import Metric

ROUNDING = 1e-9  # 999 of 1000 keep 99.9 %, whatever a float makes of it


def beyond(metric: Metric, value: float, limit: float) -> bool:
    """Whether a value does not keep a limit; equal values keep it."""
    slack = ROUNDING * abs(limit)
    return value < limit - slack if metric.at_least else value > limit + slack
