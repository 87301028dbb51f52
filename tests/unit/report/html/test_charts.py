from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from perfspec.judge.verdict import judge_run
from perfspec.measure.histogram import Histogram
from perfspec.measure.monitored import Monitored, SampledSeries
from perfspec.plan.limits import Subject
from perfspec.report.html.charts import Drawing, busiest
from perfspec.report.html.distribution import distribution_of, heat_of
from perfspec.report.html.graphics import gauge, spark_path
from perfspec.report.html.whole import whole_charts
from tests.results import limit, make_plan, make_run, make_test, measure
from tests.shapes import failing_run

if TYPE_CHECKING:
    from perfspec.measure.model import RunResult
    from perfspec.plan.model import Plan
    from perfspec.report.html.charts import TestCharts


def charts_of(plan: Plan, run: RunResult) -> TestCharts:
    verdict = judge_run(plan, run)
    return Drawing(plan, plan.tests[0], run.tests[0], verdict.tests[0], tests=1).charts()


def test_every_line_has_a_value_for_each_column() -> None:
    found = charts_of(*failing_run())
    columns = len(found.edges) - 1
    lines = [line for each in found.subjects for chart in each.charts for line in chart.lines]
    lines += [line for chart in found.charts for line in chart.lines]
    assert {len(line.values) for line in lines} == {columns}


def test_errors_are_drawn_by_class_where_there_are_some() -> None:
    found = charts_of(*failing_run())
    (errors,) = [each for each in found.subjects[0].charts if each.title == "Errors by class"]
    assert [each.name for each in errors.lines] == ["server"]
    assert max(each or 0 for each in errors.lines[0].values) > 1


def test_the_limits_of_a_subject_are_drawn_with_it() -> None:
    found = {each.name: each.charts[0].bounds for each in charts_of(*failing_run()).subjects}
    assert [(each.name, each.value) for each in found["login"]] == [("p95 limit", 700)]
    assert [each.value for each in found["all requests"]] == [250]


def test_a_distribution_counts_every_judged_request() -> None:
    plan, run = failing_run()
    verdict = judge_run(plan, run)
    login = Subject(kind="request", name="login")
    found = distribution_of(run.tests[0], login, verdict.tests[0].judged)
    assert found is not None
    assert sum(found.counts) == 658
    assert len(found.edges) == len(found.counts) + 1
    odds, latencies = zip(*found.curve, strict=True)
    assert odds[-1] == 658
    assert list(latencies) == sorted(latencies)


def test_a_heat_map_counts_every_request() -> None:
    test = make_test()
    result = measure(test, {"login": [0.001, 0.01, 0.1, 1.0] * 50})
    heat = heat_of(result.series[0].windows)
    assert heat is not None
    assert sum(sum(each[1:]) for each in heat.cells) == 200
    assert heat.edges[0] <= 1 <= heat.edges[1]
    assert heat.edges[-2] <= 1000 <= heat.edges[-1]


def test_only_the_busiest_are_drawn_in_the_order_of_the_plan() -> None:
    test = make_test()
    plan = make_plan(test)
    counts = {"get_book": 300, "order": 10, "login": 200}
    result = measure(test, {name: [0.1] * n for name, n in counts.items()})
    assert [str(each) for each in busiest(plan, result, 3)] == ["all requests", "login", "get_book"]


def test_a_monitor_becomes_charts_by_unit() -> None:
    test = make_test(hold_s=20)
    result = measure(test, {"login": [0.1] * 40})
    result.monitors = [
        Monitored(
            name="pool",
            every_s=5,
            series=[
                SampledSeries(name="wait", unit="s", at_s=[0, 5, 10, 15], values=[0.01, None, 0.02, 0.03]),
                SampledSeries(name="used", unit="ratio", at_s=[0, 5, 10, 15], values=[0.1, 0.2, 0.3, 0.4]),
                SampledSeries(name="idle", unit="ratio", at_s=[0, 5, 10, 15], values=[0.9, 0.8, 0.7, 0.6]),
            ],
        )
    ]  # fmt: skip
    plan = make_plan(test)
    run = make_run(plan, result)
    drawing = Drawing(plan, test, result, judge_run(plan, run).tests[0], tests=1)
    found = [
        each
        for each in whole_charts(test, result, drawing.axis, drawing.overlays)
        if "pool" in each.title
    ]
    assert [(each.unit, [line.name for line in each.lines]) for each in found] == [
        ("ms", ["wait"]),
        ("ratio", ["used", "idle"]),
    ]
    assert found[0].lines[0].values[::5] == (10, None, 20, 30)


@pytest.mark.parametrize("count", [0.0, 12.0])
def test_open_connections_stand_beside_the_users_that_hold_them(count: float) -> None:
    test = make_test()
    result = measure(test, {"login": [0.1] * 30})
    for each in result.health:
        each.open_connections = count
    plan = make_plan(test)
    drawing = Drawing(plan, test, result, judge_run(plan, make_run(plan, result)).tests[0], tests=1)
    users = next(whole_charts(test, result, drawing.axis, drawing.overlays))
    assert [each.name for each in users.lines] == [
        "users", *(["open connections"] if count else []), "planned",
    ]  # fmt: skip


def test_a_small_curve_breaks_off_where_nothing_was_measured() -> None:
    assert spark_path([1.0, 2.0, None, 1.0]).count("M") == 2
    assert spark_path([]) == ""
    assert "nan" not in spark_path([0.0, 0.0])


@pytest.mark.parametrize(
    ("metric", "allowed", "seconds"),
    [("p95", 0.3, 0.1), ("p95", 0.3, 0.9), ("availability", 0.999, 0.1), ("error_rate", 0.0, 0.1)],
)
def test_a_gauge_stays_in_its_box(metric: str, allowed: float, seconds: float) -> None:
    test = make_test(limit(metric, allowed))
    plan = make_plan(test)
    run = make_run(plan, measure(test, {"login": [seconds] * 300}))
    (finding,) = judge_run(plan, run).tests[0].findings
    found: Any = gauge(finding)
    positions = [found.low, found.value, found.high, found.limit]
    assert all(0 <= each <= 140 and math.isfinite(each) for each in positions)
    assert found.low <= found.value <= found.high


def test_histograms_are_drawn_with_little_error() -> None:
    found = heat_of([measure(make_test(), {"login": [0.25] * 60}).series[0].windows[0]])
    assert found is not None
    low, high = found.edges[0], found.edges[1]
    assert low <= 250 <= high
    assert Histogram.of([250_000]).quantile(0.5) == pytest.approx(0.25, rel=0.004)
