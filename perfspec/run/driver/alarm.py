"""Waking up on time: the event loop counts in whole milliseconds, a timer of Linux in nanoseconds.

A journey that starts a millisecond late would have that millisecond in its latency.
"""

from __future__ import annotations

import ctypes
import os
from heapq import heappop, heappush
from itertools import count
from time import perf_counter
from typing import TYPE_CHECKING, Final

from gevent.hub import Waiter, get_hub

if TYPE_CHECKING:
    from collections.abc import Callable

ROUGH_S: Final = 0.003  # what comes sooner is left to the alarm
_READ: Final = 1  # libev's EV_READ
_MONOTONIC: Final = 1  # the clock of ``perf_counter`` on Linux
_ABSOLUTE: Final = 1


class Alarm:
    """Wakes greenlets of this process at moments of ``perf_counter``; made where they run."""

    def __init__(self) -> None:
        self._sleepers: list[tuple[float, int, Waiter[None]]] = []
        self._numbers = count()
        self._bell = Bell(self._ring)

    @classmethod
    def here(cls) -> Alarm | None:
        """None where the system has no such timer: then the event loop's have to do."""
        return cls() if HAS_BELL else None

    def sleep_until(self, moment: float) -> None:
        """Give way until then; nothing ends it sooner, so it is for the last milliseconds."""
        if moment <= perf_counter():
            return
        waiter: Waiter[None] = Waiter(get_hub())
        heappush(self._sleepers, (moment, next(self._numbers), waiter))
        if self._sleepers[0][2] is waiter:
            self._bell.set(moment)
        waiter.get()

    def close(self) -> None:
        """Wake nobody any more."""
        self._bell.close()

    def _ring(self) -> None:
        while self._sleepers and self._sleepers[0][0] <= perf_counter():
            heappop(self._sleepers)[2].switch(None)
        if self._sleepers:
            self._bell.set(self._sleepers[0][0])


class _Setting(ctypes.Structure):
    """``struct itimerspec``: when, and then how often."""

    _fields_ = (
        ("interval_s", ctypes.c_long),
        ("interval_ns", ctypes.c_long),
        ("s", ctypes.c_long),
        ("ns", ctypes.c_long),
    )


_LIBC: Final = ctypes.CDLL(None, use_errno=True)
HAS_BELL: Final = hasattr(_LIBC, "timerfd_create")


class Bell:
    """One timer of Linux on the hub: ``ring`` is called at a moment of ``perf_counter``."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._file = _LIBC.timerfd_create(_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._file < 0:
            raise OSError(ctypes.get_errno(), "no timer is to be had")
        self._watcher = get_hub().loop.io(self._file, _READ)
        self._watcher.start(self._rung)

    def set(self, moment: float) -> None:
        """Ring then, and at no other moment that was set before."""
        seconds = int(moment)
        setting = _Setting(0, 0, seconds, int((moment - seconds) * 1e9) + 1)
        _LIBC.timerfd_settime(self._file, _ABSOLUTE, ctypes.byref(setting), None)

    def close(self) -> None:
        """Ring no more."""
        self._watcher.stop()
        self._watcher.close()
        os.close(self._file)

    def _rung(self) -> None:
        try:
            os.read(self._file, 8)
        except BlockingIOError:  # it was set anew in the meantime
            return
        self._ring()
