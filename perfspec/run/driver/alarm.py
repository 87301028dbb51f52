"""Waking many greenlets with one timer: one of its own for each costs more than a message."""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count
from math import inf
from time import perf_counter
from typing import TYPE_CHECKING, Final

from gevent.hub import Waiter, get_hub

from perfspec.run.driver.bells import HAS_FINE_BELL, FineBell, HubBell

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.run.driver.actor import Actor
    from perfspec.run.driver.bells import Bell

ROUGH_S: Final = 0.003  # what comes sooner is left to a fine alarm


class Alarm:
    """Wakes greenlets of this process at moments of ``perf_counter``; made where they run.

    It is as fine as the event loop, which counts in milliseconds: what is due at nearly the same
    time is done in one go.
    """

    def __init__(self, bell: Callable[[Callable[[], None]], Bell] = HubBell) -> None:
        self._sleepers: list[tuple[float, int, Waiter[None]]] = []  # those woken before, too
        self._numbers = count()
        self._bell = bell(self._ring)
        self._set_for = inf

    @classmethod
    def fine(cls) -> Alarm | None:
        """One that is not late; None where the system has no such timer."""
        return cls(FineBell) if HAS_FINE_BELL else None

    def sleep_until(self, moment: float, me: Actor | None = None) -> None:
        """Give way until then, or until the user is woken (``Actor.wake``), if it is known."""
        waiter: Waiter[None] = Waiter(get_hub())
        heappush(self._sleepers, (moment, next(self._numbers), waiter))
        if moment < self._set_for:
            self._set(moment)
        if me is None:
            waiter.get()
        else:
            me.park(waiter)

    def close(self) -> None:
        """Wake nobody any more."""
        self._bell.close()

    def _set(self, moment: float) -> None:
        self._set_for = moment
        self._bell.set(moment)

    def _ring(self) -> None:
        """Wake those whose moment has come; who is due by then has to wait for the next look.

        Otherwise nobody would look at the sockets where there is more to do than time.
        """
        sleepers, now = self._sleepers, perf_counter()
        self._set_for = now  # nobody who goes to sleep meanwhile need set the bell
        while sleepers and sleepers[0][0] <= now:
            heappop(sleepers)[2].switch(None)  # one that was woken before takes no notice
        if sleepers:
            self._set(sleepers[0][0])
        else:
            self._set_for = inf
