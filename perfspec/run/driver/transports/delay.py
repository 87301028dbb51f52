"""How long the hub is busy between two looks at its sockets: the uncertainty of every latency."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from gevent.hub import get_hub

if TYPE_CHECKING:
    from collections.abc import Callable


class HubDelay(NamedTuple):
    """Microseconds that turns of the hub took since the last look, and how many there were."""

    longest_us: int
    mean_us: int
    turns: int


class HubWatch:
    """Stamps each turn of the hub, from one look at its sockets to the next."""

    def __init__(self, before_poll: Callable[[], None]) -> None:
        """``before_poll`` is called at the end of each turn."""
        loop = get_hub().loop
        self._began = perf_counter()
        self._longest = self._total = 0.0
        self._turns = 0
        self._after_poll = loop.check(ref=False, priority=2)
        self._before_poll = loop.prepare(ref=False, priority=-2)
        self._tidy = before_poll
        self._after_poll.start(self._begin)
        self._before_poll.start(self._end)

    def take(self) -> HubDelay:
        """What was seen since the last call."""
        mean = self._total / self._turns if self._turns else 0.0
        seen = HubDelay(round(self._longest * 1e6), round(mean * 1e6), self._turns)
        self._longest = self._total = 0.0
        self._turns = 0
        return seen

    def close(self) -> None:
        self._after_poll.close()
        self._before_poll.close()

    def _begin(self) -> None:
        self._began = perf_counter()

    def _end(self) -> None:
        self._tidy()
        busy = perf_counter() - self._began
        self._total += busy
        self._turns += 1
        self._longest = max(self._longest, busy)
