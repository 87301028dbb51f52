"""What the page shows, ready for the template: words, and numbers to sort by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfspec.judge.model import Outcome
from perfspec.judge.select import samples, seconds
from perfspec.measure.summary import summarise
from perfspec.measure.tries import as_run
from perfspec.plan.load import Span, duration_s
from perfspec.report.answers import answer_lines
from perfspec.report.changes import comparison_lines, duet_text
from perfspec.report.escape import one_line
from perfspec.report.html.answers import BudgetView, LevelView, budgets, ladder
from perfspec.report.html.chart import rounded
from perfspec.report.html.charts import Drawing, TestCharts
from perfspec.report.html.columns import added_up, coarser
from perfspec.report.html.graphics import Gauge, gauge, spark_path
from perfspec.report.monitors import monitor_rows, problem_lines
from perfspec.report.tables import (
    GRAVEST_FIRST,
    NOTHING,
    TOTAL,
    endpoint_numbers,
    error_rows,
    finding_row,
    generator_text,
    journeys_text,
    judged_text,
)
from perfspec.units import counted, format_count, format_duration, format_latency, format_share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.judge.model import TestVerdict
    from perfspec.measure.model import TestResult
    from perfspec.measure.summary import Summary
    from perfspec.plan.model import Plan
    from perfspec.report.changes import ChangeRow
    from perfspec.report.monitors import MonitorRow
    from perfspec.report.tables import ErrorRow, FindingRow

SPARK, SPARK_POINTS = 0.95, 40
MOST_REASONS, LONGEST_REASON = 4, 2000
QUANTILES = ("p50", "p95", "p99")


@dataclass(frozen=True, slots=True)
class Cell:
    """A number as text, and the number itself to sort by; None sorts last."""

    text: str
    sort: float | None = None


@dataclass(frozen=True, slots=True)
class EndpointView:
    """One series. ``subject`` is the name that its charts go by, if it has any."""

    name: str
    subject: str
    spark: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class FindingView:
    """One limit. ``reason`` does not repeat what stands above all limits."""

    row: FindingRow
    samples: str
    reason: str
    gauge: Gauge | None


@dataclass(frozen=True, slots=True)
class Why:
    """Why one test did not pass: its reasons, then budgets and limits, the gravest first."""

    test: str
    reasons: tuple[str, ...]
    budgets: tuple[ChangeRow, ...]
    limits: tuple[FindingRow, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Tile:
    """One of the numbers that people look for first."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class TestView:
    """One test; without ``charts`` nothing was measured in it."""

    name: str
    outcome: Outcome
    reasons: tuple[str, ...]
    load: str
    judged: str
    tiles: tuple[Tile, ...] = ()
    answers: tuple[str, ...] = ()
    levels: tuple[LevelView, ...] = ()
    findings: tuple[FindingView, ...] = ()
    budgets: tuple[BudgetView, ...] = ()
    compared: tuple[str, ...] = ()
    duet: str | None = None
    endpoints: tuple[EndpointView, ...] = ()
    errors: tuple[ErrorRow, ...] = ()
    journeys: str = ""
    generator: str = ""
    monitors: tuple[MonitorRow, ...] = ()
    unread: tuple[str, ...] = ()
    charts: TestCharts | None = None


def test_view(
    plan: Plan, result: TestResult | None, verdict: TestVerdict, *, tests: int
) -> TestView:
    """One test of a page that shows ``tests``."""
    test = as_run(plan.test(verdict.name), result.tries if result is not None else ())
    reasons = tuple(one_line(each, LONGEST_REASON) for each in verdict.reasons)
    load = f"{format_duration(duration_s(test.stages))}, at most {counted(test.peak_users, 'user')}"
    if result is None or verdict.outcome is Outcome.SKIPPED:
        return TestView(verdict.name, verdict.outcome, reasons, load, judged="")
    drawing = Drawing(plan, test, result, verdict, tests=tests)
    endpoints = tuple(_endpoints(plan, drawing)) if drawing.axis else ()
    return TestView(
        name=verdict.name,
        outcome=verdict.outcome,
        reasons=reasons,
        load=load,
        judged=judged_text(verdict),
        tiles=tuple(_tiles(drawing.result, verdict)),
        answers=tuple(one_line(each, LONGEST_REASON) for each in answer_lines(verdict)),
        levels=tuple(ladder(verdict.capacity)),
        findings=tuple(_findings(verdict)),
        budgets=tuple(budgets(verdict.comparison)),
        compared=tuple(comparison_lines(verdict.comparison)) if verdict.comparison else (),
        duet=duet_text(verdict.comparison),
        endpoints=endpoints,
        errors=tuple(error_rows(result.errors)),
        journeys=journeys_text(test, result, verdict),
        generator=generator_text(result, verdict),
        monitors=tuple(monitor_rows(result, verdict)),
        unread=tuple(problem_lines(result)),
        charts=drawing.charts() if drawing.axis else None,
    )


def why(verdict: TestVerdict) -> Why:
    """With at most ``MOST_REASONS`` of each; none where the test could not be judged at all."""
    rows = [each.row for each in _findings(verdict) if each.row.outcome is not Outcome.PASS]
    changed = [
        each.row
        for each in budgets(verdict.comparison)
        if each.row.outcome is not Outcome.PASS and each.row.compared
    ]
    if verdict.invalid:
        rows, changed = [], []
    return Why(
        test=verdict.name,
        reasons=tuple(one_line(each, LONGEST_REASON) for each in verdict.reasons),
        budgets=tuple(changed[:MOST_REASONS]),
        limits=tuple(rows[:MOST_REASONS]),
        more=len(changed[MOST_REASONS:]) + len(rows[MOST_REASONS:]),
    )


def _tiles(result: TestResult, verdict: TestVerdict) -> Iterator[Tile]:
    spans = verdict.judged or (Span(start_s=0, end_s=result.measured_s),)
    found = summarise(samples(result, TOTAL, spans), seconds(spans))
    yield Tile("requests", format_count(found.count))
    yield Tile("throughput", _rate(found).text)
    yield Tile("median", _quantile(found, "p50").text)
    yield Tile("p95", _quantile(found, "p95").text)
    yield Tile("p99", _quantile(found, "p99").text)
    share = NOTHING if found.error_rate is None else format_share(found.error_rate)
    yield Tile("errors", share, counted(found.failed, "request") if found.failed else "")


def _findings(verdict: TestVerdict) -> Iterator[FindingView]:
    ordered = sorted(verdict.findings, key=lambda each: GRAVEST_FIRST.index(each.outcome))
    for each in ordered:
        reason = "not judged" if each.reason == verdict.invalid else each.reason
        yield FindingView(finding_row(each), format_count(each.samples), reason, gauge(each))


def _endpoints(plan: Plan, drawing: Drawing) -> Iterator[EndpointView]:
    few = coarser(drawing.axis, SPARK_POINTS)
    numbers = endpoint_numbers(plan, drawing.result, drawing.verdict.judged)
    for subject, found, whole in numbers:
        windows = added_up(drawing.windows(subject), drawing.axis, few)
        name = one_line(str(subject))
        yield EndpointView(
            name=name + (", whole test" if whole else ""),
            subject=name if subject in drawing.subjects else "",
            spark=spark_path([each.latency.quantile(SPARK) for each in windows]),
            cells=tuple(_cells(found)),
        )


def _cells(found: Summary) -> Iterator[Cell]:
    yield Cell(format_count(found.count), found.count)
    yield _rate(found)
    share = f" ({format_share(found.error_rate)})" if found.failed and found.error_rate else ""
    yield Cell(f"{format_count(found.failed)}{share}", found.failed)
    for name in QUANTILES:
        yield _quantile(found, name)
    yield _latency(found.max_s)


def _rate(found: Summary) -> Cell:
    if found.rate is None:
        return Cell(NOTHING)
    return Cell(f"{format_count(found.rate)}/s", rounded(found.rate, 6))


def _quantile(found: Summary, name: str) -> Cell:
    return _latency(found.quantiles.get(name))


def _latency(seconds: float | None) -> Cell:
    return Cell(NOTHING) if seconds is None else Cell(format_latency(seconds), seconds)
