"""A run as time series, which each export writes in its own way.

A point stands at the end of its window. Every line says of which run it is, so that two runs at the
same time stay apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from perfspec.judge.select import by_window
from perfspec.plan.load import Span
from perfspec.plan.metrics import QUANTILES
from perfspec.report.tables import subjects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from perfspec.judge.model import Verdict
    from perfspec.measure.model import RunResult, TestResult, Window
    from perfspec.plan.limits import Subject
    from perfspec.plan.model import Plan


class Metric(NamedTuple):
    """``unit`` is as OpenTelemetry writes it (UCUM)."""

    name: str
    unit: str
    text: str


REQUESTS: Final = Metric("perfspec.requests.rate", "{request}/s", "Requests, failed ones included.")
FAILURES: Final = Metric("perfspec.failures.rate", "{request}/s", "Failed requests by class.")
LATENCY: Final = Metric("perfspec.latency", "s", "A quantile of the latencies of one window.")
USERS: Final = Metric("perfspec.users", "{user}", "Virtual users.")
CPU: Final = Metric("perfspec.generator.cpu", "1", "The busiest core of the load generator.")
MONITOR: Final = Metric("perfspec.monitor", "", "What a monitor read, in the unit that it names.")
OUTCOME: Final = Metric("perfspec.outcome", "1", "1 for the outcome of a test, at its end.")
SENT: Final = {"p50": "0.5", "p95": "0.95", "p99": "0.99"}


@dataclass(frozen=True, slots=True)
class Line:
    """One metric of one thing: pairs of seconds since 1970 and value, in rising order."""

    metric: Metric
    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]


def lines_of(plan: Plan, result: RunResult, verdict: Verdict) -> list[Line]:
    """Everything that has at least one point; tests that did not run have none."""
    outcomes = {each.name: each.outcome for each in verdict.tests}
    run = {"spec": plan.name, "environment": plan.environment.name, "run": result.run_id}
    every = [
        line
        for test in result.tests
        if test.status != "skipped"
        for line in _lines(plan, test, run | {"test": test.name}, outcomes[test.name])
    ]
    return [each for each in every if each.points]


def _lines(plan: Plan, test: TestResult, labels: Mapping[str, str], outcome: str) -> Iterator[Line]:
    begin = datetime.fromisoformat(test.started).timestamp()
    whole = (Span(start_s=0, end_s=test.edges[-1]),)
    for subject in subjects(plan, test):
        windows = by_window(test, subject, whole)
        spans = [
            (begin + end, end - start, window)
            for (start, end), window in zip(pairwise(test.edges), windows, strict=True)
            if start < test.measured_s
        ]
        yield from _requests(spans, {**labels, **_named(subject)})
    edges = test.edges[1:]
    for metric, field in ((USERS, "users"), (CPU, "cpu_max")):
        found = ((begin + edges[each.index], getattr(each, field)) for each in test.health)
        yield Line(metric, labels, tuple(found))
    for monitor in test.monitors:
        for series in monitor.series:
            read = zip(series.at_s, series.values, strict=True)
            named = {"monitor": monitor.name, "series": series.name, "unit": series.unit}
            values = ((begin + at, value) for at, value in read if value is not None)
            yield Line(MONITOR, {**labels, **named}, tuple(values))
    end = ((begin + test.measured_s, 1.0),)
    yield Line(OUTCOME, {**labels, "outcome": str(outcome)}, end)


def _requests(
    spans: Iterable[tuple[float, float, Window]], labels: Mapping[str, str]
) -> Iterator[Line]:
    spans = list(spans)
    yield Line(REQUESTS, labels, tuple((at, each.count / seconds) for at, seconds, each in spans))
    for error in sorted({error for _, _, each in spans for error in each.errors}):
        failed = ((at, each.errors.get(error, 0) / seconds) for at, seconds, each in spans)
        yield Line(FAILURES, {**labels, "error": str(error)}, tuple(failed))
    for name, text in SENT.items():
        found = ((at, each.latency.quantile(QUANTILES[name])) for at, _, each in spans)
        known = ((at, value) for at, value in found if value is not None)
        yield Line(LATENCY, {**labels, "quantile": text}, tuple(known))


def _named(subject: Subject) -> dict[str, str]:
    """All requests together have no endpoint: sums over endpoints stay right."""
    if subject.kind == "total":
        return {"scope": "all"}
    found = {"scope": subject.kind, "endpoint": subject.name}
    return found | ({"file_class": subject.file_class} if subject.file_class else {})
