"""examples/nora: the plan, shortened, and the flaws that it is afraid of, found and named."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.commands import Kept, check_agreement, perfspec, started
from tests.drivers import totals
from tests.examples import check_growth, copied, only
from tests.runs import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nora")]

TESTS = ["baseline", "peak", "spike", "soak", "stress"]
SHORTENED = ("--sequence", "shortened", "--env-file", "shortened.env")
PEAK = ("--sequence", "peak", "--time-scale", "0.3%", "--env-file", "shortened.env")
STRESS = ("--sequence", "stress", "--time-scale", "1%", "--env-file", "shortened.env")
FLAWS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "pool": (PEAK, {"ANALYSIS_MS": "3000"}),
    "stress": (STRESS, {"ANALYSIS_MS": "3000", "FAULT": "pool"}),
    "scaling": (PEAK, {"ANALYSIS_MS": "3000"}),
    "provider": (PEAK, {"PROVIDER_RATE": "2"}),
    "throttled": (PEAK, {"PROVIDER_RATE": "2", "FAULT": "none"}),
    "storage": (PEAK, {}),
    "leak": (("--only", "soak", "--env-file", "shortened.env"), {}),  # growth needs real time
}


def ports() -> dict[str, str]:
    return {"PORT": str(free_port()), "UPLOAD_PORT": str(free_port())}


def test_the_whole_plan_runs_shortened_and_everything_takes_part(tmp_path: Path) -> None:
    folder = copied(tmp_path / "nora")
    kept = check_agreement(perfspec(folder, "run", *SHORTENED, **ports()), folder)
    assert [(each.name, each.status) for each in kept.result.tests] == [
        (name, "complete") for name in TESTS
    ]
    assert {name for each in kept.result.tests for name in totals(each)} == {
        each.name for each in kept.plan.endpoints
    }
    failed = {each.error for test in kept.result.tests for each in test.errors}
    assert failed <= {"throttled"}  # the provider's 429 is all that may go wrong
    assert {series.key.persona for each in kept.result.tests for series in each.series} == {
        "member", "family", "reader", "resident", "heavy",
    }  # fmt: skip
    read = {monitor.name for each in kept.result.tests for monitor in each.monitors}
    assert read == {"api", "app", "db", "providers"}
    judged = {each.objective for test in kept.verdict.tests for each in test.findings}
    assert judged >= {
        "app.instances.max.within", "uploads.put_audio.success_rate", "transcribe.done.p95",
        "providers.analyse.server_error_rate", "pool.db.connections.max", "total.capacity",
        "rate_limits.providers.anthropic.max", "spike_failures.total.server_error_rate",
        "providers.transcribe.errors.throttled", "total.errors.reset", "api.rss.growth", "total.degradation.p95",
    }  # fmt: skip
    assert "instance h of app.instances" in kept.summary
    assert "requests of analyse" in kept.summary


@pytest.fixture(scope="module")
def flawed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Kept]]:
    """All at the same time: none of them measures how fast the server is."""
    with ExitStack() as stack:
        folders, commands = {}, []
        for fault, (arguments, own) in FLAWS.items():
            folders[fault] = folder = copied(tmp_path_factory.mktemp(fault) / "nora")
            spec = folder / "perfspec.yaml"
            text = spec.read_text(encoding="utf-8")
            spec.write_text(text.replace("duration: 6h", "duration: 10s"), encoding="utf-8")
            variables = {"FAULT": fault, "EVERY": "500ms", **ports(), **own}
            run = started(folder, "run", *arguments, **variables)
            commands.append(stack.enter_context(run))
        for command in commands:
            command.end()
        yield {fault: Kept(folder) for fault, folder in folders.items()}


def test_a_pool_of_20_connections_that_is_used_up(flawed: dict[str, Kept]) -> None:
    test, broken = only(flawed["pool"])
    assert broken["pool.db.connections.max"].observed == 20
    causes = [each.cause for each in test.diagnoses]
    assert any(each.startswith("db.connections went up to 20 and no further") for each in causes)
    assert "such as a pool of connections" in flawed["pool"].summary


def test_the_number_of_users_at_which_the_pool_breaks(flawed: dict[str, Kept]) -> None:
    test, broken = only(flawed["stress"])
    assert test.capacity is not None
    assert test.capacity.users < 500
    assert "total.capacity" in broken
    causes = [each.cause for each in test.diagnoses]
    assert any(each.startswith("db.connections went up to 20 and no further") for each in causes)


def test_instances_that_never_come(flawed: dict[str, Kept]) -> None:
    test, broken = only(flawed["scaling"])
    assert broken["app.instances.max.min"].observed == 1
    causes = [each.cause for each in test.diagnoses]
    assert "app.instances stayed at 1 whatever the load was: scaling did not begin." in causes


def test_a_provider_that_pulls_us_down_with_it(flawed: dict[str, Kept]) -> None:
    test, broken = only(flawed["provider"])
    assert "providers.analyse.server_error_rate" in broken
    (server,) = [each for each in test.diagnoses if each.error == "server"]
    assert "providers.anthropic was at" in server.cause
    assert "on analyse" in server.evidence


def test_a_provider_that_refuses_is_told_as_such(flawed: dict[str, Kept]) -> None:
    test, broken = only(flawed["throttled"])
    assert not {each for each in broken if "server" in each or "availability" in each}
    (limited,) = [each for each in test.diagnoses if each.error == "throttled"]
    assert limited.cause.startswith("A rate limit (429)")
    assert "on analyse" in limited.evidence


def test_uploads_that_the_bucket_refuses(flawed: dict[str, Kept]) -> None:
    test, broken = only(flawed["storage"])
    assert broken["uploads.put_audio.success_rate"].observed == 0
    (server,) = [each for each in test.diagnoses if each.error == "server"]
    assert server.cause == "These requests never worked (5xx), so it is not the load."
    assert "on put_audio" in server.evidence


def test_memory_that_leaks(flawed: dict[str, Kept]) -> None:
    test, broken = only(flawed["leak"])
    check_growth(test, broken, "api.rss")
    assert "heap snapshots" in flawed["leak"].summary


def test_connections_that_accumulate(flawed: dict[str, Kept]) -> None:
    test, broken = only(flawed["leak"])
    check_growth(test, broken, "db.connections")
