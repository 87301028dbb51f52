"""examples/duotopia: the plan, shortened, on a real PostgreSQL, and every flaw found and named."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from perfspec import jsonio
from tests.commands import Command, Kept, check_agreement, perfspec, started
from tests.drivers import totals
from tests.examples import copied
from tests.postgres import running_postgres
from tests.runs import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from perfspec.judge.model import Diagnosis, Finding
    from tests.conftest import Eventually

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("duotopia")]

TESTS = [
    "smoke", "normal", "peak", "spike", "burst", "endurance", "stress", "limits", "breaking",
]  # fmt: skip
SHORTENED = ("--sequence", "shortened", "--env-file", "shortened.env")
CONNECTIONS = 100  # the pool, perfspec's own, and those of two more servers


@dataclass(frozen=True)
class Flaw:
    """The run that is to find it; ``own`` is a database of its own, since all sessions count.

    ``edits`` are replaced in the spec. ``alone``: after the others, since it is found by how fast the
    server is at other times. ``concurrency``: of the platform, which is a flaw without one in the code.
    """

    arguments: tuple[str, ...]
    own: bool = False
    alone: bool = False
    edits: tuple[tuple[str, str], ...] = ()
    bucket_ms: str = "300"
    pool_timeout: str = "2"
    concurrency: str = ""


def shortened(test: str) -> tuple[str, ...]:
    return (*SHORTENED, "--only", test)


LARGE_FILES = (  # enough of them in some seconds, by few users whom a busy machine serves as well
    ("2MB, weight: 5,", "2MB, weight: 50,"),
    ("users: 100\n    spawn_rate: 10/s", "users: 10"),
)
FLAWS = {
    "blocking": Flaw(
        ("--sequence", "peak", "--time-scale", "3%", *SHORTENED[2:]),
        bucket_ms="600",
        pool_timeout="30",
    ),
    "body-limit": Flaw(
        ("--sequence", "stress", "--time-scale", "2%", *SHORTENED[2:]), edits=LARGE_FILES
    ),
    "held-connections": Flaw(shortened("peak"), own=True, bucket_ms="5000"),
    "locks": Flaw(shortened("peak"), own=True),
    "none": Flaw(
        ("--sequence", "peak", "--time-scale", "3%", *SHORTENED[2:]),
        pool_timeout="30",
        concurrency="1",
    ),
    "slow-queries": Flaw(shortened("peak"), own=True),
    "cold-start": Flaw(
        ("--sequence", "normal", "--time-scale", "3%", *SHORTENED[2:]),
        alone=True,
        pool_timeout="30",
    ),
}


def replace_in(spec: Path, old: str, new: str) -> None:
    text = spec.read_text(encoding="utf-8")
    assert old in text
    spec.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory, eventually: Eventually) -> Kept:
    folder = copied(tmp_path_factory.mktemp("healthy") / "duotopia")
    with running_postgres(eventually, connections=CONNECTIONS) as server:
        variables = {"PORT": str(free_port()), "DATABASE_URL": server.dsn}
        done = perfspec(folder, "run", *SHORTENED, **variables)
    return check_agreement(done, folder)


def test_the_whole_plan_runs_shortened_and_everything_takes_part(healthy: Kept) -> None:
    assert [(each.name, each.status, each.errors) for each in healthy.result.tests] == [
        (name, "complete", []) for name in TESTS
    ]
    results = healthy.result.tests
    asked = {name for each in results for name in totals(each)}
    assert asked == {each.name for each in healthy.plan.endpoints}
    keys = [series.key for each in results for series in each.series]
    assert {each.persona for each in keys} == {"student", "prober"}
    assert {each.file_class for each in keys} == {None, "small", "medium", "large", "max"}
    for each in results:
        read = {monitor.name: monitor.problems for monitor in each.monitors}
        assert read == {"api": [], "db": []}
    judged = {each.objective for test in healthy.verdict.tests for each in test.findings}
    assert judged >= {
        "total.throughput", "database.db.lock_waits.max", "system.api.cpu.mean",
        "small_files.total/medium.p95", "large_files.total/max.p95",
        "optimised_capacity.total.capacity", "total.degradation.p95",
    }  # fmt: skip


def test_seventy_percent_of_the_capacity_are_recommended(healthy: Kept) -> None:
    answer = healthy.verdict.tests[-1].capacity
    assert answer is not None
    assert answer.recommended == answer.users * 7 // 10
    assert "70% of it" in healthy.summary


def limits(folder: Path, environment: str, test: str) -> dict[str, tuple[Any, Any]]:
    """What warns and what fails in one test of one environment, by the limit's id."""
    variables = {
        "STAGING_URL": "https://staging.example.com",
        "PRODUCTION_URL": "https://duotopia.example.com",
        "STUDENT_PASSWORD": "read-aloud",
    }
    arguments = ("--env", environment, "--sequence", test, "--json")
    done = perfspec(folder, "plan", *arguments, **variables)
    assert done.code == 0, done.err
    (planned,) = jsonio.decode(done.out.encode(), dict)["plan"]["tests"]
    return {each["id"]: (each.get("warn"), each.get("fail")) for each in planned["objectives"]}


def test_each_environment_has_its_own_expectations(tmp_path: Path) -> None:
    folder = copied(tmp_path / "duotopia")
    staging, production = (limits(folder, each, "peak") for each in ("staging", "production"))
    assert staging["staging_peak.total.p95"] == (15, 25)
    assert production["production_peak.total.p95"] == (10, 15)
    assert (staging["total.p95"], production["total.p95"]) == ((30, 60), (15, 25))
    assert "production_peak.total.p95" not in staging
    assert "small_files.total/medium.p95" not in staging
    assert limits(folder, "staging", "spike")["staging_peak.total.error_rate"] == (0.05, 0.1)
    assert limits(folder, "production", "stress")["total.error_rate"] == (0.05, 0.1)
    assert limits(folder, "production", "gradual")["total.capacity"] == (50, 20)
    assert "database.db.connections_active.max" in production


def test_production_is_guarded(tmp_path: Path) -> None:
    folder = copied(tmp_path / "duotopia")
    variables = {"PRODUCTION_URL": "http://127.0.0.1:1", "STUDENT_PASSWORD": "read-aloud"}
    done = perfspec(folder, "run", "--sequence", "production", **variables)
    assert done.code == 2
    assert "--confirm production" in done.err
    done = perfspec(
        folder, "run", "--env", "production", "--sequence", "endurance", "--confirm", "production",
        **variables,
    )  # fmt: skip
    assert done.code == 2
    assert "endurance" in done.err
    assert not (folder / ".perfspec").exists()


@pytest.fixture(scope="module")
def flawed(
    healthy: Kept,  # noqa: ARG001  (not at the same time)
    tmp_path_factory: pytest.TempPathFactory,
    eventually: Eventually,
) -> Iterator[dict[str, Kept]]:
    """Those at the same time that do not measure how fast a good server is."""
    with ExitStack() as stack:
        shared = stack.enter_context(running_postgres(eventually, connections=CONNECTIONS))
        folders: dict[str, Path] = {}
        commands: list[Command] = []
        for fault, flaw in FLAWS.items():
            if flaw.alone:
                for command in commands:
                    command.end()
            server = shared
            if flaw.own:
                server = stack.enter_context(running_postgres(eventually, connections=CONNECTIONS))
            folders[fault] = folder = copied(tmp_path_factory.mktemp(fault) / "duotopia")
            for old, new in flaw.edits:
                replace_in(folder / "perfspec.yaml", old, new)
            run = started(
                folder, "run", *flaw.arguments,
                FAULT=fault, PORT=str(free_port()), DATABASE_URL=server.dsn,
                EVERY="500ms", BUCKET_MS=flaw.bucket_ms, POOL_TIMEOUT=flaw.pool_timeout,
                CONCURRENCY=flaw.concurrency,
            )  # fmt: skip
            commands.append(stack.enter_context(run))
        for command in commands:
            command.end()
        yield {fault: Kept(folder) for fault, folder in folders.items()}


def diagnoses(kept: Kept) -> list[Diagnosis]:
    (test,) = kept.verdict.tests
    return list(test.diagnoses)


def broken(kept: Kept) -> dict[str, Finding]:
    (test,) = kept.verdict.tests
    return {each.objective: each for each in test.findings if each.outcome == "fail"}


def test_an_upload_that_blocks_the_event_loop(flawed: dict[str, Kept]) -> None:
    assert flawed["blocking"].finding("total.p50").outcome in {"warn", "fail"}
    (found,) = [each for each in diagnoses(flawed["blocking"]) if "wait for one" in each.cause]
    assert "most of all for upload" in found.cause
    assert "a blocked event loop" in flawed["blocking"].summary


def test_a_platform_that_serves_one_request_at_a_time(flawed: dict[str, Kept]) -> None:
    assert "total.throughput" in broken(flawed["none"])
    assert any("wait for one another" in each.cause for each in diagnoses(flawed["none"]))


def test_connections_that_are_kept_during_the_upload(flawed: dict[str, Kept]) -> None:
    assert "total.error_rate" in broken(flawed["held-connections"])
    (found,) = [each for each in diagnoses(flawed["held-connections"]) if each.error == "server"]
    assert "such as connections of a pool" in found.cause
    assert "db.connections_total was at 20, beyond 18" in found.cause


def test_a_row_that_everybody_waits_for(flawed: dict[str, Kept]) -> None:
    waiting = broken(flawed["locks"])["database.db.lock_waits.max"].observed
    assert waiting is not None
    assert waiting > 3
    assert any("db.lock_waits was at" in each.cause for each in diagnoses(flawed["locks"]))


def test_slow_queries_that_use_up_the_connections(flawed: dict[str, Kept]) -> None:
    over = broken(flawed["slow-queries"])
    assert over["database.db.connections_active.max"].observed == 20
    assert "database.db.slow_queries.max" in over
    causes = [each.cause for each in diagnoses(flawed["slow-queries"])]
    assert any(each.startswith("db.connections_active went up to 20 and no") for each in causes)


def test_a_cold_start(flawed: dict[str, Kept]) -> None:
    (found,) = [each for each in diagnoses(flawed["cold-start"]) if "cold" in each.cause]
    assert found.cause.startswith("A cold start: the first requests waited")
    assert "A cold start" in flawed["cold-start"].summary


def test_a_proxy_that_refuses_large_files(flawed: dict[str, Kept]) -> None:
    over = broken(flawed["body-limit"])
    assert over["large_files.total/max.error_rate"].observed == 1
    assert over.keys() & {"large_files.total/large.error_rate"} == set()
    assert any("(413)" in each.cause for each in diagnoses(flawed["body-limit"]))


def test_before_and_after_stand_side_by_side(flawed: dict[str, Kept], healthy: Kept) -> None:
    before, after = (str(each.folder.path) for each in (flawed["blocking"], healthy))
    done = perfspec(healthy.folder.path, "compare", before, after, "--format", "markdown")
    assert done.code == 0, done.err
    assert "peak" in done.out
    assert "upload" in done.out
