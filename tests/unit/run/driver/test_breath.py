from __future__ import annotations

import random
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import gevent
from gevent.event import Event

from perfspec import jsonio
from perfspec.measure.model import Key
from perfspec.measure.progress import Tick
from perfspec.run.driver import testclock
from perfspec.run.driver.breath import Breath, encode_tick
from perfspec.run.driver.recorder import Recorder
from perfspec.run.driver.ticker import Ticker

if TYPE_CHECKING:
    from perfspec.run.driver.engine import Engine

ENDPOINTS = 100
EACH = 50


def busy_second() -> Recorder:
    """What many endpoints saw in a second."""
    recorder, dice = Recorder([0.0, 1.0]), random.Random(1)
    recorder.zero = 100.0
    for index in range(ENDPOINTS):
        record = recorder.series(Key(kind="request", name=f"e{index}", persona="visitor")).record
        for _ in range(EACH):
            latency = round(dice.lognormvariate(10, 1))
            record((100.5, latency, latency // 2, 1, 2, 0, 0))
    return recorder


def test_a_second_of_many_endpoints_is_told_while_users_go_on() -> None:
    turns = []
    over = Event()

    def play() -> None:
        while not over.is_set():
            gevent.sleep(0)
            turns.append(1)

    recorder = busy_second()
    player = gevent.spawn(play)
    folded = recorder.fold(None, Breath())
    while_folding = len(turns)
    tick = Tick(
        at_s=1.0, users=1, ready=1, planned=1, workers=1, cpu=0.1, busy_s=0.0, hub_delay_us=5,
        series=folded.series, base=folded.series[:1],
    )  # fmt: skip
    told = encode_tick(tick)
    over.set()
    player.join()
    assert while_folding
    assert len(turns) > while_folding
    assert jsonio.decode(told, Tick) == tick
    assert sum(w.latency.count for each in tick.series for w in each.windows) == ENDPOINTS * EACH


def test_nothing_is_cut_off_in_the_middle_of_a_tick() -> None:
    problems: list[object] = []
    engine = SimpleNamespace(
        clock=testclock.TestClock(), settle=lambda: None, report=problems.append
    )
    engine.clock.start()
    begun, go_on, done = Event(), Event(), []

    def act(second: float) -> None:
        begun.set()
        go_on.wait()
        done.append(second)

    ticker = Ticker(cast("Engine", engine), act, lead_s=0.99)
    begun.wait()
    gevent.spawn(go_on.set)
    ticker.stop()
    assert done == [1]
    assert problems == []
