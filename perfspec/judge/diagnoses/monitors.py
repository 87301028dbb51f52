"""Likely causes that show in monitors: what ran out, what grows, what did not scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perfspec.judge.bounds import beyond
from perfspec.judge.model import Diagnosis, Outcome
from perfspec.judge.wording import amount
from perfspec.plan.load import peak_level
from perfspec.units import format_share

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfspec.judge.model import Finding
    from perfspec.measure.model import TestResult
    from perfspec.plan.model import Test

PLATEAU: Final = 3  # readings at the very top: nothing that moves by chance stays there
NEAR_S: Final = 5.0


def of_monitors(test: Test, result: TestResult, findings: Sequence[Finding]) -> Iterator[Diagnosis]:
    """One for each series whose limit was not kept, if its readings tell why."""
    seen: set[str] = set()
    for each in findings:
        name = each.subject.name
        broken = each.outcome in {Outcome.WARN, Outcome.FAIL} and each.observed is not None
        if each.subject.kind == "monitor" and broken and name not in seen:
            found = _of(test, each, [value for _, value in readings(result, name)])
            if found is not None:
                seen.add(name)
                yield found


def strained(test: Test, result: TestResult, at_s: float) -> tuple[str, ...]:
    """Series that were beyond their upper limit around a second, each in words."""
    found = {}
    for each in test.objectives:
        limit = each.fail if each.fail is not None else each.warn
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


def _of(test: Test, finding: Finding, values: Sequence[float]) -> Diagnosis | None:
    name, metric = finding.subject.name, finding.metric
    if metric.kind == "growth":
        return _grows(name, finding)
    if metric.scale != "count" or not values:
        return None
    top = max(values)
    users = f"{peak_level(test.stages):g}"
    if metric.at_least:
        return _does_not_scale(name, users, top, len(values)) if min(values) == top else None
    if finding.outcome is not Outcome.FAIL or values.count(top) < PLATEAU:
        return None
    return Diagnosis(
        cause=f"{name} went up to {amount(metric, top)} and no further: something of that size is"
        " used up, such as a pool of connections.",
        advice="look for what keeps one while it waits for something else; only then make it"
        " larger",
        evidence=f"{values.count(top)} of {len(values)} readings at {amount(metric, top)}, at up"
        f" to {users} users",
    )


def _grows(name: str, finding: Finding) -> Diagnosis:
    grown = format_share(round(finding.observed or 0.0, 3))
    return Diagnosis(
        cause=f"{name} grows while the load stays as it is: something is kept that should go, such"
        " as a cache without bounds, listeners, or what was opened and never closed.",
        advice="compare snapshots of the process from the beginning and from the end of the hold",
        evidence=f"{grown} more over the longest hold, by the trend of {finding.samples} readings",
    )


def _does_not_scale(name: str, users: str, value: float, count: int) -> Diagnosis:
    return Diagnosis(
        cause=f"{name} stayed at {value:g} whatever the load was: scaling did not begin.",
        advice="look at the scaling policy, its highest number, its threshold, and at quotas",
        evidence=f"all {count} readings were {value:g}, at up to {users} users",
    )
