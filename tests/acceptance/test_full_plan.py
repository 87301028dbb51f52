"""examples/full-plan: six kinds of tests in one run and one report, in two minutes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.commands import check_agreement, mark_of, perfspec, started
from tests.runs import free_port

EXAMPLE = Path(__file__).parents[2] / "examples" / "full-plan"

PATIENCE_S = 300  # it takes two minutes

pytestmark = pytest.mark.slow


def test_the_six_kinds_of_tests_run_as_one_plan(tmp_path: Path) -> None:
    folder = tmp_path / "full-plan"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".perfspec", "build"))
    with started(folder, "run", "--time-scale", "2.5%", PORT=str(free_port())) as command:
        done = command.end(PATIENCE_S)
    kept = check_agreement(done, folder)
    assert done.code == 0
    verdicts = {each.name: each for each in kept.verdict.tests}
    assert list(verdicts) == ["smoke", "load", "stress", "spike", "breakpoint", "soak"]
    answer = verdicts["breakpoint"].capacity
    assert answer is not None
    assert (answer.users, answer.broken_at, answer.recommended) == (40, 80, 28)
    too_short = [case for case in kept.junit.iter("testcase") if mark_of(case) == "skipped"]
    assert [each.get("name") for each in too_short] == [
        "total.recovery_time",
        "total.degradation.p95",
    ]
    assert not (folder / "build" / "words.json").exists()


def test_a_gate_that_fails_skips_the_rest_and_cleans_up(tmp_path: Path) -> None:
    folder = tmp_path / "full-plan"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".perfspec", "build"))
    spec = folder / "perfspec.yaml"
    spec.write_text(spec.read_text().replace("slow:*:+100ms", "error:/books:100%"))
    done = perfspec(folder, "run", "--time-scale", "1%", PORT=str(free_port()))
    kept = check_agreement(done, folder)
    assert done.code == 1
    outcomes = [each.outcome for each in kept.verdict.tests]
    assert outcomes == ["fail", *["skipped"] * 5]
    reasons = {each.reasons for each in kept.verdict.tests[1:]}
    assert reasons == {("test smoke did not pass, and says on_fail: stop",)}
    assert "Something does not work." in done.out
    assert not (folder / "build" / "words.json").exists()
