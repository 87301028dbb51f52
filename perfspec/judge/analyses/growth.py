"""Whether a monitored series grows while the load stays as it is: a leak, a table, a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.judge.analyses.degradation import longest_hold
from perfspec.judge.analyses.reading import Reading
from perfspec.judge.analyses.trend import FEWEST_POINTS, trend
from perfspec.judge.monitors import MOST_MISSING

if TYPE_CHECKING:
    from perfspec.measure.model import TestResult
    from perfspec.measure.monitored import SampledSeries
    from perfspec.plan.limits import Subject
    from perfspec.plan.load import Span
    from perfspec.plan.model import Test


def growth(test: Test, result: TestResult, subject: Subject) -> Reading:
    """The trend of a series over the longest hold, as a share of its start (see ``trend``).

    Nothing is said of a series of which more than 20 % of the readings are missing.
    """
    monitor_name, _, name = subject.name.partition(".")
    monitor = next((each for each in result.monitors if each.name == monitor_name), None)
    if monitor is None or monitor.absent is not None:
        why = "there is no such monitor here" if monitor is None else monitor.absent
        return Reading(None, 0, remark=f"nothing to read: {why}")
    series = next((each for each in monitor.series if each.name == name), None)
    hold = longest_hold(test, result)
    if series is None or hold is None:
        return Reading(None, 0, remark="nothing was read in a hold")
    return _trend(series, hold)


def _trend(series: SampledSeries, hold: Span) -> Reading:
    inside = [
        value
        for at_s, value in zip(series.at_s, series.values, strict=True)
        if hold.start_s <= at_s <= hold.end_s
    ]
    count = sum(value is not None for value in inside)
    if count < len(inside) * (1 - MOST_MISSING):
        return Reading(None, count, remark="too many readings are missing")
    found = trend(series.at_s, series.values, hold)
    if found is None:
        remark = f"a trend needs {FEWEST_POINTS} readings in a hold, and a start above 0"
        return Reading(None, count, remark=remark)
    return Reading(found.change, count, low=found.low, high=found.high)
