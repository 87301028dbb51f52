"""Measured and allowed values in words, the same in every reason and report."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from perfspec.units import format_count, format_latency, format_share

if TYPE_CHECKING:
    from perfspec.plan.limits import Metric


def amount(metric: Metric, value: float) -> str:
    """A value of the metric with its unit: ``182 ms``, ``0.4%``, ``35/s``."""
    match metric.unit:
        case "s":
            return format_latency(value)
        case "ratio":
            return format_share(value)
        case "per_s":
            return f"{format_count(value)}/s"
        case "users":
            return f"{format_count(value)} users"
        case _:
            assert_never(metric.unit)


def bound(metric: Metric, limit: float) -> str:
    """A limit with its direction: ``at most 400 ms``, ``at least 99%``."""
    return f"at {'least' if metric.at_least else 'most'} {amount(metric, limit)}"
