"""The numbers of a window: what a limit compares and what a table shows, by one definition.

Percentiles are nearest-rank values of merged histograms (``Histogram.quantile``), never averages of
percentiles. A number that there is no sample for is None, not 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, assert_never

from perfspec.measure.histogram import Histogram
from perfspec.plan.metrics import QUANTILES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfspec.measure.errors import ErrorClass
    from perfspec.measure.model import JourneyWindow, Window
    from perfspec.measure.progress import Tick
    from perfspec.plan.limits import Metric


@dataclass(frozen=True, slots=True)
class Summary:
    """Times in seconds, ``rate`` in requests a second, ``error_rate`` a ratio, sizes in bytes.

    Times are those of samples that have one (see ``Window``), all other numbers those of all.
    ``quantiles``, ``ttfb`` and ``service`` are keyed ``p50`` to ``p99_9``; empty without samples.
    ``service`` counts from when a request was really sent, as latency does in the closed model.
    """

    count: int
    failed: int
    errors: Mapping[ErrorClass, int]
    bytes_sent: int
    bytes_received: int
    connections: int
    extra: int
    rate: float | None = None
    error_rate: float | None = None
    mean_s: float | None = None
    max_s: float | None = None
    quantiles: Mapping[str, float] = field(default_factory=dict)
    ttfb: Mapping[str, float] = field(default_factory=dict)
    service: Mapping[str, float] = field(default_factory=dict)


def summarise(window: Window, seconds: float) -> Summary:
    """All numbers of a window that took ``seconds``."""
    n, failed = window.count, sum(window.errors.values())
    return Summary(
        count=n,
        failed=failed,
        errors=dict(sorted(window.errors.items())),
        bytes_sent=window.bytes_sent,
        bytes_received=window.bytes_received,
        connections=window.connections,
        extra=window.extra,
        rate=_rate(n, seconds),
        error_rate=failed / n if n else None,
        mean_s=_mean(window.latency),
        max_s=window.latency.max_us / 1e6 if window.latency.count else None,
        quantiles=_quantiles(window.latency),
        ttfb=_quantiles(window.ttfb),
        service=_quantiles(window.service or window.latency),
    )


def count_of(metric: Metric, window: Window) -> int:
    """How many samples a metric of requests looks at: all, or those that have the time it needs."""
    if metric.kind in {"share", "throughput"}:
        return window.count
    return samples_of(metric, window).count


def samples_of(metric: Metric, window: Window) -> Histogram:
    """The times that a metric of requests looks at; shares and rates need only their number."""
    match metric.of:
        case "ttfb":
            return window.ttfb
        case "lateness":
            return window.lateness or Histogram()
        case _:
            return window.latency


def journeys_of(metric: Metric, window: JourneyWindow) -> int:
    """The journeys that a metric looks at; those that were cut off at the end tell of nothing."""
    ended = window.completed + window.failed
    return window.due if metric.of == "arrivals" else ended


def journey_value(metric: Metric, window: JourneyWindow, seconds: float) -> float | None:
    """A metric of journeys in its own unit; None without any."""
    n = journeys_of(metric, window)
    if not n:
        return None
    if metric.kind == "throughput":
        return window.completed / seconds if seconds > 0 else None
    return (window.dropped if metric.of == "arrivals" else window.failed) / n


def value_of(metric: Metric, window: Window, seconds: float) -> float | None:
    """The metric in its own unit; None without samples.

    Raises ValueError for a quantile that is not named, and for what no request has.
    """
    times = samples_of(metric, window)
    match metric.kind:
        case "quantile":
            if metric.quantile is None:
                msg = f"{metric.name} does not say which quantile"
                raise ValueError(msg)
            return times.quantile(metric.quantile)
        case "mean":
            return _mean(times)
        case "max":
            return times.max_us / 1e6 if times.count else None
        case "share":
            return _share(metric, window)
        case "throughput":
            return _rate(window.count, seconds)
        case "sampled":
            msg = f"{metric.name} is of a monitor, not of requests"
            raise ValueError(msg)
        case "recovery" | "degradation" | "growth" | "capacity":
            msg = f"{metric.name} is a fact of a whole test"
            raise ValueError(msg)
        case _:
            assert_never(metric.kind)


def seconds_of(ticks: Sequence[Tick]) -> float:
    """How long a run of ticks took, the first one's own second included; 0 without ticks."""
    if len(ticks) < 2:
        return ticks[0].at_s if ticks else 0.0
    return (ticks[-1].at_s - ticks[0].at_s) * len(ticks) / (len(ticks) - 1)


def _share(metric: Metric, window: Window) -> float | None:
    if not window.count:
        return None
    hit = sum(n for each, n in window.errors.items() if each in metric.classes)
    return (window.count - hit if metric.at_least else hit) / window.count


def _rate(count: int, seconds: float) -> float | None:
    return count / seconds if count and seconds > 0 else None


def _mean(times: Histogram) -> float | None:
    return times.sum_us / times.count / 1e6 if times.count else None


def _quantiles(times: Histogram) -> dict[str, float]:
    found = {name: times.quantile(q) for name, q in QUANTILES.items()}
    return {name: value for name, value in found.items() if value is not None}
