"""The sentinel waits as long as what is ready has to."""

from __future__ import annotations

import sys
from time import perf_counter
from typing import TYPE_CHECKING

import gevent
import pytest

from perfspec.run.driver.sentinel import RATE, Sentinel

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a timer of Linux")


@pytest.fixture
def sentinel() -> Iterator[Sentinel]:
    found = Sentinel.here()
    assert found is not None
    found.start()
    yield found
    found.close()


def busy(seconds: float) -> None:
    """Hold the hub up."""
    until = perf_counter() + seconds
    while perf_counter() < until:
        pass


def test_an_idle_loop_looks_at_once_and_a_busy_one_when_it_is_done(sentinel: Sentinel) -> None:
    gevent.sleep(1.0)
    idle = sentinel.take()
    for _ in range(15):
        busy(0.08)
        gevent.sleep(0.001)
    held = sentinel.take()
    assert idle.count > RATE / 4
    assert held.count >= 10  # one a turn: the next moment is drawn when the last one was seen
    middle, held_up = idle.quantile(0.5), held.quantile(0.5)
    assert middle is not None
    assert held_up is not None
    assert held_up > 0.02  # 80 ms less what is drawn, 20 ms on average
    assert held_up > 4 * middle
    assert sentinel.take().count == 0
