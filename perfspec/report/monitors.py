"""What monitors read, as rows of every report and as ``monitors.csv``."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfspec.judge.monitors import readings, statistic
from perfspec.judge.wording import amount
from perfspec.plan.limits import Metric

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.judge.model import TestVerdict
    from perfspec.measure.model import RunResult, TestResult
    from perfspec.measure.monitored import SampledSeries

NOTHING = "-"


@dataclass(frozen=True, slots=True)
class MonitorRow:
    """One series in the judged seconds; ``missing`` of how many readings, empty if none is."""

    name: str
    mean: str
    max: str
    missing: str


def monitor_rows(result: TestResult, verdict: TestVerdict) -> list[MonitorRow]:
    """Every series of every monitor that there is in this environment."""
    return [
        _row(f"{monitor.name}.{each.name}", each, readings(each, verdict.judged))
        for monitor in result.monitors
        if monitor.absent is None
        for each in monitor.series
    ]


def problem_lines(result: TestResult) -> Iterator[str]:
    """What could not be read, and why; what is not there at all."""
    for monitor in result.monitors:
        if monitor.absent is not None:
            yield f"Monitor {monitor.name}: nothing to read: {monitor.absent}."
        for each in monitor.problems:
            yield f"Monitor {monitor.name}: {each}"


def monitors_csv(result: RunResult) -> str:
    """One line for each reading; a missing one has no value. Units stand beside the numbers."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("test", "monitor", "series", "unit", "at_s", "value"))
    for test in result.tests:
        for monitor in test.monitors:
            for each in monitor.series:
                who = (test.name, monitor.name, each.name, each.unit)
                for at_s, value in zip(each.at_s, each.values, strict=True):
                    shown = "" if value is None else f"{value:.9g}"
                    writer.writerow((*who, f"{at_s:.3f}", shown))
    return text.getvalue()


def _row(name: str, series: SampledSeries, found: list[float | None]) -> MonitorRow:
    values = [each for each in found if each is not None]
    metric = Metric(name="mean", kind="sampled", scale=series.unit)
    mean, most = (
        amount(metric, statistic(each, values)) if values else NOTHING for each in ("mean", "max")
    )
    missing = len(found) - len(values)
    return MonitorRow(name, mean, most, f"{missing} of {len(found)}" if missing else "")
