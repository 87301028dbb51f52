"""What a run has really used up."""

from __future__ import annotations

from datetime import datetime
from statistics import fmean
from typing import TYPE_CHECKING

from perfspec.plan.cost import Usage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.measure.model import RunResult, TestResult, Window


def measured_usage(result: RunResult) -> Usage:
    """Every test together; further attempts of a retry are requests too."""
    started, finished = (datetime.fromisoformat(each) for each in (result.started, result.finished))
    requests: dict[str, float] = {}
    sent = received = 0.0
    instance_s: dict[str, float] = {}
    for test in result.tests:
        for kind, name, window in _windows(test):
            if kind == "request":
                requests[name] = requests.get(name, 0.0) + window.count + window.extra
            if kind in {"request", "poll"}:
                sent += window.bytes_sent
                received += window.bytes_received
        for name, mean in _means(test):
            instance_s[name] = instance_s.get(name, 0.0) + mean * test.measured_s
    return Usage(
        load_s=sum(test.measured_s for test in result.tests),
        wall_s=(finished - started).total_seconds(),
        requests=requests,
        sent=sent,
        received=received,
        instance_s=instance_s,
    )


def _windows(test: TestResult) -> Iterator[tuple[str, str, Window]]:
    for series in test.series:
        for window in series.windows:
            yield series.key.kind, series.key.name, window


def _means(test: TestResult) -> Iterator[tuple[str, float]]:
    """The mean of each series that was read; what is missing was like the rest."""
    for monitor in test.monitors:
        for series in monitor.series:
            values = [each for each in series.values if each is not None]
            if values:
                yield f"{monitor.name}.{series.name}", fmean(values)
