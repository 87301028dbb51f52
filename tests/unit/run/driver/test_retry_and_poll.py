"""Requests that are sent again, and jobs that are asked for until they are done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gevent
import pytest

from perfspec.measure.errors import ErrorClass
from perfspec.plan.request import Capture, Expect, JsonCheck, Poll, Retry
from perfspec.run.driver.actor import Leave
from tests.plans import endpoint, persona, plan
from tests.players import errors, named, on_stage, play
from tests.targets import Answer, in_turn, json_answer

if TYPE_CHECKING:
    from perfspec.plan.model import Plan
    from perfspec.plan.request import Endpoint
    from tests.targets import Target

BUSY = Answer(503, after_s=0.01)
RUNNING, DONE = json_answer({"state": "running"}), json_answer({"state": "done", "url": "/r"})
IS_DONE = Expect(json=(JsonCheck(path="$.state", equals=("done",)),))
HAS_FAILED = Expect(json=(JsonCheck(path="$.state", equals=("failed",)),))


def retrying(target: Target, attempts: int = 3, backoff_s: float = 0.02) -> Plan:
    retry = Retry(status=((503, 503),), attempts=attempts, backoff_s=backoff_s)
    return plan(target.url, [persona("it")], [endpoint("it", retry=retry)])


def job(**poll: Any) -> Endpoint:  # noqa: ANN401  (fields of Poll)
    defaults = {"method": "GET", "url": "/jobs/{{ id }}", "until": IS_DONE, "every_s": 0.02}
    asked = Poll(**{"timeout_s": 5.0, **defaults, **poll})
    captures = (Capture(name="id", source="json", query="$.id"),)
    return endpoint("job", "POST /jobs", captures=captures, poll=asked)


def polling(target: Target, **poll: Any) -> Plan:  # noqa: ANN401
    target.on("/jobs", json_answer({"id": 7}))
    return plan(
        target.url, [persona("job", "after")], [job(**poll), endpoint("after", "GET /after")]
    )


def test_a_retry_is_one_sample_with_the_final_status_from_the_first_attempt(target: Target) -> None:
    target.on("/", in_turn(BUSY, BUSY, Answer()))
    folded = play(retrying(target))
    it = named(folded)["it"]
    assert len(target.received) == 3
    assert (it.count, it.errors, it.extra) == (1, {}, 2)
    assert it.latency.max_us >= 1000 * (10 + 20 + 10 + 40)
    assert it.ttfb.max_us >= 1000 * (10 + 20 + 10 + 40)
    assert it.bytes_received > 3 * 17


def test_attempts_end(target: Target) -> None:
    target.on("/", BUSY)
    folded = play(retrying(target, attempts=2, backoff_s=0.001))
    assert len(target.received) == 2
    assert errors(folded)["it"] == (ErrorClass.SERVER, "status 503, expected 2xx")
    assert named(folded)["it"].extra == 1


def test_other_statuses_are_not_retried(target: Target) -> None:
    target.on("/", Answer(500))
    play(retrying(target))
    assert len(target.received) == 1


def test_a_user_told_to_stop_does_not_try_again(target: Target) -> None:
    target.on("/", BUSY)
    with on_stage(retrying(target, backoff_s=30.0)) as stage:
        stage.user.start()
        gevent.spawn_later(0.05, stage.user.actor.leave)
        with pytest.raises(Leave):
            stage.user.journey()
        folded = stage.fold()
    assert (len(target.received), named(folded)["it"].count) == (1, 1)


def test_a_poll_asks_until_done_and_the_user_waits(target: Target) -> None:
    planned = polling(target)
    target.on("/jobs/7", in_turn(RUNNING, RUNNING, DONE))
    folded = play(planned)
    assert target.paths() == ["/jobs", "/jobs/7", "/jobs/7", "/jobs/7", "/after"]
    assert set(named(folded)) == {"job", "after"}
    assert named(folded, "poll")["job.poll"].count == 3
    done = named(folded, "done")["job.done"]
    assert (done.count, done.errors) == (1, {})
    assert done.latency.max_us >= 60_000


def test_what_is_captured_when_it_is_done(target: Target) -> None:
    planned = polling(target, captures=(Capture(name="url", source="json", query="$.url"),))
    target.on("/jobs/7", DONE)
    with on_stage(planned) as stage:
        stage.user.start()
        stage.user.journey()
        assert stage.user.actor.scope["url"] == "/r"


def test_a_job_that_fails_is_a_failed_check_of_its_completion(target: Target) -> None:
    planned = polling(target, fail_if=HAS_FAILED)
    target.on("/jobs/7", json_answer({"state": "failed"}))
    folded = play(planned)
    assert errors(folded) == {"job.done": (ErrorClass.CHECK, "the job failed (fail_if)")}
    assert "/after" not in target.paths()
    assert folded.journeys[0].failed == 1


def test_a_job_that_takes_too_long_is_a_timeout(target: Target) -> None:
    planned = polling(target, timeout_s=0.07, every_s=0.03)
    target.on("/jobs/7", RUNNING)
    folded = play(planned)
    assert errors(folded)["job.done"] == (ErrorClass.TIMEOUT, "not done after 70ms")
    assert named(folded, "done")["job.done"].latency.max_us >= 70_000
    assert 2 <= len(target.seen("/jobs/7")) <= 3


def test_a_poll_that_fails_is_an_error_of_the_poll_and_asked_again(target: Target) -> None:
    planned = polling(target)
    target.on("/jobs/7", in_turn(Answer(500), DONE))
    folded = play(planned)
    assert errors(folded) == {"job.poll": (ErrorClass.SERVER, "status 500")}
    assert folded.journeys[0].completed == 1


def test_not_yet_is_no_error(target: Target) -> None:
    planned = polling(target, until=Expect(status=((200, 200),)))
    target.on("/jobs/7", in_turn(Answer(202), Answer(200)))
    folded = play(planned)
    assert folded.errors == []
    assert named(folded, "poll")["job.poll"].count == 2


def test_a_poll_may_run_beside_the_user(target: Target) -> None:
    planned = polling(target, wait=False, every_s=0.05)
    target.on("/jobs/7", in_turn(RUNNING, DONE))
    with on_stage(planned) as stage:
        stage.user.start()
        stage.user.journey()
        assert target.paths() == ["/jobs", "/after"]
        gevent.joinall(list(stage.user.actor.beside))
        folded = stage.fold()
    assert target.paths() == ["/jobs", "/after", "/jobs/7", "/jobs/7"]
    assert named(folded, "done")["job.done"].count == 1
    assert folded.journeys[0].completed == 1


def test_a_poll_beside_ends_with_the_user(target: Target) -> None:
    planned = polling(target, wait=False, every_s=30.0, timeout_s=60.0)
    with on_stage(planned) as stage:
        stage.user.start()
        stage.user.journey()
        (beside,) = stage.user.actor.beside
        stage.user.let_go()
        assert beside.dead
        assert stage.samples("done") == {}
