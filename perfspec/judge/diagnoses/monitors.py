"""Likely causes that show in monitors: what ran out, what grows, what did not scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perfspec.judge.bounds import beyond
from perfspec.judge.model import Diagnosis, Outcome
from perfspec.judge.wording import amount, level_text
from perfspec.plan.load import peak_level
from perfspec.units import counted, format_count, format_share

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfspec.judge.model import Finding
    from perfspec.measure.model import TestResult
    from perfspec.plan.model import Test

PLATEAU: Final = 3  # readings at the very top: nothing that moves by chance stays there
NEAR_S: Final = 5.0


def of_monitors(test: Test, result: TestResult, findings: Sequence[Finding]) -> Iterator[Diagnosis]:
    """What the readings of series tell whose limits were not kept, each said once."""
    found: dict[str, Diagnosis] = {}
    tops: dict[str, list[float]] = {}
    for each in findings:
        name = each.subject.name
        broken = each.outcome in {Outcome.WARN, Outcome.FAIL} and each.observed is not None
        if each.subject.kind != "monitor" or not broken:
            continue
        values = [value for _, value in readings(result, name)]
        if each.metric.kind == "growth":
            found[name] = _grows(name, each)
        elif each.metric.scale == "count" and values:
            at_top = [value for value in values if value == max(values)]
            if each.metric.at_least and len(at_top) == len(values):
                found[name] = _does_not_scale(test, name, values)
            elif each.fail and each.outcome is Outcome.FAIL and len(at_top) >= PLATEAU:
                tops[name] = at_top  # a limit of 0 is on what should not happen, and is no size
    yield from found.values()
    if tops:  # what waits for the first one stays at its top, too
        name = max(tops, key=lambda each: len(tops[each]))
        yield _used_up(test, name, tops[name], len(readings(result, name)))


def strained(test: Test, result: TestResult, at_s: float) -> tuple[str, ...]:
    """Series that were beyond their upper limit around a second, each in words."""
    found = {}
    for each in test.objectives:
        limit = each.warn if each.warn is not None else each.fail
        upper = each.metric.kind == "sampled" and not each.metric.at_least
        if not upper or limit is None:
            continue
        name = each.subject.name
        near = [value for at, value in readings(result, name) if abs(at - at_s) <= NEAR_S]
        if near and beyond(each.metric, max(near), limit):
            found[name] = (
                f"{name} was at {amount(each.metric, max(near))},"
                f" beyond {amount(each.metric, limit)}"
            )
    return tuple(found.values())


def readings(result: TestResult, subject: str) -> list[tuple[float, float]]:
    """Seconds of the test and values of ``MONITOR.SERIES``, without those that are missing."""
    monitor_name, _, name = subject.partition(".")
    return [
        (at_s, value)
        for monitor in result.monitors
        if monitor.name == monitor_name
        for series in monitor.series
        if series.name == name
        for at_s, value in zip(series.at_s, series.values, strict=True)
        if value is not None
    ]


def _used_up(test: Test, name: str, at_top: Sequence[float], count: int) -> Diagnosis:
    top = format_count(at_top[0])
    return Diagnosis(
        cause=f"{name} went up to {top} and no further: something of that size is used up, such as"
        " a pool of connections.",
        advice="look for what keeps one while it waits for something else; only then make it"
        " larger",
        evidence=f"{len(at_top)} of {counted(count, 'reading')} at {top}, at up to"
        f" {level_text(test, peak_level(test.stages))}",
    )


def _grows(name: str, finding: Finding) -> Diagnosis:
    grown = format_share(round(finding.observed or 0.0, 3))
    return Diagnosis(
        cause=f"{name} grows while the load stays as it is: something is kept that should go, such"
        " as a cache without bounds, listeners, or what was opened and never closed.",
        advice="compare snapshots of the process from the beginning and from the end of the hold",
        evidence=f"{grown} more over the longest hold, by the trend of"
        f" {counted(finding.samples, 'reading')}",
    )


def _does_not_scale(test: Test, name: str, values: Sequence[float]) -> Diagnosis:
    value = format_count(values[0])
    return Diagnosis(
        cause=f"{name} stayed at {value} whatever the load was: scaling did not begin.",
        advice="look at the scaling policy, its highest number, its threshold, and at quotas",
        evidence=f"all {counted(len(values), 'reading')} were {value}, at up to"
        f" {level_text(test, peak_level(test.stages))}",
    )
