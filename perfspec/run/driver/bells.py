"""Timers on the hub: the event loop's own counts in milliseconds, one of Linux in nanoseconds.

A journey that starts a millisecond late would have that millisecond in its latency.
"""

from __future__ import annotations

import ctypes
import os
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, Protocol

from gevent.hub import get_hub

if TYPE_CHECKING:
    from collections.abc import Callable

_READ: Final = 1  # libev's EV_READ
_MONOTONIC: Final = 1  # the clock of ``perf_counter`` on Linux
_ABSOLUTE: Final = 1
_LIBC: Final = ctypes.CDLL(None, use_errno=True)
HAS_FINE_BELL: Final = hasattr(_LIBC, "timerfd_create")


class Bell(Protocol):
    """It is made with what it calls at a moment of ``perf_counter``."""

    def set(self, moment: float) -> None:
        """Ring then, and at no other moment that was set before."""

    def close(self) -> None:
        """Ring no more."""


class HubBell:
    """The event loop's timer, in whole milliseconds."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._timer: Any = None

    def set(self, moment: float) -> None:
        """Ring then; gevent's timers cannot be set anew."""
        self.close()
        self._timer = get_hub().loop.timer(max(moment - perf_counter(), 0.0))
        self._timer.start(self._ring)

    def close(self) -> None:
        """Let go of the timer."""
        if self._timer is not None:
            self._timer.close()
            self._timer = None


class _Setting(ctypes.Structure):
    """``struct itimerspec``: when, and then how often."""

    _fields_ = (
        ("interval_s", ctypes.c_long),
        ("interval_ns", ctypes.c_long),
        ("s", ctypes.c_long),
        ("ns", ctypes.c_long),
    )


class FineBell:
    """A timer of Linux, in nanoseconds."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._file = _LIBC.timerfd_create(_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._file < 0:
            raise OSError(ctypes.get_errno(), "no timer is to be had")
        self._watcher = get_hub().loop.io(self._file, _READ)
        self._watcher.start(self._rung)

    def set(self, moment: float) -> None:
        """Ring then, at once if that is over."""
        seconds, nanoseconds = divmod(int(moment * 1e9) + 1, 10**9)  # 0 would be never
        setting = _Setting(0, 0, seconds, nanoseconds)
        if _LIBC.timerfd_settime(self._file, _ABSOLUTE, ctypes.byref(setting), None):
            raise OSError(ctypes.get_errno(), f"no timer for {moment!r}")

    def close(self) -> None:
        """Let go of the timer."""
        self._watcher.stop()
        self._watcher.close()
        os.close(self._file)

    def _rung(self) -> None:
        try:
            os.read(self._file, 8)
        except BlockingIOError:  # it was set anew in the meantime
            return
        self._ring()
