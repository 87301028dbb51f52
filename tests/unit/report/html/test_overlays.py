"""Drawn analyses say what the verdict says: how long, by how much, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfspec.judge.verdict import judge_run
from perfspec.report.html.charts import Drawing
from tests.shapes import failing_run, ladder_run, spiky_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.measure.model import RunResult
    from perfspec.plan.model import Plan
    from perfspec.report.html.chart import Chart
    from perfspec.report.html.charts import TestCharts


def drawn(made: Callable[[], tuple[Plan, RunResult]] = spiky_run) -> TestCharts:
    plan, result = made()
    verdict = judge_run(plan, result)
    return Drawing(plan, plan.tests[0], result.tests[0], verdict.tests[0], tests=1).charts()


def observed() -> dict[str, float | None]:
    plan, result = spiky_run()
    return {each.metric.name: each.observed for each in judge_run(plan, result).tests[0].findings}


def line(chart: Chart, name: str) -> list[float]:
    found = next(each for each in chart.lines if each.name == name)
    return [each for each in found.values if each is not None]


def test_a_recovery_is_as_long_as_it_was_judged() -> None:
    total, *others = (each.charts[0] for each in drawn().subjects)
    [stretch] = total.stretches
    assert stretch.start_s == 175  # the end of the peak
    assert stretch.end_s - stretch.start_s == observed()["recovery_time"]
    assert stretch.label == "recovery 61 s"
    assert not any(each.stretches for each in others)


def test_a_drift_rises_by_as_much_as_was_judged() -> None:
    chart = drawn().subjects[0].charts[0]
    trend = line(chart, "trend of p95")
    change = observed()["degradation.p95"]
    assert change is not None
    seconds = len(trend)  # a column each
    assert trend[-1] / trend[0] - 1 == pytest.approx(change * (seconds - 1) / seconds, rel=0.05)
    assert min(line(chart, "p95")) < trend[0] < max(line(chart, "p95"))


def test_growth_is_drawn_on_its_series() -> None:
    [chart] = [each for each in drawn().charts if each.title == "Monitor api"]
    trend = line(chart, "trend of memory")
    assert trend[0] < trend[-1]
    assert trend[0] == pytest.approx(4.04e8, rel=0.01)


def test_without_analyses_nothing_is_laid_over() -> None:
    charts = drawn(failing_run)
    every = [chart for each in charts.subjects for chart in each.charts] + list(charts.charts)
    assert not any(each.stretches for each in every)
    assert not any("trend" in each.name for chart in every for each in chart.lines)
    assert charts.ladder == ()


def test_a_ladder_rises_and_names_what_broke() -> None:
    charts = drawn(ladder_run)
    assert charts.levels == (20, 40, 60, 80, 100, 120, 140)
    latency, throughput = charts.ladder
    assert [each.name for each in latency.bounds] == ["stop_when p95"]
    for each in (latency, throughput):
        whole, broken = each.lines
        assert broken.values == (None,) * 6 + whole.values[-1:]
