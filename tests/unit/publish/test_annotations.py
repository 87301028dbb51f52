"""Annotations for a job log, and the paths they stand at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from perfspec.judge.verdict import judge_run
from perfspec.publish.annotations import (
    MOST_IN_A_LOG,
    Annotation,
    annotate,
    log_commands,
    path_in_repository,
)
from perfspec.publish.files import outputs_of
from tests.results import bookshop_run, latencies, limit, make_plan, make_run, make_test, measure
from tests.shapes import failing_run, slower_than_before

if TYPE_CHECKING:
    from pathlib import Path


def annotation(**changes: str) -> Annotation:
    texts = {"path": "perfspec.yaml", "title": "t", "message": "m"} | changes
    return Annotation(line=4, column=7, level="failure", **texts)


def test_a_line_for_the_log() -> None:
    assert list(log_commands([annotation()])) == [
        "::error file=perfspec.yaml,line=4,col=7,title=t::m"
    ]


def test_no_text_begins_a_command_of_its_own() -> None:
    [line] = log_commands([annotation(title="a,line=9::x%", message="50%\n::error::\r, b: c")])
    assert line == (
        "::error file=perfspec.yaml,line=4,col=7,title=a%2Cline=9%3A%3Ax%25"
        "::50%25%0A::error::%0D, b: c"
    )


def test_no_more_than_github_shows() -> None:
    assert len(list(log_commands([annotation()] * 30))) == MOST_IN_A_LOG


def test_a_test_that_could_not_be_judged_is_told_at_its_own_line() -> None:
    test = make_test(limit("p95", 0.3, line=44))
    plan = make_plan(test)
    verdict = judge_run(plan, make_run(plan, measure(test, {})))
    assert [each.line for each in annotate(verdict, "perfspec.yaml")]
    assert "pass" not in {each.outcome for each in verdict.tests}


def test_a_budget_that_was_not_kept_is_told_at_its_line_and_counted(tmp_path: Path) -> None:
    plan, result = failing_run()
    comparison = slower_than_before()
    broken = comparison.changes[0]
    verdict = judge_run(plan, result, comparisons={plan.tests[0].name: comparison})
    found = [each for each in annotate(verdict, "perfspec.yaml") if each.line == broken.place.line]
    assert [each.level for each in found] == ["failure"]
    assert "order p95 fail" in found[0].title
    assert "+21%" in found[0].message
    without = outputs_of(judge_run(plan, result), tmp_path)["regressions"]
    assert int(outputs_of(verdict, tmp_path)["regressions"]) == int(without) + 1


def test_a_title_is_as_long_as_github_takes() -> None:
    test = make_test(limit("p95", 0.1, on="x" * 300, line=44))
    plan = make_plan(test)
    verdict = judge_run(plan, make_run(plan, measure(test, {"x" * 300: latencies(500, 0.3)})))
    assert max(len(each.title) for each in annotate(verdict, "perfspec.yaml")) == 255


@pytest.mark.parametrize(
    ("file", "path"),
    [
        ("perfspec.yaml", "perfspec.yaml"),
        ("load/shop.yaml", "load/shop.yaml"),
        ("../../etc/shop.yaml", "etc/shop.yaml"),
        ("/etc/passwd", "etc/passwd"),
    ],
)
def test_the_path_of_a_run_elsewhere_stays_in_the_repository(file: str, path: str) -> None:
    plan, _ = bookshop_run()
    plan = msgspec.structs.replace(plan, file=file, directory="/elsewhere/shop")
    assert path_in_repository(plan, None) == path


def test_the_path_of_a_run_in_the_workspace_is_below_it(tmp_path: Path) -> None:
    plan, _ = bookshop_run()
    folder = tmp_path / "apps" / "shop"
    plan = msgspec.structs.replace(plan, file="perfspec.yaml", directory=str(folder))
    assert path_in_repository(plan, tmp_path) == "apps/shop/perfspec.yaml"
    assert path_in_repository(plan, tmp_path / "other") == "perfspec.yaml"
