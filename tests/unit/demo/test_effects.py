from __future__ import annotations

import pytest

from perfspec.demo.effects import OVERLOAD_FACTOR, RESET, SLOW_START_FACTOR, Effects
from tests.unit.demo.clocks import HandClock


def effects(*faults: str, clock: HandClock | None = None) -> Effects:
    return Effects(faults, seed=1, now=clock or HandClock())


def test_a_healthy_shop_is_left_alone() -> None:
    healthy = effects()
    assert healthy.service_s("/books", 0.01) == 0.01
    assert healthy.failure("/books") is None
    assert healthy.stall_left_s() == 0
    assert healthy.places is None


def test_slowness_adds_up_and_meets_only_its_path() -> None:
    slow = effects("slow:/books:+20%", "slow:*:+50ms")
    assert slow.service_s("/books", 0.1) == pytest.approx(0.17)
    assert slow.service_s("/books/{id}", 0.1) == pytest.approx(0.15)


def test_a_share_of_the_requests_fails() -> None:
    failing = effects("error:/checkout:20%:503", "reset:/books:10%")
    found = [failing.failure("/checkout") for _ in range(5000)]
    assert found.count(503) == pytest.approx(1000, rel=0.1)
    assert set(found) == {503, None}
    resets = [failing.failure("/books") for _ in range(5000)]
    assert resets.count(RESET) == pytest.approx(500, rel=0.15)
    assert {failing.failure("/cart") for _ in range(100)} == {None}


def test_all_and_none_of_the_requests() -> None:
    assert {effects("error:*:100%").failure("/cart") for _ in range(100)} == {500}
    assert {effects("error:*:0%").failure("/cart") for _ in range(100)} == {None}


def test_a_stall_begins_and_ends() -> None:
    clock = HandClock()
    stalling = effects("stall:after=10s:for=2s", clock=clock)
    left = []
    for at_s in (1000.0, 1009.9, 1010.0, 1011.5, 1012.0, 1020.0):
        clock.at_s = at_s
        left.append(stalling.stall_left_s())
    assert left == [0, 0, 2.0, 0.5, 0, 0]


def test_a_slow_start_becomes_normal() -> None:
    clock = HandClock()
    starting = effects("slow-start:10s", clock=clock)
    assert starting.service_s("/books", 1.0) == SLOW_START_FACTOR
    clock.at_s += 5
    assert starting.service_s("/books", 1.0) == (SLOW_START_FACTOR + 1) / 2
    clock.at_s += 50
    assert starting.service_s("/books", 1.0) == 1.0


def test_a_drift_grows_evenly_and_stays() -> None:
    clock = HandClock()
    drifting = effects("drift:/books:+50%:over=60s", clock=clock)
    found = []
    for since_s in (0, 30, 60, 600):
        clock.at_s = 1000.0 + since_s
        found.append(drifting.service_s("/books", 1.0))
    assert found == [1.0, 1.25, 1.5, 1.5]
    assert drifting.service_s("/cart", 1.0) == 1.0


def test_an_overload_lasts_for_a_known_time_after_it_was_the_last_time() -> None:
    clock = HandClock()
    loaded = effects("overload:users=2:for=20s", clock=clock)
    with loaded.at_work(), loaded.at_work():
        assert loaded.service_s("/books", 1.0) == 1.0
        with loaded.at_work():
            assert loaded.service_s("/books", 1.0) == OVERLOAD_FACTOR
            clock.at_s += 100
            assert loaded.service_s("/books", 1.0) == OVERLOAD_FACTOR
    clock.at_s += 19.9
    assert loaded.service_s("/books", 1.0) == OVERLOAD_FACTOR
    clock.at_s += 0.2
    assert loaded.service_s("/books", 1.0) == 1.0


def test_a_further_instance_comes_a_known_time_after_it_was_wanted() -> None:
    clock = HandClock()
    scaling = effects("scale-out:users=1:after=8s", clock=clock)
    assert scaling.places is not None
    with scaling.at_work():
        clock.at_s += 100
        assert scaling.instances == 1
        for waited_s, instances in ((0.0, 1), (7.9, 1), (0.1, 2), (0.0, 2), (7.9, 2), (0.1, 3)):
            clock.at_s += waited_s
            with scaling.at_work(), scaling.at_work():
                assert scaling.instances == instances
    assert scaling.places.free == 3


def test_the_narrowest_place_counts() -> None:
    places = effects("saturate:users=40", "saturate:users=4").places
    assert places is not None
    assert places.free == 4


def test_a_malformed_fault_brings_none_into_force() -> None:
    with pytest.raises(ValueError, match="is no fault"):
        effects("error:*:100%", "eror:*:1%")
