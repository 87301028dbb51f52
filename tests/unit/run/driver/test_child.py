"""The driver as its parent sees it: a process with a plan, messages and a word to stop."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import psutil
import pytest

from perfspec.measure.errors import ErrorClass
from perfspec.measure.trace import Exchange, Fault, Tried, TryEnded
from perfspec.plan.journey import PythonStep, ThinkStep
from perfspec.plan.load import Stage
from perfspec.plan.request import Capture, Expect, JsonBody, JsonCheck
from perfspec.run.driver.actor import IDLE_S
from tests.drivers import MODULE, run, running, try_out
from tests.plans import PLACE, endpoint, persona, plan, rows, step
from tests.targets import Answer, in_turn, json_answer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Eventually
    from tests.drivers import Driver
    from tests.targets import Target

pytestmark = pytest.mark.slow

A, B = endpoint("a", "GET /a"), endpoint("b", "GET /b")
FOR_A_SECOND = [Stage(users=4, hold_s=1.0)]
FOR_LONG = [Stage(users=4, hold_s=600.0)]


def counts(driver: Driver) -> dict[str, int]:
    return {name: window.count for name, window in driver.totals().items()}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_every_request_is_counted_exactly_once(
    target: Target, tmp_path: Path, workers: str
) -> None:
    target.on("/b", in_turn(*[Answer(), Answer(500)] * 500))
    who = persona("a", "b", think_s=(0.0, 0.01), on_start=["a"], on_stop=["a"])
    planned = plan(target.url, [who], [A, B], stages=FOR_A_SECOND)
    driver = run(planned, tmp_path, "--workers", workers)
    assert driver.ended.problem is None
    assert driver.started is not None
    assert driver.started.machine.workers == int(workers)
    assert counts(driver) == {"a": len(target.seen("/a")), "b": len(target.seen("/b"))}
    failed = driver.totals()["b"].errors[ErrorClass.SERVER]
    assert failed == sum(each.count for each in driver.result.errors)
    assert abs(2 * failed - len(target.seen("/b"))) <= 1
    journeys = driver.result.journeys[0]
    assert journeys.failed <= failed <= journeys.failed + journeys.cut_off
    assert driver.ticks[0].users == driver.ticks[0].ready == driver.ticks[0].planned == 4
    assert {each.workers for each in driver.ticks} == {int(workers)}
    assert driver.process.returncode == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_a_second_stop_cuts_off_is_overrun_and_no_error(
    target: Target, tmp_path: Path, eventually: Eventually, workers: str
) -> None:
    target.on("/b", Answer(after_s=2.0))
    who = persona("a", step("b", only_if="true"))
    planned = plan(target.url, [who], [A, B], stages=FOR_LONG)
    with running(planned, tmp_path, "--workers", workers) as driver:
        eventually(lambda: len(target.seen("/b")) == 4)
        driver.say(b"stop\n")
        driver.say(b"stop\n")
    assert driver.ended.problem is None
    assert driver.result.errors == []
    assert driver.result.overrun == 4
    assert sum(counts(driver).values()) + driver.result.overrun == len(target.received)


def test_at_the_end_users_finish_their_request_and_sign_off(target: Target, tmp_path: Path) -> None:
    target.on("/a", Answer(after_s=0.7))
    who = persona("a", on_stop=["b"])
    driver = run(plan(target.url, [who], [A, B], stages=[Stage(users=2, hold_s=1.0)]), tmp_path)
    assert counts(driver) == {"a": 4, "b": 2}
    assert len(target.received) == 6
    assert (driver.result.overrun, driver.result.measured_s) == (0, 1.0)


@pytest.mark.parametrize("how", ["stop", "end of input", "SIGTERM"])
def test_a_test_ends_when_told_to(
    target: Target, tmp_path: Path, eventually: Eventually, how: str
) -> None:
    who = persona("a", think_s=(60.0, 60.0), on_stop=["b"])
    with running(plan(target.url, [who], [A, B], stages=FOR_LONG), tmp_path) as driver:
        eventually(lambda: len(target.seen("/a")) == 4)
        match how:
            case "stop":
                driver.say(b"stop\n")
            case "SIGTERM":
                driver.process.send_signal(signal.SIGTERM)
            case _:
                assert driver.process.stdin is not None
                driver.process.stdin.close()
    assert driver.ended.problem is None
    assert counts(driver) == {"a": 4, "b": 4}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_journeys_that_do_nothing_do_not_spin(target: Target, tmp_path: Path, workers: str) -> None:
    idle = persona(step("a", only_if="false"), name="idle", users=4, weight=0.0)
    visitor = persona("b", think_s=(0.05, 0.05))
    stages = [Stage(users=8, hold_s=1.0)]
    planned = plan(target.url, [idle, visitor], [A, B], stages=stages)
    driver = run(planned, tmp_path, "--workers", workers)
    assert driver.ended.problem is None
    assert set(counts(driver)) == {"b"}
    (begun,) = (each.completed for each in driver.result.journeys if each.persona == "idle")
    assert 4 <= begun < 4 * 10 / IDLE_S  # a hundred thousand without a pause


def test_ctrl_c_is_the_parents_business(
    target: Target, tmp_path: Path, eventually: Eventually
) -> None:
    planned = plan(target.url, [persona("a")], [A], stages=[Stage(users=1, hold_s=1.0)])
    with running(planned, tmp_path) as driver:
        eventually(lambda: len(target.seen("/a")) > 1)
        driver.process.send_signal(signal.SIGINT)
    assert driver.result.measured_s == 1.0


def test_a_ramp_is_followed_and_a_jump_is_at_once(target: Target, tmp_path: Path) -> None:
    stages = [
        Stage(users=20, ramp_s=2.0, hold_s=1.0),
        Stage(users=5, hold_s=1.0),
        Stage(users=0, ramp_s=1.0),
    ]
    who = persona("a", think_s=(0.02, 0.05))
    driver = run(plan(target.url, [who], [A], stages=stages), tmp_path)
    levels = [(each.users, each.planned) for each in driver.ticks[:5]]
    assert [planned for _, planned in levels] == [9, 19, 20, 5, 1]
    assert all(abs(users - planned) <= 2 for users, planned in levels), levels
    assert [users for users, planned in levels if planned in {20, 5}] == [20, 5]
    gaps = gaps_between_starts(target)
    assert len(gaps) == 19
    assert max(gaps) < sum(gaps) / 4  # spread: all at once would leave one gap


def test_a_jump_with_two_processes_is_at_once(target: Target, tmp_path: Path) -> None:
    who = persona("a", think_s=(60.0, 60.0))
    stages = [Stage(users=6, hold_s=0.5), Stage(users=12, hold_s=0.7)]
    run(plan(target.url, [who], [A], stages=stages), tmp_path, "--workers", "2")
    gaps = gaps_between_starts(target)
    assert len(gaps) == 11
    assert gaps.index(max(gaps)) == 5  # six, a while nobody, then six
    assert max(gaps) > sum(gaps) / 2


def gaps_between_starts(target: Target) -> list[float]:
    """Seconds from the first request of one user to that of the next."""
    first: dict[int, float] = {}
    for each in target.received:
        first.setdefault(each.port, each.at)
    return [later - sooner for sooner, later in pairwise(sorted(first.values()))]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_shares_are_whole_users_by_largest_remainder_after_fixed_ones(
    target: Target, tmp_path: Path, workers: str
) -> None:
    people = [
        persona("a", name="most", weight=80.0, think_s=(0.01, 0.02)),
        persona("b", name="few", weight=20.0, think_s=(0.01, 0.02)),
        persona("c", name="fixed", users=2, weight=1.0, think_s=(0.01, 0.02)),
    ]
    endpoints = [A, B, endpoint("c", "GET /c")]
    planned = plan(target.url, people, endpoints, stages=[Stage(users=9, hold_s=1.0)])
    run(planned, tmp_path, "--workers", workers)
    users = {path: len({e.port for e in target.seen(path)}) for path in ("/a", "/b", "/c")}
    assert users == {"/a": 6, "/b": 1, "/c": 2}


def test_unique_rows_are_disjoint_over_two_processes(target: Target, tmp_path: Path) -> None:
    who = persona("a", data="people", think_s=(0.05, 0.05))
    of_row = endpoint("a", "GET /{{ user.id }}")
    data = rows("people", 7, pick="unique")
    planned = plan(target.url, [who], [of_row], data=[data], stages=[Stage(users=7, hold_s=1.0)])
    driver = run(planned, tmp_path, "--workers", "2")
    assert driver.ended.problem is None
    by_row: dict[str, set[int]] = {}
    for each in target.received:
        by_row.setdefault(each.path, set()).add(each.port)
    assert {path: len(ports) for path, ports in by_row.items()} == {
        f"/people-{n}": 1 for n in range(1, 8)
    }


def test_seeds_make_two_runs_alike(target: Target, tmp_path: Path) -> None:
    who = persona("a", think_s=(0.2, 0.2))
    drawn = endpoint("a", "GET /{{ random_int(1, 1000000) }}")
    first = []
    for _ in range(2):
        target.received.clear()
        run(plan(target.url, [who], [drawn], stages=[Stage(users=3, hold_s=0.3)]), tmp_path)
        first.append({each.path for each in target.received})
    assert first[0] == first[1]


def test_a_killed_worker_is_named_and_ends_the_test(
    target: Target, tmp_path: Path, eventually: Eventually
) -> None:
    who = persona("a", think_s=(0.01, 0.02))
    planned = plan(target.url, [who], [A], stages=FOR_LONG)
    with running(planned, tmp_path, "--workers", "2") as driver:
        eventually(lambda: len(driver.ticks) >= 2)
        victim = psutil.Process(driver.process.pid).children()[0]
        victim.kill()
    problem = driver.ended.problem
    assert problem is not None
    assert f"of 2 (process {victim.pid} on {socket.gethostname()}) was killed (SIGKILL)" in problem
    assert driver.ticks[-1].workers == 1
    assert driver.process.returncode == 3


def test_a_worker_that_stands_still_is_lost(
    target: Target, tmp_path: Path, eventually: Eventually
) -> None:
    who = persona("a", think_s=(0.01, 0.02))
    planned = plan(target.url, [who], [A], stages=FOR_LONG)
    with running(planned, tmp_path, "--workers", "2") as driver:
        eventually(lambda: len(driver.ticks) >= 2)
        victim = psutil.Process(driver.process.pid).children()[0]
        victim.suspend()
        eventually(lambda: any(each.workers == 1 for each in driver.ticks))
    assert "has not reported for 5 s" in str(driver.ended.problem)


def test_workers_end_with_their_master(
    target: Target, tmp_path: Path, eventually: Eventually
) -> None:
    planned = plan(target.url, [persona("a", think_s=(1.0, 1.0))], [A], stages=FOR_LONG)
    with running(planned, tmp_path, "--workers", "2") as driver:
        eventually(lambda: len(driver.ticks) >= 1)
        workers = psutil.Process(driver.process.pid).children()
        driver.process.kill()
        eventually(lambda: not any(each.is_running() for each in workers))


def test_a_plan_that_cannot_run_says_why_and_sends_nothing(target: Target, tmp_path: Path) -> None:
    bad = endpoint("a", headers={"X": "${NO_SUCH_SECRET}"})
    driver = run(plan(target.url, [persona("a")], [bad]), tmp_path)
    assert "NO_SUCH_SECRET" in str(driver.ended.problem)
    assert (driver.started, driver.process.returncode, target.received) == (None, 3, [])


def test_a_file_that_is_no_plan(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{}")
    done = subprocess.run(
        [*MODULE, "--plan", str(tmp_path / "plan.json"), "--test", "load"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        env=dict(os.environ),
    )
    assert done.returncode == 3
    assert b"not a Plan of this version" in done.stderr


def test_what_user_code_prints_does_not_stand_between_the_messages(
    target: Target, tmp_path: Path
) -> None:

    (tmp_path / "chatty.py").write_text(
        "def say(session):\n    print('hello')\n    session.request('a')\n"
    )
    who = persona(PythonStep(function="chatty:say", place=PLACE), think_s=(0.1, 0.1))
    driver = run(plan(target.url, [who], [A], directory=tmp_path), tmp_path)
    assert counts(driver) == {"a": len(target.received)}
    assert b"hello\n" in driver.log


def test_try_shows_one_journey_of_each_persona(target: Target, tmp_path: Path) -> None:

    target.on("/login", json_answer({"token": "t1"}))
    login = endpoint(
        "login", "POST /login",
        body=JsonBody(value={"name": "ann"}),
        expect=Expect(json=(JsonCheck(path="$.token", exists=True),)),
        captures=(Capture(name="token", source="json", query="$.token"),),
    )  # fmt: skip
    page = endpoint(
        "page", "GET /page", headers={"X-T": "{{ token }}"}, expect=Expect(status=((201, 201),))
    )
    broken = endpoint("broken", "GET /{{ 1 / 0 }}")
    pause = ThinkStep(think_s=(60.0, 60.0), place=PLACE)
    people = [
        persona(
            "login", pause, step("page", chance=0.0, think_s=(60.0, 60.0)), "login", name="one"
        ),
        persona("broken", name="two", think_s=(60.0, 60.0)),
    ]
    shown = try_out(plan(target.url, people, [login, page, broken]), tmp_path)
    first, second, tried, fault, other, ended = shown
    assert isinstance(first, Exchange)
    assert (first.persona, first.phase, first.step, first.method) == (
        "one",
        "journey",
        "login",
        "POST",
    )
    assert (first.url, first.status, first.error) == (f"{target.url}/login", 200, None)
    assert (first.request_body, first.response_body) == ('{"name":"ann"}', '{"token": "t1"}')
    assert first.captures == {"token": "t1"}
    assert [(each.subject, each.passed) for each in first.checks] == [
        ("status", True),
        ("json $.token", True),
    ]
    assert ("content-type", "application/json") in [
        (n.lower(), v) for n, v in first.request_headers
    ]
    assert first.latency_s
    assert isinstance(second, Exchange)
    assert ("X-T", "t1") in second.request_headers
    assert (second.error, second.message) == (ErrorClass.CHECK, "status 200, expected 201")
    assert second.checks[0].message == "expected 201, found 200"
    assert tried == Tried(persona="one", passed=False, requests=2)
    assert isinstance(fault, Fault)
    assert (fault.step, "division by zero" in fault.message) == ("broken", True)
    assert other == Tried(persona="two", passed=False, requests=0)
    assert ended == TryEnded(problem=None)
    assert Counter(target.paths()) == {"/login": 1, "/page": 1}
