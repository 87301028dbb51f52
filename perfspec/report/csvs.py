"""``requests.csv`` and ``windows.csv``: every number for a spreadsheet or a notebook.

A cell without a sample behind it is empty. Units stand in the column names. There is no free text
in these files, so nothing in them can be a formula.
"""

from __future__ import annotations

import csv
import io
from itertools import pairwise
from typing import TYPE_CHECKING

from perfspec.judge.select import (
    by_window,
    journeys_by_window,
    journeys_in,
    samples,
    seconds,
    windows_in,
)
from perfspec.measure.errors import ErrorClass
from perfspec.measure.model import JourneyWindow, Window
from perfspec.measure.summary import summarise
from perfspec.plan.load import Span
from perfspec.plan.metrics import QUANTILES
from perfspec.report.tables import JOURNEYS, TOTAL, subjects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from perfspec.judge.model import Verdict
    from perfspec.measure.model import Health, RunResult, TestResult
    from perfspec.measure.summary import Summary
    from perfspec.plan.limits import Subject
    from perfspec.plan.model import Plan

Row = dict[str, object]
NO_SAMPLES = Window(index=-1)


def requests_csv(plan: Plan, result: RunResult, verdict: Verdict) -> str:
    """One line for each test and series, over the judged seconds."""
    return _csv(
        _request_row("", TOTAL, NO_SAMPLES, 0),
        (
            _request_row(
                test.name,
                subject,
                samples(test, subject, spans),
                seconds(spans),
                journeys_in(test, JOURNEYS, spans) if subject.kind == "total" else None,
            )
            for test, spans in _tests(result, verdict)
            for subject in subjects(plan, test)
        ),
    )


def windows_csv(plan: Plan, result: RunResult, verdict: Verdict) -> str:
    """One line for each measured window and series; the generator's health beside the total."""
    return _csv(
        _window_row("", TOTAL, NO_SAMPLES, (0, 0), judged=False, health=None),
        (row for test, spans in _tests(result, verdict) for row in _windows(plan, test, spans)),
    )


def _tests(result: RunResult, verdict: Verdict) -> Iterator[tuple[TestResult, tuple[Span, ...]]]:
    judged = {each.name: each.judged for each in verdict.tests}
    for test in result.tests:
        if test.status != "skipped":
            yield test, judged[test.name]


def _windows(plan: Plan, test: TestResult, judged: tuple[Span, ...]) -> Iterator[Row]:
    inside = set(windows_in(test, judged))
    whole = [Span(start_s=0, end_s=test.edges[-1])]
    health = {each.index: each for each in test.health}
    journeys = journeys_by_window(test)
    edges = list(pairwise(test.edges))
    for subject in subjects(plan, test):
        for window in by_window(test, subject, whole):
            start, end = edges[window.index]
            if start < test.measured_s:
                yield _window_row(
                    test.name,
                    subject,
                    window,
                    (start, min(end, test.measured_s)),
                    judged=window.index in inside,
                    health=health.get(window.index) if subject.kind == "total" else None,
                    journeys=journeys.get(window.index) if subject.kind == "total" else None,
                )


def _request_row(
    test: str,
    subject: Subject,
    window: Window,
    judged_s: float,
    journeys: JourneyWindow | None = None,
) -> Row:
    found = summarise(window, judged_s)
    return {
        "test": test,
        **_who(subject),
        "judged_s": f"{judged_s:.3f}",
        **_counts(found),
        **_times(found),
        **{f"ttfb_{name}_ms": _ms(found.ttfb.get(name)) for name in QUANTILES},
        **{f"service_{name}_ms": _ms(found.service.get(name)) for name in QUANTILES},
        **_lateness(window),
        **_journeys(journeys),
        "bytes_sent": found.bytes_sent,
        "bytes_received": found.bytes_received,
        "connections": found.connections,
        "extra_attempts": found.extra,
    }


def _window_row(
    test: str,
    subject: Subject,
    window: Window,
    edges: tuple[float, float],
    *,
    judged: bool,
    health: Health | None,
    journeys: JourneyWindow | None = None,
) -> Row:
    start, end = edges
    found = summarise(window, end - start)
    return {
        "test": test,
        "window": window.index,
        "start_s": f"{start:.3f}",
        "end_s": f"{end:.3f}",
        "judged": int(judged),
        **_who(subject),
        **_counts(found),
        **_times(found),
        **{f"service_{name}_ms": _ms(found.service.get(name)) for name in QUANTILES},
        **_lateness(window),
        **_journeys(journeys),
        **_health(health),
    }


def _who(subject: Subject) -> Row:
    return {
        "kind": subject.kind,
        "endpoint": subject.name,
        "file_class": subject.file_class or "",
    }


def _counts(found: Summary) -> Row:
    return {
        "requests": found.count,
        "failed": found.failed,
        **{f"failed_{each}": found.errors.get(each, 0) for each in ErrorClass},
        "error_rate": "" if found.error_rate is None else f"{found.error_rate:.6f}",
        "rate_per_s": "" if found.rate is None else f"{found.rate:.3f}",
    }


def _times(found: Summary) -> Row:
    return {
        "mean_ms": _ms(found.mean_s),
        **{f"{name}_ms": _ms(found.quantiles.get(name)) for name in QUANTILES},
        "max_ms": _ms(found.max_s),
    }


def _lateness(window: Window) -> Row:
    late = window.lateness
    return {"lateness_p99_ms": _ms(None if late is None else late.quantile(0.99))}


def _journeys(window: JourneyWindow | None) -> Row:
    """Those that began in the window, or should have: beside the total only."""
    fates = ("completed", "failed", "cut_off", "dropped")
    return {f"journeys_{each}": "" if window is None else getattr(window, each) for each in fates}


def _health(health: Health | None) -> Row:
    return {
        "users": "" if health is None else f"{health.users:.2f}",
        "users_ready": "" if health is None else f"{health.ready:.2f}",
        "users_planned": "" if health is None else f"{health.planned:.2f}",
        "open_connections": "" if health is None else f"{health.open_connections:.2f}",
        "workers": "" if health is None else health.workers,
        "generator_cpu": "" if health is None else f"{health.cpu:.3f}",
        "generator_cpu_max": "" if health is None else f"{health.cpu_max:.3f}",
        "hub_delay_ms": "" if health is None else f"{health.hub_delay_us / 1000:.3f}",
    }


def _ms(value_s: float | None) -> str:
    return "" if value_s is None else f"{value_s * 1000:.3f}"


def _csv(header: Row, rows: Iterable[Row]) -> str:
    """Comma separated; the names of the columns are there also where nothing ran."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(header), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
