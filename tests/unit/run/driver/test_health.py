"""When a load process has more to do than it can."""

from __future__ import annotations

from threading import Event
from time import perf_counter
from typing import TYPE_CHECKING

import pytest

from perfspec.run.driver import health
from perfspec.run.driver.health import CpuMeter, is_busy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


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


@pytest.fixture
def waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets for how many seconds the scheduler has let the process wait, as Linux tells it."""
    schedstat = tmp_path / "schedstat"
    monkeypatch.setattr(health, "_SCHEDSTAT", schedstat)
    monkeypatch.setattr(health, "MUCH", 0.0)  # a busy machine may give the test little

    def wait(seconds: int) -> None:
        schedstat.write_text(f"1 {seconds}000000000 1\n", encoding="ascii")

    wait(0)
    return wait


def spin(seconds: float) -> None:
    until = perf_counter() + seconds
    while perf_counter() < until:
        pass


def test_busy_seconds_add_up_until_it_is_idle(waiting: Callable[[int], None]) -> None:
    meter = CpuMeter()
    spin(0.2)
    waiting(3600)
    share, busy_s = meter.read()
    assert 0 < share <= 1.1
    assert busy_s >= 0.2
    spin(0.1)
    waiting(7200)
    assert meter.read()[1] >= busy_s + 0.1
    Event().wait(0.1)
    assert meter.read()[1] == 0.0


def test_a_system_that_tells_nothing_of_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_SCHEDSTAT", tmp_path / "none")
    monkeypatch.setattr(health, "MUCH", 0.0)
    meter = CpuMeter()
    Event().wait(0.1)
    assert meter.read()[1] == 0.0
