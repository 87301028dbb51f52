"""Whether a value keeps a limit, and whether that says anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perfspec.plan.limits import Metric

ROUNDING = 1e-9  # 999 of 1000 keep 99.9 %, whatever a float makes of it


def beyond(metric: Metric, value: float, limit: float) -> bool:
    """Whether a value does not keep a limit; equal values keep it."""
    slack = ROUNDING * abs(limit)
    return value < limit - slack if metric.at_least else value > limit + slack


def kept_by_failures(metric: Metric, n: int, failed: int) -> bool:
    """Whether not one of ``n`` requests had to succeed for a limit on times or throughput.

    A connection that is refused is the quickest answer of all. Which of the times are those of the
    ``failed`` requests is not known: so many of them may have kept it alone.
    """
    if metric.kind == "share" or metric.of not in {"latency", "ttfb"}:
        return False
    return failed >= n * (metric.quantile or 1.0)
