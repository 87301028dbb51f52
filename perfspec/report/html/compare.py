"""The page of ``perfspec compare``: runs side by side, their curves over each other."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING

from perfspec.judge.select import by_window
from perfspec.plan.load import Span
from perfspec.plan.metrics import QUANTILES
from perfspec.report.compare import in_order
from perfspec.report.compare_text import about
from perfspec.report.escape import one_line
from perfspec.report.html.chart import Chart, Line, rounded
from perfspec.report.html.charts import (
    FEWEST_COLUMNS,
    LINES_OF_A_SUBJECT,
    MOST_COLUMNS,
    MOST_SUBJECTS,
    MOST_VALUES,
    SubjectCharts,
    TestCharts,
    bands,
)
from perfspec.report.html.columns import Column, columns, edges_of, in_columns
from perfspec.report.html.page import render
from perfspec.report.html.report import SIGNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.measure.model import TestResult, Window
    from perfspec.plan.limits import Subject
    from perfspec.report.compare import ComparedTest, RunComparison
    from perfspec.report.html.chart import Unit


def compare_html(comparison: RunComparison) -> str:
    """The whole file; it needs no other one and no network."""
    return render(
        "compare.html.j2",
        data=[_charts(each, len(comparison.tests)) for each in comparison.tests],
        runs=[(run.verdict.outcome, run.result.run_id, about(run)) for run in comparison.runs],
        notes=comparison.notes,
        tests=comparison.tests,
        signs=SIGNS,
    )


def _charts(compared: ComparedTest, tests: int) -> TestCharts:
    """On the time axis of the run that got furthest."""
    longest = max(compared.parts, key=lambda each: each.result.measured_s)
    first = compared.parts[0]
    shown = [each for each in in_order(first.plan, compared.parts) if each.file_class is None]
    shown = shown[: MOST_SUBJECTS // tests]
    room = MOST_VALUES // (tests * LINES_OF_A_SUBJECT * len(shown) * len(compared.parts))
    most = min(max(room, FEWEST_COLUMNS), MOST_COLUMNS)
    axis = columns(longest.test, longest.result, longest.verdict.judged, most)
    edges = edges_of(axis)
    drawn = {
        f"run {each.number}": in_columns(each.result, aligned(each.result, edges))
        for each in compared.parts
    }
    return TestCharts(
        test=compared.name,
        edges=edges,
        heat_edges=(),
        bands=tuple(bands(longest.test)),
        judged=tuple((each.start_s, each.end_s) for each in longest.verdict.judged),
        subjects=tuple(_subject(each, drawn, axis) for each in shown),
        charts=(),
    )


def aligned(result: TestResult, edges: Sequence[float]) -> tuple[Column, ...]:
    """The windows of a result whose middles lie in each of other columns."""
    middles = [(start + end) / 2 for start, end in pairwise(result.edges)]
    return tuple(
        Column(bisect_left(middles, start), bisect_left(middles, end), start, end)
        for start, end in pairwise(edges)
    )


def _subject(
    subject: Subject, drawn: dict[str, TestResult], axis: Sequence[Column]
) -> SubjectCharts:
    windows = {
        name: by_window(each, subject, (Span(start_s=0, end_s=each.edges[-1]),))
        for name, each in drawn.items()
    }
    ends = {name: each.measured_s for name, each in drawn.items()}

    def chart(title: str, unit: Unit, value: str) -> Chart:
        lines = (
            Line(name=name, values=_values(found, axis, value, ends[name]))
            for name, found in windows.items()
        )
        return Chart(title=title, unit=unit, lines=tuple(lines))

    charts = [chart(f"Latency, {each}", "ms", each) for each in ("p50", "p95", "p99")]
    charts.append(chart("Throughput", "per_s", "rate"))
    if any(each.errors for found in windows.values() for each in found):
        charts.append(chart("Errors", "per_s", "failed"))
    return SubjectCharts(name=one_line(str(subject)), charts=tuple(charts))


def _values(
    windows: Sequence[Window], axis: Sequence[Column], value: str, end_s: float
) -> tuple[float | None, ...]:
    """Nothing where the run had ended already."""
    return tuple(
        _value(window, at.seconds, value) if at.start_s < end_s else None
        for window, at in zip(windows, axis, strict=True)
    )


def _value(window: Window, seconds: float, value: str) -> float | None:
    if value == "rate":
        return rounded(window.count / seconds)
    if value == "failed":
        return rounded(sum(window.errors.values()) / seconds)
    found = window.latency.quantile(QUANTILES[value])
    return rounded(None if found is None else found * 1000)
