"""examples/tts_reader: the whole guide, shortened, and each trouble of its table, found and named."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.commands import Done, Kept, check_agreement, perfspec, started
from tests.drivers import totals
from tests.runs import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.judge.model import Diagnosis, Finding, TestVerdict

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("tts_reader")]

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "tts_reader"
PATIENCE_S = 250  # it takes 30 s where nothing else runs
SHORTENED = ("--env-file", "shortened.env")
RUNS = {
    "polly": ("--only", "load", "--time-scale", "0.5%"),
    "credits": ("--only", "load", "--time-scale", "0.5%"),
    "rate-limit": ("--only", "load", "--time-scale", "0.5%"),
    "textract": ("--only", "load", "--time-scale", "1.5%"),
    "pool": ("--only", "load", "--time-scale", "1.5%"),  # a gauge that is read once a second
    "early-expiry": ("--only", "load", "--time-scale", "1%"),
    "progress": ("--only", "long_jobs", "--time-scale", "1%"),
    "leak": ("--only", "endurance"),
}


@dataclass(frozen=True)
class Ran:
    done: Done
    kept: Kept

    @property
    def verdict(self) -> TestVerdict:
        (test,) = self.kept.verdict.tests
        return test

    @property
    def findings(self) -> dict[str, Finding]:
        return {each.objective: each for each in self.verdict.findings}

    def outcome(self, objective: str) -> str:
        return self.findings[objective].outcome

    def diagnosis(self, error: str) -> Diagnosis:
        return next(each for each in self.verdict.diagnoses if each.error == error)

    def says(self, text: str) -> bool:
        return text in self.kept.summary.replace("\\", "")


def copied(folder: Path) -> Path:
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    return folder


def test_the_whole_guide_runs_shortened_and_everything_takes_part(tmp_path: Path) -> None:
    folder = copied(tmp_path / "tts_reader")
    arguments = ("--sequence", "shortened", *SHORTENED)
    with started(folder, "run", *arguments, PORT=str(free_port())) as command:
        done = command.end(PATIENCE_S)
    kept = check_agreement(done, folder)
    assert {(each.status, tuple(each.errors)) for each in kept.result.tests} == {("complete", ())}
    assert {each.name for each in kept.result.tests} == {each.name for each in kept.plan.tests}
    called = {name for each in kept.result.tests for name in totals(each)}
    assert called >= {each.name for each in kept.plan.endpoints} | {"progress.watch"}
    personas = {series.key.persona for each in kept.result.tests for series in each.series}
    assert personas == {"reader", "burst", "power", "browsing", "watcher"}
    critical = set(totals(kept.test("critical_path")))
    assert critical <= {
        "login", "synthesize", "extract_and_synthesize", "get_credits", "buy_credits",
    }  # fmt: skip
    assert "batch" not in totals(kept.test("spike"))
    read = {each.name: each.absent for each in kept.test("load").monitors}
    assert [name for name, absent in read.items() if absent is None] == ["api", "machine", "app"]
    for test in kept.verdict.tests:
        assert len(test.findings) == len(kept.plan.test(test.name).objectives) > 0
    assert not (folder / "accounts.json").exists()


def test_several_workers_renew_tokens_before_they_end(tmp_path: Path) -> None:
    """Tokens are renewed 4 s before their 6 s are over, each by the only user of its account."""
    folder = copied(tmp_path / "tts_reader")
    arguments = ("--only", "load", "--time-scale", "1%", "--workers", "2", *SHORTENED)
    done = perfspec(folder, "run", *arguments, PORT=str(free_port()))
    load = check_agreement(done, folder).test("load")
    assert (load.status, load.errors, len(load.workers)) == ("complete", [], 2)
    assert totals(load)["login"].count > 150


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Ran]]:
    """All at the same time: none of them measures how fast the server is."""
    with ExitStack() as stack:
        commands = {}
        for trouble, arguments in RUNS.items():
            folder = copied(tmp_path_factory.mktemp(trouble) / "tts_reader")
            spec = folder / "perfspec.yaml"
            spec.write_text(
                spec.read_text(encoding="utf-8").replace("duration: 2h", "duration: 20s")
            )
            variables = {"PORT": str(free_port()), "TROUBLES": trouble}
            if trouble == "early-expiry":
                variables["SESSION_SECONDS"] = "3600"
            command = started(folder, "run", *arguments, *SHORTENED, **variables)
            commands[trouble] = folder, stack.enter_context(command)
        ended = {name: (folder, command.end()) for name, (folder, command) in commands.items()}
        yield {name: Ran(done, Kept(folder)) for name, (folder, done) in ended.items()}


def test_polly_throttles(ran: dict[str, Ran]) -> None:
    run = ran["polly"]
    assert run.outcome("critical.synthesize.success_rate") == "fail"
    assert run.outcome("providers.app.polly_throttled.max") == "fail"
    assert {each.error for each in run.verdict.first_errors} == {"server"}


def test_credits_are_used_up(ran: dict[str, Ran]) -> None:
    run = ran["credits"]
    found = run.diagnosis("payment")
    assert "the credits of its accounts are used up" in found.cause
    assert "synthesize" in found.evidence
    assert run.says("give the test accounts more credits")
    assert run.outcome("critical.synthesize.success_rate") == "fail"


def test_a_rate_limit_is_reached(ran: dict[str, Ran]) -> None:
    run = ran["rate-limit"]
    assert "A rate limit (429)" in run.diagnosis("throttled").cause
    assert run.says("lift the limit for the machine that sends the load")


def test_textract_is_slower_than_its_target(ran: dict[str, Ran]) -> None:
    """4 s: beyond the target of extract, within its maximum; within both of the other one."""
    found = ran["textract"].findings
    assert found["extract.p95"].outcome == "warn"
    assert found["extract.p95"].observed == pytest.approx(4, abs=1)
    assert found["extract_and_synthesize.p95"].outcome == "pass"


def test_the_pool_of_connections_is_exhausted(ran: dict[str, Ran]) -> None:
    run = ran["pool"]
    assert run.outcome("providers.app.pool_used.p95") == "fail"
    assert "server" in {each.error for each in run.verdict.first_errors}


def test_tokens_end_earlier_than_they_say(ran: dict[str, Ran]) -> None:
    found = ran["early-expiry"].diagnosis("auth")
    assert "Tokens ran out after about" in found.cause
    assert "before they were renewed" in found.cause
    assert ran["early-expiry"].says("renew earlier with `renew_before`")


def test_progress_that_breaks_off_has_the_servers_reason(ran: dict[str, Ran]) -> None:
    run = ran["progress"]
    assert run.diagnosis("reset").cause.startswith("Connections were broken off")
    assert "(1001 the worker was restarted)" in run.diagnosis("reset").evidence
    assert run.outcome("follow/watcher.success_rate") == "fail"


def test_a_leak_is_growth_of_the_memory(ran: dict[str, Ran]) -> None:
    grown = ran["leak"].findings["api.memory.growth"]
    assert grown.outcome == "fail"
    assert ran["leak"].says("memory profiling")


def test_the_scheduled_workflow_is_sound() -> None:
    workflow = EXAMPLE / ".github" / "workflows" / "load-test.yml"
    command = [str(Path(sys.executable).parent / "zizmor"), "--offline", "--quiet", str(workflow)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "perfspec run --env production --sequence nightly" in workflow.read_text(
        encoding="utf-8"
    )
