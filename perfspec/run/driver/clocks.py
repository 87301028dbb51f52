"""How far the clocks of another machine are from ours, as in NTP: by the quickest of some pings."""

from __future__ import annotations

from time import perf_counter
from typing import NamedTuple

from perfspec.clock import SystemClock


class Reading(NamedTuple):
    """Both clocks of a machine at one moment: ``perf_counter``, and seconds since 1970."""

    steady_s: float
    wall_s: float

    @classmethod
    def now(cls) -> Reading:
        return cls(perf_counter(), SystemClock().now().timestamp())


class Offset:
    """Their clocks less ours; ``within_s`` is half of the quickest round trip, the uncertainty.

    Mills, RFC 5905: an answer that came quickly bounds the offset best.
    """

    def __init__(self) -> None:
        self.pings = 0
        self.within_s = float("inf")
        self.steady_s = 0.0
        self.wall_s = 0.0

    def add(self, sent_s: float, theirs: Reading, received: Reading) -> None:
        """Take an answer to what was sent at ``sent_s`` of our ``perf_counter``."""
        self.pings += 1
        half_s = (received.steady_s - sent_s) / 2
        if half_s < self.within_s:
            self.within_s = half_s
            self.steady_s = theirs.steady_s - (received.steady_s - half_s)
            self.wall_s = theirs.wall_s - (received.wall_s - half_s)
