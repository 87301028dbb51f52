"""The page of `perfspec compare` in a real browser, made by the command from real run folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfspec import jsonio
from perfspec.judge.verdict import judge_run
from tests.browser.test_report import AXE, DRAWN
from tests.commands import perfspec
from tests.shapes import failing_run, passing_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from perfspec.measure.model import RunResult
    from perfspec.plan.model import Plan
    from tests.browser.conftest import Open

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


def keep(folder: Path, made: Callable[[], tuple[Plan, RunResult]]) -> str:
    """A run folder, as a run leaves it."""
    folder.mkdir()
    plan, result = made()
    jsonio.write_json(folder / "plan.json", plan)
    jsonio.write_json(folder / "result.json", result)
    jsonio.write_json(folder / "verdict.json", judge_run(plan, result))
    return folder.name


def test_curves_lie_over_each_other(tmp_path: Path, opened: Open, axe: str) -> None:
    runs = [keep(tmp_path / "before", passing_run), keep(tmp_path / "after", failing_run)]
    done = perfspec(tmp_path, "compare", *runs, "--html", "compare.html")
    assert done.code == 0, done.err
    assert "571 ms (+109%)" in done.out
    text = (tmp_path / "compare.html").read_text(encoding="utf-8")
    assert len(text.encode()) < 500_000
    page = opened(text).page
    drawn = page.evaluate(DRAWN)
    assert {each["title"] for each in drawn} >= {"Latency, p95", "Throughput", "Errors"}
    assert [each for each in drawn if each["missing"]] == []
    assert page.evaluate("sections[0].charts[1].series.map((each) => each.label)") == [
        "time", "run 1", "run 2",
    ]  # fmt: skip
    page.evaluate(axe)
    assert page.evaluate(AXE) == []


def test_one_run_is_nothing_to_compare(tmp_path: Path) -> None:
    done = perfspec(tmp_path, "compare", keep(tmp_path / "only", passing_run))
    assert done.code == 2
    assert done.err == "Error: a comparison needs two runs: name another run folder\n"
