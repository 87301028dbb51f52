"""Waking many users with one timer: a timer of the event loop each costs more than the message.

It is as fine as the event loop's own, which is a millisecond; see ``alarm`` for what is finer.
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count
from time import perf_counter
from typing import TYPE_CHECKING

from gevent.hub import Waiter, get_hub

if TYPE_CHECKING:
    from typing import Any

    from perfspec.run.driver.actor import Actor


class Rouser:
    """Users that sleep until a moment of ``perf_counter``; all of one process."""

    def __init__(self) -> None:
        self._sleepers: list[tuple[float, int, Waiter[None]]] = []  # those woken before, too
        self._numbers = count()
        self._timer: Any = None
        self._set_for = 0.0

    def wait_until(self, me: Actor, moment: float) -> None:
        """Give way until then, or until the user is woken (``Actor.wake``)."""
        waiter: Waiter[None] = Waiter(get_hub())
        heappush(self._sleepers, (moment, next(self._numbers), waiter))
        if self._timer is None or moment < self._set_for:
            self._set(moment)
        me.waiter = waiter
        try:
            waiter.get()
        finally:
            me.waiter = None

    def _set(self, moment: float) -> None:
        if self._timer is not None:
            self._timer.close()  # gevent's cannot be set anew
        self._set_for = moment
        self._timer = get_hub().loop.timer(max(moment - perf_counter(), 0.0))
        self._timer.start(self._ring)

    def _ring(self) -> None:
        """Wake those whose moment has come; who is due by then has to wait for the next look.

        Otherwise nobody would look at the sockets where there are more messages than time.
        """
        sleepers, now = self._sleepers, perf_counter()
        self._set_for = now  # nobody who goes to sleep meanwhile need set the timer
        while sleepers and sleepers[0][0] <= now:
            heappop(sleepers)[2].switch(None)  # one that was woken before takes no notice
        if sleepers:
            self._set(sleepers[0][0])
        else:
            self._timer.close()
            self._timer = None
