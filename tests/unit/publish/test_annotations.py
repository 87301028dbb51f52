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
from tests.results import bookshop_run, limit, make_plan, make_run, make_test, measure

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
