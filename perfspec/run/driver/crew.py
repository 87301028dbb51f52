"""The users of one process: who runs, who is ready, who is on its way out."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import gevent
from gevent.event import Event

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.run.driver.arrivals import Arrivals
    from perfspec.run.driver.curve import Curve
    from perfspec.run.driver.life import VirtualUser
    from perfspec.run.driver.recorder import Recorder
    from perfspec.run.driver.testclock import TestClock

_LOOK_S = 0.05  # between two looks at whether everybody has gone
_DEATH_S = 5.0  # killed greenlets end at once; longer means that one is stuck


class Crew:
    """``users`` run and were not told to stop, ``ready`` are those of them past ``on_start``.

    ``stopping`` set: nobody may begin any more. ``halting`` set: nobody may finish anything.
    ``on_problem`` is told what broke in a user.
    """

    def __init__(
        self,
        clock: TestClock,
        curve: Curve,
        recorder: Recorder,
        on_problem: Callable[[BaseException | None], None],
    ) -> None:
        self.users = 0
        self.ready = 0
        self.share = 0.5  # of the distance from one start to the next: where this worker starts
        self.stopping = Event()
        self.halting = Event()
        self.broken = on_problem
        self.arrivals: Arrivals | None = None
        self._clock = clock
        self._curve = curve
        self._recorder = recorder
        self._present: set[VirtualUser] = set()
        self._batch: list[VirtualUser] = []

    @property
    def present(self) -> int:
        """All who are there, those on their way out too."""
        return len(self._present)

    def enlist(self, user: VirtualUser) -> None:
        """Note a user who was started; those started together in a ramp begin one after another."""
        self._batch.append(user)

    def begin(self, user: VirtualUser) -> None:
        """The user's greenlet runs: find out when it may begin."""
        batch, self._batch = self._batch, []
        over_s = self._curve.spread_s(self._clock.now()) if batch else 0.0
        for index, each in enumerate(batch):
            each.delay_s = over_s * (index + self.share) / len(batch)
        self._present.add(user)
        if self.stopping.is_set():
            user.actor.leave()

    def joined(self, user: VirtualUser) -> None:
        """Count a user who begins."""
        user.counted = True
        self.users += 1
        self._recorder.users = self.users

    def became_ready(self, user: VirtualUser) -> None:
        """Count a user whose ``on_start`` succeeded."""
        user.ready = True
        self.ready += 1

    def leave(self, user: VirtualUser) -> None:
        """Tell a user to stop after what it is doing; it counts no more."""
        if user.counted:
            user.counted = False
            self.users -= 1
            self.ready -= user.ready
            if not self.stopping.is_set():  # else what is under way was sent by more
                self._recorder.users = self.users
        user.actor.leave()

    def gone(self, user: VirtualUser) -> None:
        """Forget a user whose life is over."""
        self.leave(user)
        self._present.discard(user)

    def row_may_come_back(self) -> bool:
        """Whether somebody on its way out still holds data."""
        return any(not each.counted for each in self._present)

    def reopen(self) -> None:
        """Another test may begin in this process."""
        self.stopping.clear()
        self.halting.clear()

    def dismiss(self, grace_s: float, finish_s: float = 0.0) -> None:
        """Tell everybody to stop, and cut off who is still there after ``grace_s``.

        Journeys that arrived have ``finish_s`` before that to come to their end.
        """
        if self.arrivals is not None:
            self._finish(self.arrivals, perf_counter() + finish_s)
        deadline = perf_counter() + grace_s
        self.stopping.set()
        if self.arrivals is not None:
            self.arrivals.end()
        for each in list(self._present):
            self.leave(each)
        while self._present and perf_counter() < deadline and not self.halting.is_set():
            self.halting.wait(_LOOK_S)
        greenlets = [each.greenlet for each in self._present if each.greenlet is not None]
        gevent.killall(greenlets, timeout=_DEATH_S)

    def _finish(self, arrivals: Arrivals, deadline: float) -> None:
        """Wait for the journeys that are under way; not for those of a test that is stopped."""
        told = self.stopping, self.halting
        while arrivals.busy and perf_counter() < deadline and not any(e.is_set() for e in told):
            self.stopping.wait(_LOOK_S)
