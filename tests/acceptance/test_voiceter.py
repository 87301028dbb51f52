"""examples/voiceter: the plan, shortened, and the faults that it is afraid of, found and named."""

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


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("voiceter")]

SHORTENED = ("--time-scale", "2%", "--env-file", "shortened.env")
FAULTS = {
    "bedrock": ("--only", "tool_execution", *SHORTENED),
    "database": ("--only", "tool_execution", *SHORTENED),
    "limit": ("--only", "concurrent_sessions", *SHORTENED),
    "queue": ("--only", "audio_streaming", *SHORTENED),
    "leak": ("--only", "concurrent_sessions", "--env-file", "shortened.env"),
}
LIGHTER = {  # all run at the same time
    "limit": {"users: 50": "users: 25"},
    "queue": {"arrivals: 10/s": "arrivals: 3/s"},
    "leak": {  # growth needs real time
        "{ users: 5, hold: 30s }": "{ users: 5, hold: 1s }",
        "{ users: 50, ramp: 2m, hold: 3m }": "{ users: 10, ramp: 1s, hold: 12s }",
        "{ users: 0, ramp: 1m }": "{ users: 0, ramp: 1s }",
        "for: 20s": "for: 500ms",
    },
}


def test_the_whole_plan_runs_shortened_and_everything_takes_part(tmp_path: Path) -> None:
    folder = copied(tmp_path / "voiceter")
    done = perfspec(folder, "run", *SHORTENED, PORT=str(free_port()))
    kept = check_agreement(done, folder)
    messages = {"session", "session.chunk", "session.receive"}
    tools = {f"session.{each}" for each in ("record_response", "validate_answer", "next_question")}
    sent = {
        "concurrent_sessions": messages | tools,
        "audio_streaming": messages,
        "tool_execution": (messages | tools) - {"session.chunk"},
    }
    assert [each.name for each in kept.result.tests] == list(sent)
    for name, expected in sent.items():
        result = kept.test(name)
        assert result.status == "complete", done.err
        assert (set(totals(result)), result.errors) == (expected, [])
        assert max(each.open_connections for each in result.health) > 1
        assert {each.name for each in result.monitors} == {"api", "app", "machine"}
    for verdict in kept.verdict.tests:
        assert len(verdict.findings) == len(kept.plan.test(verdict.name).objectives) > 0
    assert "connections open" in kept.summary
    late = totals(kept.test("audio_streaming"))["session.chunk"].lateness
    assert late is not None
    assert late.count > 1000


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Kept]]:
    """All at the same time: none of them measures how fast the server is."""
    with ExitStack() as stack:
        folders, commands = {}, []
        for fault, arguments in FAULTS.items():
            folders[fault] = folder = copied(tmp_path_factory.mktemp(fault) / "voiceter")
            spec = folder / "perfspec.yaml"
            text = spec.read_text(encoding="utf-8")
            for written, lighter in LIGHTER.get(fault, {}).items():
                assert written in text
                text = text.replace(written, lighter)
            spec.write_text(text, encoding="utf-8")
            run = started(folder, "run", *arguments, FAULT=fault, PORT=str(free_port()))
            commands.append(stack.enter_context(run))
        for command in commands:
            command.end()
        yield {fault: Kept(folder) for fault, folder in folders.items()}


def test_bedrock_that_is_slow(faulty: dict[str, Kept]) -> None:
    _, broken = only(faulty["bedrock"])
    assert set(broken) == {"behind_it.app.bedrock.mean", "session.next_question.p95"}


def test_a_database_that_throttles(faulty: dict[str, Kept]) -> None:
    test, broken = only(faulty["database"])
    assert {"behind_it.app.throttled.max", "behind_it.app.errors.mean"} <= set(broken)
    assert "total.error_rate" in broken
    (check,) = [each for each in test.diagnoses if each.error == "check"]
    assert "app.throttled was at" in check.cause
    assert "capacity of DynamoDB" in faulty["database"].summary


def test_a_limit_of_sessions(faulty: dict[str, Kept]) -> None:
    test, broken = only(faulty["limit"])
    assert broken["all_let_in.app.sessions.max.min"].observed == 20
    assert {each.error for each in test.first_errors} == {"connect"}
    causes = [each.cause for each in test.diagnoses]
    assert any(each.startswith("app.sessions went up to 20 and no further") for each in causes)


def test_a_queue_of_audio_that_is_full(faulty: dict[str, Kept]) -> None:
    test, broken = only(faulty["queue"])
    assert "session.chunk.error_rate" in broken
    assert "size of the audio queue" in faulty["queue"].summary
    (check,) = [each for each in test.diagnoses if each.error == "check"]
    assert "on session.chunk" in check.evidence
    assert "$.accepted: expected true, found false" in check.evidence


def test_sessions_that_stay_with_their_audio(faulty: dict[str, Kept]) -> None:
    test, broken = only(faulty["leak"])
    check_growth(test, broken, "api.rss")
    sessions = broken["all_let_in.app.sessions.max"].observed
    assert sessions is not None
    assert sessions > 60
    assert "cleaning up of sessions" in faulty["leak"].summary
