"""What the faults in force do to a request now; the clock and the dice are handed in."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from math import inf
from random import Random
from typing import TYPE_CHECKING, Final

import gevent
from gevent.event import Event

from perfspec.demo.faults import (
    EVERYWHERE,
    Down,
    Drift,
    Fail,
    Leak,
    Overload,
    Saturate,
    ScaleOut,
    Slow,
    SlowStart,
    Stall,
    parse_fault,
)
from perfspec.demo.places import Places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

RESET: Final = 0
SLOW_START_FACTOR: Final = 5.0
OVERLOAD_FACTOR: Final = 10.0
MAX_LEAK: Final = 10**9
_LEAKS_PER_S: Final = 10


class Effects:
    """A set of faults since the moment at which it came into force."""

    def __init__(self, faults: Sequence[str], *, seed: int, now: Callable[[], float]) -> None:
        """Raises ValueError for a malformed fault; nothing is in force then."""
        self.written = tuple(faults)
        parsed = [parse_fault(each) for each in faults]
        self._slows = [each for each in parsed if isinstance(each, Slow)]
        self._fails = [each for each in parsed if isinstance(each, Fail)]
        self._stalls = [each for each in parsed if isinstance(each, Stall)]
        self._starts = [each for each in parsed if isinstance(each, SlowStart)]
        self._overloads = [each for each in parsed if isinstance(each, Overload)]
        self._drifts = [each for each in parsed if isinstance(each, Drift)]
        self._leaks = [each for each in parsed if isinstance(each, Leak)]
        self._downs = [each for each in parsed if isinstance(each, Down)]
        self._scales = [each for each in parsed if isinstance(each, ScaleOut)]
        places = [each.slots for each in parsed if isinstance(each, Saturate)]
        places += [each.users for each in self._scales]
        self.places = Places(min(places)) if places else None
        self.instances = 1
        self._wanted_since: float | None = None  # a further instance
        self.leaked: list[bytearray] = []
        self._at_work = 0
        self._overloaded_until = -inf
        self._random = Random(f"{seed} faults")  # noqa: S311  (repeatable, nothing secret)
        self._now = now
        self._began = now()
        self._over = Event()
        self._running: list[gevent.Greenlet[..., object]] = []

    def service_s(self, path: str, drawn_s: float) -> float:
        """Seconds of work in place of the ``drawn_s`` of a healthy shop."""
        seconds = drawn_s
        for slow in self._slows:
            if slow.path in {path, EVERYWHERE}:
                seconds = seconds * slow.factor + slow.extra_s
        for start in self._starts:
            left = 1 - (self._now() - self._began) / start.for_s if start.for_s else 0.0
            seconds *= 1 + (SLOW_START_FACTOR - 1) * max(0.0, left)
        for drift in self._drifts:
            if drift.path in {path, EVERYWHERE}:
                done = min(1.0, (self._now() - self._began) / drift.over_s)
                seconds *= 1 + drift.growth * done
        return seconds * (OVERLOAD_FACTOR if self._overloaded() else 1.0)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """A request is being worked on."""
        self._at_work += 1
        self._scale_out()
        try:
            yield
        finally:
            self._at_work -= 1

    def _scale_out(self) -> None:
        """Who comes now may be who asks for an instance, or who finds that it has come."""
        if self.places is None:
            return
        now = self._now()
        for each in self._scales:
            if self._at_work > each.users * self.instances and self._wanted_since is None:
                self._wanted_since = now
            if self._wanted_since is not None and now - self._wanted_since >= each.after_s:
                self._wanted_since = None
                self.instances += 1
                self.places.add(each.users)

    def _overloaded(self) -> bool:
        now = self._now()
        for each in self._overloads:
            if self._at_work > each.users:
                self._overloaded_until = max(self._overloaded_until, now + each.for_s)
        return now < self._overloaded_until

    def stall_left_s(self) -> float:
        """Seconds until the stall of this moment ends; 0 when there is none."""
        since = self._now() - self._began
        ends = [each.after_s + each.for_s for each in self._stalls if each.after_s <= since]
        return max(0.0, max(ends, default=0.0) - since)

    def wait_for_stall(self) -> None:
        """Return when nothing is stalled, or these faults are no longer in force."""
        left_s = self.stall_left_s()
        if left_s:
            self._over.wait(left_s)

    def failure(self, path: str) -> int | None:
        """Status that this request fails with, ``RESET`` for a reset, None for a healthy one."""
        for fail in self._fails:
            if fail.path in {path, EVERYWHERE} and self._random.random() < fail.share:
                return fail.status
        return None

    def start(self) -> None:
        """Begin what happens without a request: leaking and dying."""
        for leak in self._leaks:
            self._running.append(gevent.spawn(self._leak, leak))
        for down in self._downs:
            self._running.append(gevent.spawn_later(down.after_s, _die, down))

    def stop(self) -> None:
        """End that; a stall lets go, and what was leaked is given back."""
        self._over.set()
        gevent.killall(self._running)
        self.leaked.clear()

    def _leak(self, leak: Leak) -> None:
        size = max(1, round(leak.bytes_per_s / _LEAKS_PER_S))
        while size * (len(self.leaked) + 1) <= MAX_LEAK:
            self.leaked.append(bytearray(b"x") * size)  # written to, so that it becomes resident
            gevent.sleep(1 / _LEAKS_PER_S)


def _die(down: Down) -> None:
    sys.stderr.write(f"bookshop: dies now, as down:after={down.after_s:g}s told it to\n")
    sys.stderr.flush()
    os._exit(1)  # no clean end: clients must see a target that is gone
