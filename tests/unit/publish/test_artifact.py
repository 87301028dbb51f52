"""An artifact that a stranger's workflow has made: good ones are read, the others refused."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from perfspec import jsonio
from perfspec.errors import UsageError
from perfspec.judge.verdict import judge_run
from perfspec.publish.artifact import LARGEST, read_artifact
from tests.results import latencies, limit, make_plan, make_run, make_test, measure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from perfspec.measure.model import RunResult
    from perfspec.plan.model import Plan


def small_run() -> tuple[Plan, RunResult]:
    test = make_test(limit("p95", 0.3), name="smoke")
    plan = make_plan(test)
    return plan, make_run(plan, measure(test, {"login": latencies(300, 0.05)}))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "artifact" / "2026-11-21T03-35-36Z-3f9c"
    folder.mkdir(parents=True)
    plan, result = small_run()
    jsonio.write_json(folder / "plan.json", plan)
    jsonio.write_json(folder / "result.json", result)
    jsonio.write_json(folder / "verdict.json", judge_run(plan, result))
    return folder


def test_a_run_is_read_from_its_folder_or_the_one_above(run: Path) -> None:
    assert read_artifact(run) == read_artifact(run.parent)
    plan, result, verdict, changed = read_artifact(run)
    assert (plan, result) == small_run()
    assert (verdict, changed) == (judge_run(plan, result), ())


def cut(run: Path) -> None:
    (run / "verdict.json").write_text('{"format": "perfspec/verdict/1"', encoding="utf-8")


def newer(run: Path) -> None:
    text = (run / "verdict.json").read_text(encoding="utf-8")
    (run / "verdict.json").write_text(text.replace("verdict/1", "verdict/2"), encoding="utf-8")


def elsewhere(run: Path) -> None:
    target = run.parent.parent / "secret"
    (run / "result.json").rename(target)
    (run / "result.json").symlink_to(target)


def endless(run: Path) -> None:
    (run / "result.json").unlink()
    os.mkfifo(run / "result.json")


def huge(run: Path) -> None:
    with (run / "result.json").open("ab") as file:
        file.truncate(LARGEST + 1)


def deep(run: Path) -> None:
    (run / "plan.json").write_text("[" * 200_000, encoding="utf-8")


def no_text(run: Path) -> None:
    (run / "plan.json").write_bytes(b'{"name": "\xff\xfe"}')


def another(run: Path) -> None:
    text = (run / "verdict.json").read_text(encoding="utf-8")
    (run / "verdict.json").write_text(text.replace("3f9c", "0000"), encoding="utf-8")


def strange_test(run: Path) -> None:
    text = (run / "verdict.json").read_text(encoding="utf-8")
    changed = text.replace('"name": "smoke"', '"name": "smoked"')
    assert changed != text
    (run / "verdict.json").write_text(changed, encoding="utf-8")


def speaking(run: Path) -> None:
    text = (run / "plan.json").read_text(encoding="utf-8")
    changed = text.replace('"type": "request"', '"type": "\\n::error::x"')
    assert changed != text
    (run / "plan.json").write_text(changed, encoding="utf-8")


def missing(run: Path) -> None:
    (run / "verdict.json").unlink()


def two_runs(run: Path) -> None:
    other = run.parent / "other"
    other.mkdir()
    (other / "plan.json").touch()


def no_run(run: Path) -> None:
    (run / "plan.json").unlink()


BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "cut off": (cut, "not a Verdict of this version"),
    "of a newer version": (newer, "not a Verdict of this version"),
    "a link to somewhere else": (elsewhere, "result.json"),
    "a pipe": (endless, "no file of at most 64 MB"),
    "very large": (huge, "no file of at most 64 MB"),
    "very deep": (deep, "not a Plan of this version"),
    "no text": (no_text, "not a Plan of this version"),
    "of another run": (another, "of different runs"),
    "about another test": (strange_test, "tests that the plan does not have"),
    "a command of the job log": (speaking, "not a Plan of this version"),
    "without a verdict": (missing, "No such file"),
    "two runs": (two_runs, "holds 2 runs"),
    "no run": (no_run, "holds no run"),
}


@pytest.mark.parametrize(("spoil", "says"), BAD.values(), ids=BAD)
def test_what_is_no_run_is_refused(run: Path, spoil: Callable[[Path], None], says: str) -> None:
    spoil(run)
    with pytest.raises(UsageError, match=says) as refused:
        read_artifact(run.parent)
    assert "\n" not in str(refused.value)


def test_the_name_of_a_folder_is_no_command_of_the_job_log(run: Path) -> None:
    (run / "verdict.json").unlink()
    run.rename(run.parent / "x\n::error::y")
    with pytest.raises(UsageError, match="No such file") as refused:
        read_artifact(run.parent)
    assert "\n" not in str(refused.value)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder"):
        read_artifact(tmp_path / "none")
