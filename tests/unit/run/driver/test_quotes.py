"""How the answer of a failed request begins, for those who want to know the reason."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pytest

from perfspec.plan.journey import Auth
from perfspec.plan.request import Capture, Expect, JsonCheck, Poll
from perfspec.run.driver.transports.coding import HEAD
from tests.plans import endpoint, persona, plan, step
from tests.players import on_stage, play
from tests.targets import Answer, Received, in_turn, json_answer

if TYPE_CHECKING:
    from perfspec.run.driver.recorder import Folded
    from tests.targets import Target

REASON = b'{"detail": "database is locked"}'
LOCKED = Answer(500, REASON)


def bodies(folded: Folded) -> dict[str, str | None]:
    """By series and message."""
    return {f"{each.key.name}: {each.message}": each.body for each in folded.errors}


def call(target: Target, *, journeys: int = 1, **rest: Any) -> list[str | None]:  # noqa: ANN401  (fields of Endpoint)
    folded = play(plan(target.url, [persona("it")], [endpoint("it", **rest)]), journeys)
    return list(bodies(folded).values())


def test_the_first_of_each_message_is_kept(target: Target) -> None:
    other = Answer(500, b"locked again")
    target.on("/", in_turn(LOCKED, other, Answer(502, b"<h1>Bad\r\n Gateway"), LOCKED))
    folded = play(plan(target.url, [persona("it")], [endpoint("it")]), journeys=4)
    assert bodies(folded) == {
        "it: status 500, expected 2xx": REASON.decode(),
        "it: status 502, expected 2xx": "<h1>Bad\r\n Gateway",
    }
    assert [each.count for each in folded.errors] == [3, 1]


def test_once_in_a_test_and_anew_in_the_next(target: Target) -> None:
    target.on("/", LOCKED)
    with on_stage(plan(target.url, [persona("it")], [endpoint("it")])) as stage:
        stage.user.start()
        found: list[str | None] = []
        for _ in range(2):
            stage.user.journey()
            found += bodies(stage.fold()).values()
        stage.engine.recorder.clear()
        stage.user.journey()
        found += bodies(stage.fold()).values()
    assert found == [REASON.decode(), None, REASON.decode()]


@pytest.mark.parametrize(
    "reads",
    [{}, {"expect": Expect(json=(JsonCheck(path="$.total", equals=(2,)),))}],
    ids=["a body that nobody looks at", "one that a check would read"],
)
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_whoever_else_reads_the_body(target: Target, reads: dict[str, Any], coding: str) -> None:
    content = REASON if coding == "identity" else gzip.compress(REASON)
    target.on("/", Answer(503, content, headers={"Content-Encoding": coding}))
    assert call(target, **reads) == [REASON.decode()]


def test_of_a_long_one_only_the_head(target: Target) -> None:
    target.on("/", Answer(500, b"x" * 1_000_000))
    assert call(target) == ["x" * HEAD]


def test_the_charset_of_the_answer_counts(target: Target) -> None:
    kind = {"Content-Type": "text/plain; charset=latin-1"}
    target.on("/", Answer(404, "nicht für dich".encode("latin-1"), headers=kind))
    assert call(target) == ["nicht für dich"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(
            json_answer({"access_token": "a new one"}), id="a success that was not expected"
        ),
        pytest.param(Answer(302, REASON), id="a redirect to nowhere"),
        pytest.param(Answer(500, b""), id="nothing"),
    ],
)
def test_what_is_no_reason_is_not_kept(target: Target, answer: Answer) -> None:
    target.on("/", answer)
    assert call(target, expect=Expect(status=((204, 204),))) == [None]


def test_what_the_user_signs_in_with_is_masked(target: Target) -> None:
    cookie = {"Set-Cookie": "session=cookie-of-ann"}
    target.on("/login", json_answer({"token": "token-of-ann"}, headers=cookie))
    shown = b'{"given": "token-of-ann", "cookie": "cookie-of-ann"}'
    target.on("/work", Answer(500, shown + b" " * (HEAD - len(shown) - 5) + b"token-of-ann"))
    token = Capture(name="token", source="json", query="$.token")
    login = endpoint("login", "POST /login", auth=False, captures=(token,))
    work = endpoint("work", "GET /work")
    bearer = Auth(scheme="bearer", headers={"Authorization": "{{ token }}"})
    who = persona("login", "work", auth=bearer)
    (body,) = bodies(play(plan(target.url, [who], [login, work]))).values()
    assert body is not None
    assert body.startswith('{"given": "***", "cookie": "***"}')
    assert body.endswith("***")  # a token that is cut in two is none that others may see


def test_a_poll_that_is_refused_tells_why(target: Target) -> None:
    target.on("/jobs", json_answer({"id": 7}, status=202))
    done = json_answer({"status": "done"})
    target.on("/jobs/7", in_turn(LOCKED, done))
    poll = Poll(
        method="GET", url="/jobs/7", every_s=0.01, timeout_s=5.0,
        until=Expect(json=(JsonCheck(path="$.status", equals=("done",)),)),
    )  # fmt: skip
    who = persona(step("it"))
    folded = play(plan(target.url, [who], [endpoint("it", "POST /jobs", poll=poll)]))
    assert bodies(folded) == {"it.poll: status 500": REASON.decode()}


def test_an_answer_is_of_its_own_series(target: Target) -> None:
    def named(request: Received) -> Answer:
        return Answer(500, request.path.encode())

    for path in ("/a", "/b"):
        target.on(path, named)
    endpoints = [endpoint("a", "GET /a"), endpoint("b", "GET /b")]
    who = persona(step("a", if_fails="continue"), "b")
    assert list(bodies(play(plan(target.url, [who], endpoints))).values()) == ["/a", "/b"]
