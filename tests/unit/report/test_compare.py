from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from perfspec.judge.verdict import judge_run
from perfspec.report.compare import Run, RunComparison, compare
from perfspec.report.compare_json import comparison_of
from perfspec.report.compare_text import compare_md
from tests.results import limit, make_plan, make_run, make_test, measure, skipped

if TYPE_CHECKING:
    from perfspec.plan.model import Plan

TEST = make_test(limit("p95", 0.3, on="login"))
PLAN = make_plan(TEST)


def run_of(seconds: list[float], plan: Plan = PLAN, *, cpu: str = "Test CPU") -> Run:
    result = make_run(plan, measure(TEST, {"login": seconds}))
    result.machine = msgspec.structs.replace(result.machine, cpu=cpu)
    return Run(plan, result, judge_run(plan, result))


def values(comparison: RunComparison, subject: str, metric: str) -> list[tuple[str, str]]:
    rows = [(row.subject, row.metric, row.values) for row in comparison.tests[0].rows]
    found = next(each for who, what, each in rows if (who, what) == (subject, metric))
    return [(each.text, each.change) for each in found]


def test_changes_are_against_the_first_run() -> None:
    runs = [run_of([each] * 300) for each in (0.1, 0.2, 0.1)]
    found = values(compare(runs), "login", "p95")
    assert [text for text, _ in found] == ["100 ms", "200 ms", "100 ms"]
    assert [change for _, change in found] == ["", "+100%", "0%"]


def test_what_is_nothing_has_no_change() -> None:
    silent, loud = run_of([0.1] * 300), run_of([0.1] * 300)
    assert values(compare([silent, loud]), "login", "error_rate") == [("0%", ""), ("0%", "")]


def test_what_else_differs_is_said_first() -> None:
    other = make_plan(TEST, fingerprint="0ther")
    comparison = compare([run_of([0.1] * 300), run_of([0.1] * 300, other, cpu="Other CPU")])
    assert [each.partition(":")[0] for each in comparison.notes] == [
        "Run 2 measured another plan than run 1",
        "Run 2 sent its load from another machine, or with other versions.",
    ]
    assert compare([run_of([0.1] * 300)] * 2).notes == ()


def test_a_test_that_only_one_run_measured_is_left_out() -> None:
    soak = make_test(limit("p95", 0.3), name="soak")
    plan = make_plan(TEST, soak)
    result = make_run(plan, measure(TEST, {"login": [0.1] * 300}), skipped(soak))
    run = Run(plan, result, judge_run(plan, result))
    assert [each.name for each in compare([run, run]).tests] == ["load"]


def test_json_has_numbers_in_base_units() -> None:
    runs = [run_of([each] * 300) for each in (0.1, 0.2)]
    found = comparison_of(compare(runs))
    assert [(each.run_id, each.outcome) for each in found.runs] == [
        (runs[0].result.run_id, "pass"),
        (runs[1].result.run_id, "pass"),
    ]
    rows = {(each.subject, each.metric): each for each in found.tests[0].rows}
    times, failures = rows["login", "p95"], rows["login", "error_rate"]
    assert times.unit == "s"
    assert times.values == pytest.approx((0.1, 0.2), rel=0.01)
    assert times.changes[0] is None
    assert times.changes[1] == pytest.approx(1.0, rel=0.02)
    assert (failures.unit, failures.values, failures.changes) == ("ratio", (0, 0), (None, None))
    assert rows["login", "throughput"].unit == "per_s"


@pytest.mark.parametrize("runs", [2, 4])
def test_markdown_has_a_column_for_each_run(runs: int) -> None:
    lines = compare_md(compare([run_of([0.1] * 300)] * runs)).splitlines()
    table = [each for each in lines if each.startswith("|")]
    assert len(table) == 2 + 2 * 5
    assert {each.count("|") for each in table} == {runs + 3}
