"""The calibration probe: work that is really done, as often as it should be."""

from __future__ import annotations

from perfspec.clock import SystemClock
from perfspec.measure.collect import Collector
from perfspec.measure.progress import Tick
from perfspec.run.probe import EVERY_S, Probe
from tests.results import make_test


class Turns(SystemClock):
    """A clock on which each look at it takes a millisecond."""

    def __init__(self) -> None:
        self.at_s = 100.0

    def monotonic(self) -> float:
        self.at_s += 0.001
        return self.at_s


def tick(at_s: float) -> Tick:
    return Tick(
        at_s=at_s, users=1, ready=1, planned=1, workers=1, cpu=0.1, busy_s=0.0, hub_delay_us=100
    )


def test_it_works_four_times_a_second_and_tells_how_long_that_took() -> None:
    clock = Turns()
    with Probe(clock) as probe:
        assert probe.look() == 1000
        assert probe.look() is None
        clock.at_s += EVERY_S
        assert probe.look() == 1000


def test_what_it_took_belongs_to_the_window_that_is_measured() -> None:
    collector = Collector(make_test(hold_s=10.0), "2026-11-21T10:00:00+00:00")
    collector.probed(500)
    for second in range(1, 7):
        collector.add(tick(float(second)))
        collector.probed(500 + second)
    windows = collector.result("partial").probe
    assert sum(each.took.count for each in windows) == 7
    assert windows[-1].took.max_us == 506
    for each in windows:
        begin, end = collector.edges[each.index], collector.edges[each.index + 1]
        assert begin <= each.took.max_us - 500 < end
