"""examples/tts_reader: the whole guide, shortened, and each trouble of its table, found and named."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64encode
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

import pytest

from tests.commands import Done, Kept, check_agreement, perfspec, started
from tests.drivers import totals
from tests.examples import EXAMPLES, check_workflow, copied, prometheus_of
from tests.runs import free_port, listens
from tests.targets import running_target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from perfspec.judge.model import Diagnosis, Finding, TestVerdict
    from tests.conftest import Eventually

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("tts_reader")]

PATIENCE_S = 250  # it takes 30 s where nothing else runs
SHORTENED = ("--env-file", "shortened.env")
RUNS = {
    "polly,stripe": ("--only", "load", "--time-scale", "0.8%", *SHORTENED),
    "cascade": ("--only", "load", "--time-scale", "1%", *SHORTENED),
    "credits": ("--only", "load", "--time-scale", "0.5%", *SHORTENED),
    "rate-limit": ("--only", "load", "--time-scale", "0.5%", *SHORTENED),
    "textract": ("--only", "load", "--time-scale", "1.5%", *SHORTENED),
    "pool": ("--only", "load", "--time-scale", "1.5%", *SHORTENED),  # a gauge, once a second
    "early-expiry": ("--only", "load", "--time-scale", "1%", *SHORTENED),
    "progress": ("--only", "long_jobs", "--time-scale", "1%", *SHORTENED),
    "limit": ("--only", "stress", "--time-scale", "1.5%"),
    "crash": ("--only", "spike", "--time-scale", "0.3%", *SHORTENED),
    "backlog": ("--only", "spike", *SHORTENED),
    "leak,drift": ("--only", "endurance", *SHORTENED),
}
LIGHTER = {
    "leak,drift": {
        "spawn_rate: 5/s\n    duration: 2h": "spawn_rate: 50/s\n    duration: 20s",
    },
    "backlog": {  # recovering needs real time
        "{ users: 10, ramp: 5s, hold: 2m }": "{ users: 10, hold: 3s }",
        "{ users: 300, ramp: 3s, hold: 3m }": "{ users: 170, ramp: 1s, hold: 2s }",
        "{ users: 10, ramp: 10s, hold: 4m }": "{ users: 10, ramp: 1s, hold: 12s }",
        "recovery_time: 2m": "recovery_time: 1s",
    },
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
def elsewhere(
    tmp_path_factory: pytest.TempPathFactory, eventually: Eventually
) -> Iterator[tuple[str, str]]:
    """A backend that perfspec does not start, and a Prometheus that has a 1 for every query."""
    folder, port = copied(tmp_path_factory.mktemp("elsewhere") / "tts_reader"), free_port()
    command = [sys.executable, "server.py", "--port", str(port)]
    with running_target() as prometheus, subprocess.Popen(command, cwd=folder) as server:
        try:
            prometheus.on("/api/v1/query_range", prometheus_of("1"))
            eventually(lambda: listens(port))
            yield f"http://127.0.0.1:{port}", prometheus.url
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def ran(
    tmp_path_factory: pytest.TempPathFactory, elsewhere: tuple[str, str]
) -> Iterator[dict[str, Ran]]:
    """All at the same time: none of them measures how fast the server is."""
    url, prometheus = elsewhere
    with ExitStack() as stack:
        commands = {}
        folder = copied(tmp_path_factory.mktemp("staging") / "tts_reader")
        nightly = ("--env", "staging", "--sequence", "nightly", "--time-scale", "2%", *SHORTENED)
        variables = {"STAGING_URL": url, "STAGING_PROMETHEUS": prometheus, "EVERY": "1s"}
        command = started(folder, "run", *nightly, **variables)
        commands["staging"] = folder, stack.enter_context(command)
        for trouble, arguments in RUNS.items():
            folder = copied(tmp_path_factory.mktemp(trouble) / "tts_reader")
            lighten(folder / "perfspec.yaml", LIGHTER.get(trouble, {}))
            variables = {"PORT": str(free_port()), "TROUBLES": trouble}
            if trouble == "early-expiry":
                variables["SESSION_SECONDS"] = "3600"
            command = started(folder, "run", *arguments, **variables)
            commands[trouble] = folder, stack.enter_context(command)
        ended = {name: (folder, command.end()) for name, (folder, command) in commands.items()}
        yield {name: Ran(done, Kept(folder)) for name, (folder, done) in ended.items()}


def lighten(spec: Path, replaced: dict[str, str]) -> None:
    text = spec.read_text(encoding="utf-8")
    for written, lighter in replaced.items():
        assert written in text
        text = text.replace(written, lighter)
    spec.write_text(text, encoding="utf-8")


def test_polly_and_stripe_throttle(ran: dict[str, Ran]) -> None:
    run = ran["polly,stripe"]
    for endpoint in ("synthesize", "buy_credits"):
        assert run.outcome(f"critical.{endpoint}.success_rate") == "fail"
    for provider in ("polly", "stripe"):
        assert run.outcome(f"providers.app.{provider}_throttled.max") == "fail"
    assert {each.error for each in run.verdict.first_errors} == {"server"}
    assert run.says("queue requests to Polly")
    log = run.kept.folder.logs / "service-api.log"
    assert "POST /api/synthesize 503 after " in log.read_text(encoding="utf-8")


def test_throttling_that_is_tried_again_takes_the_database_along(ran: dict[str, Ran]) -> None:
    run = ran["cascade"]
    assert run.outcome("critical.synthesize.success_rate") == "fail"
    assert run.outcome("providers.app.polly_throttled.max") == "fail"
    assert run.outcome("providers.app.pool_used.p95") == "fail"
    assert run.outcome("login.p95") == "fail"  # which has nothing to do with Polly


def test_the_limit_is_between_two_levels_of_the_stress_test(ran: dict[str, Ran]) -> None:
    capacity = ran["limit"].verdict.capacity
    assert capacity is not None
    assert capacity.broken_at is not None
    assert 100 <= capacity.users < capacity.broken_at <= 500
    assert ran["limit"].outcome("total.capacity") == "pass"
    assert "server" in {each.error for each in ran["limit"].verdict.first_errors}


def test_a_crash_in_the_spike_is_told_with_the_last_words(ran: dict[str, Ran]) -> None:
    done = ran["crash"].done
    assert done.code == 3
    assert "service api ended with exit status 1" in done.err
    assert "tts-reader: out of memory" in done.err
    assert ran["crash"].says("auto-scaling; cache warming; rate limits")


def test_a_backlog_after_the_spike_is_a_slow_recovery(ran: dict[str, Ran]) -> None:
    assert ran["backlog"].outcome("total.recovery_time") == "fail"
    assert ran["backlog"].says("auto-scaling; cache warming; rate limits")


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


def test_a_leak_is_growth_and_a_drift_is_degradation(ran: dict[str, Ran]) -> None:
    run = ran["leak,drift"]
    assert run.outcome("api.memory.growth") == "fail"
    assert run.outcome("total.degradation.p95") == "fail"
    assert run.says("memory profiling")


def test_the_nightly_sequence_runs_where_nothing_is_started(
    ran: dict[str, Ran], elsewhere: tuple[str, str]
) -> None:
    """Also where the metrics of the application are nowhere to be read."""
    run = ran["staging"]
    assert [(each.name, each.status) for each in run.kept.result.tests] == [
        ("smoke", "complete"),
        ("scheduled", "complete"),
    ], run.done.err
    outcomes = {each.objective: each.outcome for each in run.kept.verdict.tests[1].findings}
    skipped = {name for name, outcome in outcomes.items() if outcome == "skipped"}
    assert skipped == {name for name in outcomes if name.startswith("providers.")}
    shown = {each.name: each.absent for each in run.kept.test("scheduled").monitors}
    assert [name for name, absent in shown.items() if absent is None] == ["api", "machine"]
    login = b64encode(b"admin:local-only").decode()
    left = Request(f"{elsewhere[0]}/admin/accounts", headers={"Authorization": f"Basic {login}"})
    with urlopen(left) as answer:
        assert json.load(answer) == {"accounts": 1, "audio": 0}  # a customer's, who was there


def test_the_scheduled_workflow_is_sound() -> None:
    workflow = EXAMPLES / "tts_reader" / ".github" / "workflows" / "load-test.yml"
    check_workflow(workflow)
    assert "perfspec run --env production --sequence nightly" in workflow.read_text(
        encoding="utf-8"
    )
