"""The alarm wakes in order and never too soon."""

from __future__ import annotations

import sys
from time import perf_counter
from typing import TYPE_CHECKING

import gevent
import pytest

from perfspec.run.driver.alarm import Alarm

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a timer of Linux")


@pytest.fixture
def alarm() -> Iterator[Alarm]:
    found = Alarm.here()
    assert found is not None
    yield found
    found.close()


def test_it_wakes_in_the_order_of_the_moments_and_none_too_soon(alarm: Alarm) -> None:
    woken: list[tuple[int, float]] = []
    begun = perf_counter()

    def sleeper(ms: int) -> None:
        alarm.sleep_until(begun + ms / 1000)
        woken.append((ms, perf_counter() - begun))

    gevent.joinall([gevent.spawn(sleeper, ms) for ms in (30, 10, 20, 10, 40)])
    assert [ms for ms, _ in woken] == [10, 10, 20, 30, 40]
    assert all(at_s >= ms / 1000 for ms, at_s in woken)


def test_what_is_past_does_not_wait(alarm: Alarm) -> None:
    alarm.sleep_until(perf_counter() - 1)
    alarm.sleep_until(0.0)


def test_one_that_was_killed_does_not_keep_the_others(alarm: Alarm) -> None:
    dead = gevent.spawn(alarm.sleep_until, perf_counter() + 0.01)
    gevent.sleep(0)
    dead.kill()
    alarm.sleep_until(perf_counter() + 0.02)
    assert dead.ready()
