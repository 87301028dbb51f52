"""When a load process has more to do than it can."""

from __future__ import annotations

import sys
from time import perf_counter

import pytest

from perfspec.run.driver import health
from perfspec.run.driver.health import CpuMeter, is_busy


@pytest.mark.parametrize(
    ("share", "lacked", "busy"),
    [
        (0.89, 0.0, False),
        (0.9, 0.0, True),
        (0.85, 0.09, False),
        (0.85, 0.1, True),  # there is work for all of the time
        (0.6, 0.35, True),
        (0.3, 0.7, False),  # others take the core; how long answers wait for it is told apart
    ],
)
def test_a_core_that_is_not_enough(share: float, lacked: float, *, busy: bool) -> None:
    assert is_busy(share, lacked) is busy


def spin(seconds: float) -> None:
    until = perf_counter() + seconds
    while perf_counter() < until:
        pass


def test_what_runs_all_the_time_runs_or_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "MUCH", 0.0)  # a busy machine may give it little
    meter = CpuMeter()
    spin(0.3)
    share, busy_s = meter.read()
    assert 0 < share <= 1.1
    if sys.platform == "linux":
        assert busy_s >= 0.3
        spin(0.2)
        assert meter.read()[1] >= 0.5
