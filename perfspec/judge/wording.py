"""Measured and allowed values in words, the same in every reason and report."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from perfspec.units import counted, format_count, format_latency, format_share, format_size

if TYPE_CHECKING:
    from perfspec.plan.limits import Metric
    from perfspec.plan.model import Test


def amount(metric: Metric, value: float) -> str:
    """A value of the metric with its unit: ``182 ms``, ``0.4%``, ``35/s``."""
    match metric.unit:
        case "s":
            return format_latency(value)
        case "ratio":
            return format_share(value)
        case "per_s":
            return f"{format_count(value)}/s"
        case "count":
            return format_count(value)
        case "bytes":
            return format_size(value)
        case "bytes_per_s":
            return f"{format_size(value)}/s"
        case "users":
            return counted(value, "user")
        case _:
            assert_never(metric.unit)


def bound(metric: Metric, limit: float) -> str:
    """A limit with its direction: ``at most 400 ms``, ``at least 99%``."""
    return f"at {'least' if metric.at_least else 'most'} {amount(metric, limit)}"


def level_text(test: Test, level: float) -> str:
    """A level of the load: ``60 users``, or with arrivals ``10/s``."""
    if test.open_model is not None:
        return f"{format_count(level)}/s"
    return counted(round(level), "user")
