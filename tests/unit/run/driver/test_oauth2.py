"""One token for all users, renewed before it ends, against a real token endpoint."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import gevent
import pytest

from perfspec.measure.errors import ErrorClass
from perfspec.plan.journey import Auth, OAuth2, ThinkStep
from tests.plans import PLACE, endpoint, persona, plan, step
from tests.players import errors, named, on_stage, play
from tests.targets import Answer, Received, in_turn, json_answer, running_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.plan.model import Plan
    from tests.targets import Target

WORK = endpoint("work", "GET /work")


@pytest.fixture
def target() -> Iterator[Target]:
    with running_target() as running:
        yield running


def client(**rest: Any) -> Auth:  # noqa: ANN401  (fields of Auth)
    id_ = OAuth2(token_url="/token", client_id="per f", client_secret="s:x", scope="a b")
    return Auth(scheme="oauth2", headers={}, oauth2=id_, **rest)


def working(target: Target, *journey: Any, auth: Auth | None = None) -> Plan:  # noqa: ANN401  (steps)
    return plan(target.url, [persona(*journey, auth=auth or client())], [WORK])


def tokens(target: Target, *answers: dict[str, Any]) -> None:
    target.on("/token", in_turn(*map(json_answer, answers)))


def sent(target: Target) -> list[str | None]:
    return [each.headers.get("authorization") for each in target.seen("/work")]


def test_the_client_proves_itself_and_the_token_is_used(target: Target) -> None:
    tokens(target, {"access_token": "t1", "expires_in": 3600})
    folded = play(working(target, "work", "work"), journeys=2)
    (asked,) = target.seen("/token")
    assert asked.headers["authorization"] == "Basic " + base64.b64encode(b"per+f:s%3Ax").decode()
    assert asked.body == b"grant_type=client_credentials&scope=a+b"
    assert sent(target) == ["Bearer t1"] * 4
    assert (errors(folded), named(folded)["oauth2.token"].count) == ({}, 1)


def test_many_users_ask_once(target: Target) -> None:
    def slow(_: Received) -> Answer:
        return Answer(body=b'{"access_token": "t1", "expires_in": 3600}', after_s=0.2)

    target.on("/token", slow)
    with on_stage(working(target, "work")) as stage:
        users = [stage.engine.user("visitor") for _ in range(10)]
        gevent.joinall([gevent.spawn(each.journey) for each in users], raise_error=True)
        for each in users:
            each.let_go()
    assert len(target.seen("/token")) == 1
    assert sent(target) == ["Bearer t1"] * 10


def test_a_token_is_renewed_before_it_ends_and_nobody_notices(target: Target) -> None:
    tokens(
        target,
        {"access_token": "t1", "expires_in": 2.0},
        {"access_token": "t2", "expires_in": 3600},
    )
    early = client(renew_before_s=0.9)  # due after 1.1 s
    pause = ThinkStep(think_s=(1.2, 1.2), place=PLACE)
    short = ThinkStep(think_s=(0.2, 0.2), place=PLACE)
    folded = play(working(target, "work", pause, "work", short, "work", auth=early))
    assert sent(target) == ["Bearer t1", "Bearer t1", "Bearer t2"]
    assert errors(folded) == {}


def test_a_token_that_ended_is_replaced_before_the_request(target: Target) -> None:
    tokens(target, {"access_token": "t1", "expires_in": 1}, {"access_token": "t2"})
    pause = ThinkStep(think_s=(1.2, 1.2), place=PLACE)
    play(working(target, "work", pause, "work"))
    assert sent(target) == ["Bearer t1", "Bearer t2"]


def test_a_refused_token_is_replaced_once(target: Target) -> None:
    tokens(target, {"access_token": "t1"}, {"access_token": "t2"})
    target.on("/work", in_turn(Answer(), Answer(status=401), Answer()))
    pause = ThinkStep(think_s=(1.1, 1.1), place=PLACE)
    folded = play(working(target, "work", pause, "work"))
    assert sent(target) == ["Bearer t1", "Bearer t1", "Bearer t2"]
    assert errors(folded)["work"][0] is ErrorClass.AUTH


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (Answer(status=401), "auth", "status 401, expected 200"),
        (Answer(status=503), "server", "status 503, expected 200"),
        (Answer(body=b"<html>"), "check", "the answer holds no access_token"),
        (json_answer({"access_token": "t", "expires_in": "x"}), "check", "expires_in is no number"),
    ],
)
def test_without_a_token_nothing_is_sent(
    target: Target, answer: Answer, error: str, message: str
) -> None:
    target.on("/token", answer)
    folded = play(working(target, step("work", if_fails="continue"), "work"))
    found = errors(folded)
    assert target.seen("/work") == []
    assert found["oauth2.token"][0] == error
    assert found["oauth2.token"][1].startswith(message)
    assert found["work"] == ("check", f"no access token: {found['oauth2.token'][1]}")
    assert len(target.seen("/token")) == 1
