"""How long a target takes to get over its peak."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from perfspec.judge.analyses.reading import Reading
from perfspec.judge.interval import surely_beyond
from perfspec.judge.select import by_window, measured, samples, with_times
from perfspec.plan.load import RECOVERY_WINDOW_S as WINDOW_S
from perfspec.plan.load import Span, judged, peak_of
from perfspec.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.measure.model import TestResult, Window
    from perfspec.plan.limits import Subject
    from perfspec.plan.load import Phase
    from perfspec.plan.model import Test

QUANTILE = 0.95
ALLOWED = 1.1  # of the quantile before the peak
STAY_S = 30.0
FEWEST = 20  # requests of the hold before the peak


def recovery(test: Test, result: TestResult, subject: Subject) -> Reading:
    """Seconds from the end of the highest level until the target is as it was before it.

    It is from the first second on of which, for 30 s, no 10 s in a row are worse than the hold
    before the peak. They are worse when more requests than chance explains (one-sided exact
    binomial test at 1 %) failed or took longer than 110 % of that hold's p95; ten seconds in which
    no request began are worse too. A request counts when it began.
    """
    peak = peak_of(test.stages)
    if peak is None or peak.before is None:
        return Reading(None, 0, remark="there is no hold before the peak to compare with")
    result = with_times(result)
    base = samples(result, subject, measured(result, [_judged_part(test, peak.before)]))
    usual_s = base.latency.quantile(QUANTILE)
    if usual_s is None or base.count < FEWEST:
        remark = f"fewer than {FEWEST} requests in the hold before the peak: hold it longer"
        return Reading(None, base.count, remark=remark)
    failures = sum(base.errors.values()) / base.count
    if failures >= QUANTILE:
        remark = "so many requests failed before the peak that there is nothing to come back to"
        return Reading(None, base.count, remark=remark)
    whole = measured(result, [Span(start_s=peak.highest.end_s, end_s=result.edges[-1])])
    windows = by_window(result, subject, whole)
    starts = [result.edges[each.index] for each in windows]
    end_s = whole[-1].end_s if whole else peak.highest.end_s
    worse = _worse(windows, [*starts, end_s], usual_s * ALLOWED, QUANTILE - failures)
    after = sum(each.count for each in windows)
    return _found(starts, worse, end_s, peak.highest.end_s, after)


def _judged_part(test: Test, hold: Phase) -> Span:
    """A hold without the warm-up, if it is the first one."""
    start_s = hold.start_s
    for span in judged(test.stages, "hold", test.warm_up_s):
        if hold.start_s <= span.start_s < hold.end_s:
            start_s = span.start_s
    return Span(start_s=start_s, end_s=hold.end_s)


def _worse(
    windows: Sequence[Window], edges: Sequence[float], slow_s: float, q: float
) -> list[bool]:
    """For each window, whether the 10 s from its start are worse; as many as are there whole."""
    counts = [each.count for each in windows]
    bad = [min(each.count, each.latency.count_above(slow_s) + _failed(each)) for each in windows]
    found = []
    for first, start in enumerate(edges[:-1]):
        last = bisect_left(edges, start + WINDOW_S - 1e-6)
        if last == len(edges):
            break
        n = sum(counts[first:last])
        found.append(not n or surely_beyond(sum(bad[first:last]), n, q))
    return found


def _failed(window: Window) -> int:
    return sum(window.errors.values())


def _found(
    starts: Sequence[float], worse: Sequence[bool], end_s: float, peak_s: float, count: int
) -> Reading:
    """The first second from which on nothing is worse for 30 s, or until the end."""
    for first in range(len(worse)):
        stay = [
            each
            for start, each in zip(starts[first:], worse[first:], strict=False)
            if start + WINDOW_S <= starts[first] + STAY_S + 1e-6
        ]
        if any(stay):
            continue
        seen_s = end_s - starts[first]
        doubt = ""
        if seen_s < STAY_S - 1e-6:
            doubt = (
                f"seen for {format_duration(round(seen_s))} only, where {format_duration(STAY_S)}"
                " are wanted: hold longer after the peak"
            )
        return Reading(starts[first] - peak_s, count, doubt=doubt)
    waited_s = max(0.0, end_s - WINDOW_S - peak_s)
    remark = "it had not recovered when the test ended"
    return Reading(waited_s, count, low=waited_s, open_ended=True, remark=remark)
