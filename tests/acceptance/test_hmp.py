"""examples/hmp: the whole plan, shortened, and every flaw that it looks for, found and named."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.commands import Done, Kept, check_agreement, perfspec, started
from tests.drivers import totals
from tests.examples import EXAMPLES, check_workflow, copied, prometheus_of
from tests.runs import free_port, listens
from tests.targets import running_target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from perfspec.judge.model import Finding, TestVerdict
    from tests.conftest import Eventually

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hmp")]

PATIENCE_S = 250  # it takes 30 s where nothing else runs
TESTS = ["smoke", "load", "stress", "spike", "breakpoint", "soak"]
SHORT_SPIKE = """\
    stages:
      - { users: 8, hold: 6s }
      - { users: 60, ramp: 1s, hold: 3s }
      - { users: 8, ramp: 1s, hold: 14s }
    slo: { recovery_time: 3s }
"""
SHORT_SOAK = """\
    stages: [{ users: 8, hold: 20s }]
    slo: { growth: { api.memory: 10% }, degradation: { p95: 15% } }
"""


@dataclass(frozen=True)
class Flaw:
    """One of the server's defects, and the run that is to find it.

    ``replaced`` stands in the place of the stages and limits of the test of that name: recovering
    and growing are not judged in a test with a time scale.
    """

    arguments: tuple[str, ...]
    think: str = "100ms..300ms"
    replaced: tuple[str, str] | None = None


FLAWS = {
    "broken-content": Flaw(("--time-scale", "3%")),
    "slow-lists": Flaw(("--time-scale", "0.6%", "--only", "load", "--only", "soak")),
    "blocking-audio": Flaw(("--time-scale", "0.8%", "--only", "load"), think="20ms..60ms"),
    "errors": Flaw(
        ("--time-scale", "0.3%", "--only", "load", "--only", "stress", "--only", "spike"),
        think="50ms..150ms",
    ),
    "pool": Flaw(("--time-scale", "0.3%", "--only", "breakpoint")),
    "lost-work": Flaw(("--time-scale", "0.6%", "--only", "spike")),
    "crash": Flaw(("--time-scale", "0.2%", "--only", "stress")),
    "backlog": Flaw(("--only", "spike"), "50ms..100ms", ("spike", SHORT_SPIKE)),
    "leak,drift": Flaw(("--only", "soak"), "20ms..60ms", ("soak", SHORT_SOAK)),
}


@dataclass(frozen=True)
class Ran:
    done: Done
    kept: Kept

    @property
    def verdicts(self) -> dict[str, TestVerdict]:
        return {each.name: each for each in self.kept.verdict.tests}

    def broken(self, test: str) -> dict[str, Finding]:
        findings = self.verdicts[test].findings
        return {each.objective: each for each in findings if each.outcome == "fail"}


def test_the_whole_plan_runs_shortened_and_everything_takes_part(tmp_path: Path) -> None:
    folder = copied(tmp_path / "hmp")
    arguments = ("--sequence", "shortened", "--env-file", "shortened.env")
    with started(folder, "run", *arguments, PORT=str(free_port())) as command:
        done = command.end(PATIENCE_S)
    kept = check_agreement(done, folder)
    assert [(each.name, each.status, each.errors) for each in kept.result.tests] == [
        (name, "complete", []) for name in TESTS
    ]
    assert {name for each in kept.result.tests for name in totals(each)} == {
        each.name for each in kept.plan.endpoints
    }
    polled = {name for each in kept.result.tests for name in totals(each, "done")}
    assert polled == {"to_audio.done"}
    personas = {series.key.persona for each in kept.result.tests for series in each.series}
    assert personas >= {"student", "instructor", "hurried_student", "hurried_instructor"}
    read = {each.name for test in kept.result.tests for each in test.monitors if not each.absent}
    assert read == {"api", "machine", "app"}
    for test in kept.verdict.tests:
        assert len(test.findings) == len(kept.plan.test(test.name).objectives) > 0
    assert not (folder / "test_data.json").exists()


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Ran]]:
    """All at the same time: none of them measures how fast the server is."""
    with ExitStack() as stack:
        commands = {}
        for defect, flaw in FLAWS.items():
            folder = shorter(copied(tmp_path_factory.mktemp(defect) / "hmp"), flaw.replaced)
            variables = {"PORT": str(free_port()), "DEFECTS": defect, "THINK": flaw.think}
            command = started(folder, "run", *flaw.arguments, POLL="200ms", **variables)
            commands[defect] = folder, stack.enter_context(command)
        ended = {name: (folder, command.end()) for name, (folder, command) in commands.items()}
        yield {name: Ran(done, Kept(folder)) for name, (folder, done) in ended.items()}


def shorter(folder: Path, replaced: tuple[str, str] | None) -> Path:
    if replaced:
        name, text = replaced
        spec = folder / "perfspec.yaml"
        before, head, rest = spec.read_text(encoding="utf-8").partition(f"\n  {name}:\n")
        written, say, after = rest.partition("    say:")
        kept = [line for line in written.splitlines() if line.startswith("    personas:")]
        spec.write_text(before + head + "".join(f"{each}\n" for each in kept) + text + say + after)
    return folder


def test_a_functional_issue_aborts_the_plan(ran: dict[str, Ran]) -> None:
    run = ran["broken-content"]
    assert [each.outcome for each in run.verdicts.values()] == ["fail", *["skipped"] * 5]
    assert {each.key.name for each in run.kept.test("smoke").errors} == {"get_content"}
    assert "Functional issues detected" in run.kept.summary
    assert run.done.code == 1


def test_slow_lists_flag_the_baseline_and_skip_the_soak(ran: dict[str, Ran]) -> None:
    run = ran["slow-lists"]
    assert run.broken("load").keys() >= {"list_projects.p99"}
    assert "Baseline performance insufficient" in run.kept.summary
    assert "caching; indexes; pagination" in run.kept.summary
    assert run.verdicts["soak"].outcome == "skipped"
    assert run.verdicts["soak"].reasons == ("it needs load, which did not pass",)


def test_a_conversion_that_blocks_the_request_is_accepted_too_late(ran: dict[str, Ran]) -> None:
    accepted = ran["blocking-audio"].broken("load")["to_audio.p99"]
    assert accepted.observed is not None
    assert accepted.observed > 2.4


def test_queries_that_fail_break_the_error_rate_of_each_test(ran: dict[str, Ran]) -> None:
    run = ran["errors"]
    for test in ("load", "stress", "spike"):
        assert "total.error_rate" in run.broken(test)
        assert {each.error for each in run.verdicts[test].first_errors} == {"server"}
    assert "System unstable under higher sustained load" in run.kept.summary
    log = run.kept.folder.logs / "service-api.log"
    assert " 500 after " in log.read_text(encoding="utf-8")


def test_an_exhausted_pool_is_where_it_breaks(ran: dict[str, Ran]) -> None:
    run = ran["pool"]
    test = run.verdicts["breakpoint"]
    assert test.capacity is not None
    assert test.capacity.users < 60
    assert run.broken("breakpoint").keys() == {"total.capacity"}
    assert "server" in [each.error for each in test.first_errors]
    assert run.kept.finding("room_in_the_pool.app.pool_used.p95").observed == 1
    assert "less than the peak before a deadline" in run.kept.summary


def test_work_that_is_lost_in_the_spike_is_missed(ran: dict[str, Ran]) -> None:
    lost = ran["lost-work"].broken("spike")["no_data_loss.read_back.success_rate"]
    assert lost.observed == pytest.approx(0.8, abs=0.15)
    assert "Poor burst handling" in ran["lost-work"].kept.summary


def test_a_crash_breaks_the_run_and_is_told_with_the_last_words(ran: dict[str, Ran]) -> None:
    run = ran["crash"]
    assert run.done.code == 3
    assert "service api ended with exit status 1" in run.done.err
    assert "hmp: out of memory" in run.done.err
    assert "System unstable under higher sustained load" in run.kept.summary
    assert "infrastructure scaling; rate limiting" in run.kept.summary


def test_a_backlog_after_the_spike_is_a_slow_recovery(ran: dict[str, Ran]) -> None:
    run = ran["backlog"]
    broken = run.broken("spike")
    assert broken["total.recovery_time"].observed is not None
    assert broken["total.recovery_time"].observed > 3
    assert "async queues; circuit breakers; autoscaling" in run.kept.summary


def test_a_leak_is_growth_and_a_drift_is_degradation(ran: dict[str, Ran]) -> None:
    run = ran["leak,drift"]
    broken = run.broken("soak")
    for limit, most in {"api.memory.growth": 0.1, "total.degradation.p95": 0.15}.items():
        low = broken[limit].low
        assert low is not None
        assert low > most
    assert "Long-term stability issues" in run.kept.summary
    assert "memory profiling; leak detection" in run.kept.summary


def test_the_minimal_instance_is_judged_by_what_insights_shows(
    tmp_path: Path, eventually: Eventually
) -> None:
    """A server that somebody else has started, and only its address and its Insights are known."""
    folder, port = copied(tmp_path / "hmp"), free_port()
    command = [sys.executable, "server.py", "--port", str(port)]
    with running_target() as insights, subprocess.Popen(command, cwd=folder) as server:
        try:
            insights.on("/api/v1/query_range", prometheus_of("85"))
            eventually(lambda: listens(port))
            arguments = ("--env", "minimal", "--only", "load", "--time-scale", "0.4%")
            variables = {"HMP_URL": f"http://127.0.0.1:{port}", "HMP_INSIGHTS_URL": insights.url}
            done = perfspec(
                folder, "run", *arguments, THINK="100ms..300ms", EVERY="1s", **variables
            )
        finally:
            server.terminate()
    run = Ran(done, check_agreement(done, folder))
    assert run.broken("load").keys() == {"headroom.api.cpu.mean", "headroom.api.memory.mean"}
    assert run.kept.finding("room_in_the_pool.app.pool_used.p95").outcome == "skipped"
    shown = {each.name: each for each in run.kept.test("load").monitors}
    assert {each for each in shown if not shown[each].absent} == {"api", "machine"}
    assert {each.name for each in shown["api"].series} >= {"network_received", "disk_written"}


def test_the_workflow_of_releases_is_sound() -> None:
    workflow = EXAMPLES / "hmp" / ".github" / "workflows" / "release.yml"
    check_workflow(workflow)
