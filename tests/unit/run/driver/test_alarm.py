"""One timer wakes many, in order, none too soon, and none twice."""

from __future__ import annotations

import sys
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING, Any, cast

import gevent
import pytest

from perfspec.run.driver.actor import Actor
from perfspec.run.driver.alarm import Alarm

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=["coarse", "fine"])
def alarm(request: pytest.FixtureRequest) -> Iterator[Alarm]:
    if request.param == "fine" and sys.platform != "linux":
        pytest.skip("a timer of Linux")
    found = Alarm() if request.param == "coarse" else Alarm.fine()
    assert found is not None
    yield found
    found.close()


def actor() -> Actor:
    return Actor(cast("Any", None), Random(0))


def test_it_wakes_in_the_order_of_the_moments_and_none_too_soon(alarm: Alarm) -> None:
    woken: list[tuple[int, float]] = []
    begun = perf_counter()

    def sleeper(ms: int) -> None:
        alarm.sleep_until(begun + ms / 1000)
        woken.append((ms, perf_counter() - begun))

    gevent.joinall([gevent.spawn(sleeper, ms) for ms in (30, 10, 20, 10, 40)])
    assert [ms for ms, _ in woken] == [10, 10, 20, 30, 40]
    assert all(at_s >= ms / 1000 for ms, at_s in woken)


@pytest.mark.parametrize("behind_s", [0.001, 1.0])
def test_a_moment_that_is_over_still_gives_way(alarm: Alarm, behind_s: float) -> None:
    seen: list[str] = []
    gevent.spawn(lambda: seen.append("another"))
    alarm.sleep_until(perf_counter() - behind_s)
    assert seen == ["another"]


@pytest.mark.parametrize("before_s", [0.0, 5e-10, 1e-9])
def test_the_last_part_of_a_second_is_over_too(alarm: Alarm, before_s: float) -> None:
    with gevent.Timeout(5):
        alarm.sleep_until(int(perf_counter()) - before_s)
        alarm.sleep_until(0.0)


def test_who_was_woken_early_sleeps_on_undisturbed(alarm: Alarm) -> None:
    me, begun = actor(), perf_counter()
    slept_s = []

    def sleeper() -> None:
        for due in (begun + 0.02, begun + 0.08):
            alarm.sleep_until(due, me)
            slept_s.append(perf_counter() - begun)

    sleeping = gevent.spawn(sleeper)
    gevent.sleep(0)
    me.wake()
    sleeping.join()
    assert slept_s[0] < slept_s[1]
    assert slept_s[1] >= 0.08, "not at 0.02, when the first sleep should have ended"
    assert me.waiter is None


def test_who_was_killed_is_not_waited_for(alarm: Alarm) -> None:
    me, begun = actor(), perf_counter()
    killed = gevent.spawn(alarm.sleep_until, begun + 0.01, me)
    gevent.sleep(0)
    killed.kill()
    alarm.sleep_until(begun + 0.02)
    assert perf_counter() - begun >= 0.02
    assert me.waiter is None


def test_sleepers_who_go_to_sleep_again_as_they_are_woken(alarm: Alarm) -> None:
    begun = perf_counter()
    woken: list[float] = []

    def sleeper(first_ms: int) -> None:
        for index in range(5):
            due = begun + (first_ms + 3 * index) / 1000
            alarm.sleep_until(due, actor())
            woken.append(perf_counter() - due)

    gevent.joinall([gevent.spawn(sleeper, ms) for ms in range(20)])
    assert len(woken) == 100
    assert min(woken) >= 0
