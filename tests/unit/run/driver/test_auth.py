"""Credentials: where they go, when they are renewed, and what a 401 does."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any

import jwt

from perfspec.measure.errors import ErrorClass
from perfspec.plan.journey import Auth, GroupStep
from perfspec.plan.request import Capture, Expect, JsonCheck
from tests.plans import PLACE, endpoint, persona, plan, step
from tests.players import errors, named, on_stage, play
from tests.targets import Answer, in_turn, json_answer, running_target

if TYPE_CHECKING:
    from perfspec.plan.model import Plan
    from tests.targets import Target

TOKEN = Capture(name="token", source="json", query="$.token")
LOGIN = endpoint("login", "POST /login", auth=False, captures=(TOKEN,))
WORK = endpoint("work", "GET /work")
UNAUTHORIZED = Answer(401)


def bearer(**rest: Any) -> Auth:  # noqa: ANN401  (fields of Auth)
    return Auth(scheme="bearer", headers={"Authorization": "{{ token }}"}, **rest)


def tokens(target: Target, *values: str) -> None:
    target.on("/login", in_turn(*(json_answer({"token": each}) for each in values)))


def sent(target: Target, path: str = "/work") -> list[str | None]:
    return [each.headers.get("authorization") for each in target.seen(path)]


def working(target: Target, auth: Auth, *journey: str, **rest: Any) -> Plan:  # noqa: ANN401
    return plan(target.url, [persona(*journey, auth=auth, **rest)], [LOGIN, WORK])


def test_a_bearer_token_is_sent_from_when_it_is_known(target: Target) -> None:
    tokens(target, "t1")
    play(working(target, bearer(), "work", "login", "work"))
    assert sent(target) == [None, "Bearer t1"]
    assert sent(target, "/login") == [None]


def test_basic_and_headers_of_ones_own(target: Target) -> None:
    basic = Auth(scheme="basic", headers={"user": "{{ environment.name }}", "password": "s:x"})
    play(working(target, basic, "work"))
    assert sent(target) == ["Basic " + base64.b64encode(b"local:s:x").decode()]
    header = Auth(scheme="header", headers={"X-Key": "{{ none }}", "X-Name": "n{{ 1 }}"})
    play(working(target, header, "work"))
    last = target.received[-1].headers
    assert ("x-key" in last, last["x-name"]) == (False, "n1")


def test_credentials_go_to_the_own_host_only(target: Target) -> None:
    fixed = Auth(scheme="header", headers={"X-Key": "secret"})
    with running_target() as other:
        there = endpoint("there", f"GET {other.url}/work")
        here = endpoint("here", f"GET {target.url}/work")
        host = other.url.removeprefix("http://")
        who = persona("there", "here", auth=fixed)
        play(plan(target.url, [who], [there, here], hosts=[host]))
        assert "x-key" not in other.received[0].headers
    assert target.received[0].headers["x-key"] == "secret"


def test_a_failed_check_shows_no_credentials(target: Target) -> None:
    no = Expect(json=(JsonCheck(path="$.shown", equals=("no",)),))
    cookie = {"Set-Cookie": "session=cookie-of-ann"}
    shown = {"token": "token-of-ann", "shown": "token-of-ann"}
    target.on("/login", json_answer(shown, headers=cookie))
    target.on("/work", json_answer({"shown": "token-of-ann"}))
    target.on("/cookie", json_answer({"shown": "cookie-of-ann"}))
    auth = bearer()
    login = endpoint("login", "POST /login", auth=False, captures=(TOKEN,))
    endpoints = [
        login,
        endpoint("work", "GET /work", expect=no),
        endpoint("cookie", "GET /cookie", expect=no),
        endpoint("early", "POST /login", captures=(TOKEN,), expect=no),
    ]
    masked = "$.shown: expected the text 'no', found the text '***'"
    for journey in (("login", "work"), ("login", "cookie"), ("early",)):
        folded = play(plan(target.url, [persona(*journey, auth=auth)], endpoints))
        assert errors(folded) == {journey[-1]: (ErrorClass.CHECK, masked)}


def test_an_old_token_is_renewed_before_the_next_request(target: Target) -> None:
    tokens(target, "t1", "t2")
    auth = bearer(expires_in=0.0, renew_with=("login",))
    play(working(target, auth, "login", "work", "work"))
    assert target.paths() == ["/login", "/login", "/work", "/login", "/work"]
    assert sent(target) == ["Bearer t2", "Bearer t2"]


def test_a_young_token_is_not_renewed(target: Target) -> None:
    tokens(target, "t1")
    auth = bearer(expires_in=3600.0, renew_before_s=60.0, renew_with=("login",))
    play(working(target, auth, "login", "work", "work"))
    assert target.paths() == ["/login", "/work", "/work"]


def test_the_age_may_be_an_expression(target: Target) -> None:
    target.on("/login", json_answer({"token": "t", "seconds": 50}))
    login = endpoint(
        "login", "POST /login", auth=False,
        captures=(TOKEN, Capture(name="seconds", source="json", query="$.seconds")),
    )  # fmt: skip
    auth = bearer(expires_in="{{ seconds }}", renew_before_s=60.0, renew_with=("login",))
    play(plan(target.url, [persona("login", "work", auth=auth)], [login, WORK]))
    assert target.paths() == ["/login", "/login", "/work"]


def test_without_it_the_exp_of_a_jwt_counts(target: Target) -> None:
    now = int(time.time())  # noqa: TID251  (what an issuer writes into the token)
    old, young = (
        jwt.encode({"exp": now + left}, "k" * 32, algorithm="HS256") for left in (30, 3600)
    )
    tokens(target, old, young)
    auth = bearer(renew_before_s=60.0, renew_with=("login",))
    play(working(target, auth, "login", "work", "work"))
    assert target.paths() == ["/login", "/login", "/work", "/work"]


def test_what_on_start_captured_is_renewed_for_life(target: Target) -> None:
    tokens(target, "t1", "t2")
    target.on("/work", in_turn(UNAUTHORIZED, Answer()))
    auth = bearer(renew_with=("login",))
    play(working(target, auth, "work", on_start=["login"]), journeys=2)
    assert sent(target) == ["Bearer t1", "Bearer t2", "Bearer t2"]


def test_what_a_journey_captured_ends_with_it(target: Target) -> None:
    tokens(target, "t1", "t2", "t3")
    target.on("/work", in_turn(Answer(), Answer(), UNAUTHORIZED, Answer()))
    auth = bearer(renew_with=("login",))
    play(working(target, auth, "work", "login", "work"), journeys=2)
    assert sent(target) == [None, "Bearer t1", None, "Bearer t2", "Bearer t3"]


def test_signing_in_within_a_journey_does_not_make_the_token_of_on_start_younger(
    target: Target,
) -> None:
    now = int(time.time())  # noqa: TID251  (what an issuer writes into the token)
    old, young, renewed = (
        jwt.encode({"exp": now + left}, "k" * 32, algorithm="HS256") for left in (30, 3600, 3601)
    )
    tokens(target, old, young, renewed)
    auth = bearer(renew_before_s=60.0, renew_with=("login",))
    who = persona("login", on_start=["login"], on_stop=["work"], auth=auth)
    with on_stage(plan(target.url, [who], [LOGIN, WORK])) as stage:
        assert stage.user.start()
        assert stage.user.journey()
        assert stage.user.end()
    assert sent(target) == [f"Bearer {renewed}"]


def test_a_401_renews_once_repeats_once_and_stays_counted(target: Target) -> None:
    tokens(target, "t1", "t2")
    target.on("/work", in_turn(UNAUTHORIZED, Answer()))
    folded = play(working(target, bearer(renew_with=("login",)), "login", "work"))
    work = named(folded)["work"]
    assert (work.count, work.errors, work.extra) == (2, {ErrorClass.AUTH: 1}, 0)
    assert named(folded)["login"].count == 2
    assert folded.journeys[0].completed == 1


def test_a_401_that_stays_fails_the_step(target: Target) -> None:
    tokens(target, "t1")
    target.on("/work", UNAUTHORIZED)
    folded = play(working(target, bearer(renew_with=("login",)), "login", "work"))
    assert target.paths() == ["/login", "/work", "/login", "/work"]
    assert named(folded)["work"].errors == {ErrorClass.AUTH: 2}
    assert folded.journeys[0].failed == 1


def test_a_renewal_that_fails_repeats_nothing(target: Target) -> None:
    target.on("/login", in_turn(json_answer({"token": "t"}), Answer(500)))
    target.on("/work", UNAUTHORIZED)
    folded = play(working(target, bearer(renew_with=("login",)), "login", "work"))
    assert target.paths() == ["/login", "/work", "/login"]
    assert set(errors(folded)) == {"login", "work"}
    assert folded.journeys[0].failed == 1


def test_without_renewal_a_401_is_just_an_error(target: Target) -> None:
    target.on("/work", UNAUTHORIZED)
    play(working(target, bearer(), "work"))
    assert target.paths() == ["/work"]


def test_an_expected_401_renews_nothing(target: Target) -> None:
    tokens(target, "t1")
    target.on("/work", UNAUTHORIZED)
    work = endpoint("work", "GET /work", expect=Expect(status=((401, 401),)))
    who = persona("work", auth=bearer(renew_with=("login",)))
    play(plan(target.url, [who], [LOGIN, work]))
    assert target.paths() == ["/work"]


def test_a_renewal_that_brings_nothing_new_is_not_tried_again_and_again(target: Target) -> None:
    tokens(target, "t1")
    refresh = endpoint("refresh", "POST /refresh", auth=False)
    who = persona("login", "work", "work", auth=bearer(expires_in=0.0, renew_with=("refresh",)))
    play(plan(target.url, [who], [LOGIN, WORK, refresh]))
    assert target.paths() == ["/login", "/refresh", "/work", "/work"]


def test_renewal_is_no_part_of_a_groups_time(target: Target) -> None:
    target.on("/login", lambda _: json_answer({"token": "t"}, after_s=0.2))
    group = GroupStep(name="g", steps=(step("work"),), place=PLACE)
    auth = bearer(expires_in=0.0, renew_with=("login",))
    with on_stage(plan(target.url, [persona("login", group, auth=auth)], [LOGIN, WORK])) as stage:
        stage.user.start()
        stage.user.journey()
        folded = stage.fold()
    assert named(folded)["login"].count == 2
    assert named(folded, "group")["g"].latency.sum_us == named(folded)["work"].latency.sum_us
