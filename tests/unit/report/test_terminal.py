from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from perfspec.judge.verdict import judge_run
from perfspec.report.terminal import FinalReport
from tests.results import bookshop_run, limit, make_plan, make_run, make_test, measure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from syrupy.assertion import SnapshotAssertion

    from perfspec.measure.model import RunResult
    from perfspec.plan.model import Plan


def printed(
    plan: Plan,
    run: RunResult,
    width: int = 80,
    encoding: str = "utf-8",
    terminal: Mapping[str, str] | None = None,
) -> str:
    """What comes out in this width and encoding; ``terminal`` holds the variables of one."""
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding=encoding, write_through=True) as file:
        console = Console(
            file=file, width=width, force_terminal=terminal is not None, legacy_windows=False,
            color_system=None if terminal is None else "truecolor", _environ=terminal or {},
        )  # fmt: skip
        console.print(FinalReport(plan, run, judge_run(plan, run)))
        text = raw.getvalue().decode(encoding)
    return "\n".join(line.rstrip() for line in text.splitlines())


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_end_of_a_run(width: int, snapshot: SnapshotAssertion) -> None:
    plan, run = bookshop_run()
    text = printed(plan, run, width)
    assert text == snapshot
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("width", [20, 35, 60, 80, 200])
def test_no_word_of_a_finding_is_lost_where_it_is_narrow(width: int) -> None:
    plan, run = bookshop_run()
    text = printed(plan, run, width)
    assert max(map(len, text.splitlines())) <= width
    squeezed = "".join(text.split())
    for each in ("perfspec.yaml:44", "endpoints.login.slo.p95", "atmost300ms", "[31m", "1,465"):
        assert each in squeezed


def test_colour_only_where_it_is_wanted() -> None:
    plan, run = bookshop_run()
    assert "\x1b" not in printed(plan, run)
    assert "\x1b[3" not in printed(plan, run, terminal={"NO_COLOR": "1"})
    assert "\x1b[1;31mFAIL" in printed(plan, run, terminal={"TERM": "xterm"})


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_terminal_without_unicode_gets_what_it_can_show(encoding: str) -> None:
    plan, run = bookshop_run()
    text = printed(plan, run, encoding=encoding)
    assert "FAIL  bookshop on local" in text
    assert "?[31m" in text


def test_a_long_name_is_folded_before_a_number_is_lost() -> None:
    test = make_test(limit("p95", 0.3))
    plan = make_plan(test)
    name = "download_the_whole_catalogue_with_all_of_its_covers"
    text = printed(plan, make_run(plan, measure(test, {name: [0.123] * 200})), 60)
    assert text.count("123 ms") >= 4


def test_the_reason_why_nothing_is_judged_stands_once(snapshot: SnapshotAssertion) -> None:
    test = make_test(limit("p95", 0.3), limit("error_rate", 0.01))
    plan = make_plan(test)
    run = make_run(plan, measure(test, {"login": [0.1] * 200}, health={"busy_s": 30}))
    text = printed(plan, run)
    assert text.count("saturated") == 1
    assert text == snapshot


def test_a_run_that_broke_before_its_first_test(snapshot: SnapshotAssertion) -> None:
    plan = make_plan(make_test(limit("p95", 0.3)))
    problem = "the service api was not ready after 30s: connection refused"
    assert printed(plan, make_run(plan, problem=problem)) == snapshot
