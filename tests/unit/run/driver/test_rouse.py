"""One timer wakes many users, in order, none too soon, and none twice."""

from __future__ import annotations

from random import Random
from time import perf_counter
from typing import Any, cast

import gevent
import pytest

from perfspec.run.driver.actor import Actor
from perfspec.run.driver.rouse import Rouser


@pytest.fixture
def rouser() -> Rouser:
    return Rouser()


def actor() -> Actor:
    return Actor(cast("Any", None), Random(0))


def test_it_wakes_in_the_order_of_the_moments_and_none_too_soon(rouser: Rouser) -> None:
    woken: list[tuple[int, float]] = []
    begun = perf_counter()

    def sleeper(ms: int) -> None:
        rouser.wait_until(actor(), begun + ms / 1000)
        woken.append((ms, perf_counter() - begun))

    gevent.joinall([gevent.spawn(sleeper, ms) for ms in (30, 10, 20, 10, 40)])
    assert [ms for ms, _ in woken] == [10, 10, 20, 30, 40]
    assert all(at_s >= ms / 1000 for ms, at_s in woken)


def test_a_moment_that_is_over_still_gives_way(rouser: Rouser) -> None:
    seen: list[str] = []
    gevent.spawn(lambda: seen.append("another"))
    rouser.wait_until(actor(), perf_counter() - 1.0)
    assert seen == ["another"]


def test_who_was_woken_early_sleeps_on_undisturbed(rouser: Rouser) -> None:
    me, begun = actor(), perf_counter()
    slept_s = []

    def sleeper() -> None:
        for due in (begun + 0.02, begun + 0.08):
            rouser.wait_until(me, due)
            slept_s.append(perf_counter() - begun)

    sleeping = gevent.spawn(sleeper)
    gevent.sleep(0)
    me.wake()
    sleeping.join()
    assert slept_s[1] >= 0.08, "not at 0.02, when the first sleep should have ended"
    assert me.waiter is None


def test_who_was_killed_is_not_waited_for(rouser: Rouser) -> None:
    me, begun = actor(), perf_counter()
    killed = gevent.spawn(rouser.wait_until, me, begun + 0.01)
    gevent.sleep(0)
    killed.kill()
    rouser.wait_until(actor(), begun + 0.02)
    assert perf_counter() - begun >= 0.02
    assert me.waiter is None


def test_sleepers_who_go_to_sleep_again_as_they_are_woken(rouser: Rouser) -> None:
    begun = perf_counter()
    woken: list[float] = []

    def sleeper(first_ms: int) -> None:
        for index in range(5):
            due = begun + (first_ms + 3 * index) / 1000
            rouser.wait_until(actor(), due)
            woken.append(perf_counter() - due)

    gevent.joinall([gevent.spawn(sleeper, ms) for ms in range(20)])
    assert len(woken) == 100
    assert min(woken) >= 0
