"""How long an answer waits until the generator sees it, measured by answers of a known time.

A timer of the kernel stands for them: it becomes readable at moments that nobody else knows, as the
sockets of the target do, and waits as they do: for a core, for the turn of the event loop, for what
is read before it. What it waited, latencies are too long by. The moments are random (a Poisson
process), so they meet the loop as it is on average (Wolff, Operations Research 30, 1982).
"""

from __future__ import annotations

from random import Random
from time import perf_counter

from perfspec.measure.histogram import Histogram
from perfspec.run.driver.alarm import HAS_BELL, Bell

RATE = 50.0  # a second: 0.3 % of a core


class Sentinel:
    """Rings all the time from ``start`` on; made where the load is."""

    def __init__(self) -> None:
        self._rng = Random()  # noqa: S311  (nothing secret)
        self._waits: list[int] = []
        self._due = 0.0
        self._bell = Bell(self._rung)

    @classmethod
    def here(cls) -> Sentinel | None:
        """None where the system has no such timer."""
        return cls() if HAS_BELL else None

    def start(self) -> None:
        """Begin, or begin anew."""
        self._waits.clear()
        self._set(perf_counter())

    def take(self) -> Histogram:
        """Microseconds of every wait since the last look."""
        waits, self._waits = self._waits, []
        return Histogram.of(waits)

    def close(self) -> None:
        """Ring no more."""
        self._bell.close()

    def _rung(self) -> None:
        now = perf_counter()
        self._waits.append(max(0, round((now - self._due) * 1e6)))
        self._set(now)

    def _set(self, after: float) -> None:
        self._due = after + self._rng.expovariate(RATE)
        self._bell.set(self._due)
