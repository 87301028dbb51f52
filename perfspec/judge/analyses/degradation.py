"""Whether a target slows down while the load stays as it is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perfspec.judge.analyses.reading import Reading
from perfspec.judge.analyses.trend import FEWEST_POINTS, MOST_POINTS, trend
from perfspec.judge.bounds import kept_by_failures
from perfspec.judge.interval import NEEDED_BEYOND
from perfspec.judge.monitors import MOST_MISSING
from perfspec.judge.select import by_window, measured, merged, with_times
from perfspec.measure.summary import samples_of
from perfspec.plan.load import judged
from perfspec.units import counted

if TYPE_CHECKING:
    from perfspec.measure.model import TestResult, Window
    from perfspec.plan.limits import Metric, Subject
    from perfspec.plan.load import Span
    from perfspec.plan.model import Test


def longest_hold(test: Test, result: TestResult) -> Span | None:
    """The longest of the judged holds, as far as it was measured: levels differ between holds."""
    spans = measured(result, judged(test.stages, "hold", test.warm_up_s))
    return max(spans, key=lambda each: each.end_s - each.start_s, default=None)


def degradation(test: Test, result: TestResult, subject: Subject, metric: Metric) -> Reading:
    """The trend of a percentile over the longest hold, as a share of its start.

    The hold is cut into 8 to 60 parts of the same length, so that in each 5 requests are expected
    beyond the percentile; the trend is that of the parts' percentiles (see ``trend``). A part has
    none where no request began, or so many failed that the percentile may be theirs; nothing is
    said where that is more than a fifth of the hold.
    """
    q = metric.quantile
    hold = longest_hold(test, result)
    if q is None or hold is None:
        return Reading(None, 0, remark="no hold was measured")
    windows = by_window(with_times(result), subject, [hold])
    count = sum(each.count for each in windows)
    parts = min(MOST_POINTS, len(windows), math.floor(count * (1 - q) / NEEDED_BEYOND + 1e-9))
    if parts < FEWEST_POINTS:
        needed = math.ceil(FEWEST_POINTS * NEEDED_BEYOND / (1 - q) - 1e-9)
        enough = counted(needed, "request")
        remark = f"a trend needs {enough} in {FEWEST_POINTS} parts of a hold: hold longer"
        return Reading(None, count, remark=remark)
    groups: list[list[Window]] = [[] for _ in range(parts)]
    for at, window in enumerate(windows):
        groups[at * parts // len(windows)].append(window)
    middles = [
        (result.edges[each[0].index] + result.edges[each[-1].index + 1]) / 2 for each in groups
    ]
    values = [_percentile(metric, q, merged(each)) for each in groups]
    found = trend(middles, values, hold)
    if found is None or values.count(None) > MOST_MISSING * parts:
        remark = "in too many parts of the hold requests failed, or none began"
        return Reading(None, count, remark=remark)
    return Reading(found.change, count, low=found.low, high=found.high)


def _percentile(metric: Metric, q: float, part: Window) -> float | None:
    failed = sum(part.errors.values())
    if kept_by_failures(metric, part.count, failed):
        return None
    return samples_of(metric, part).quantile(q)
