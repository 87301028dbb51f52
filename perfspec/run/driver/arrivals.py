"""The open model in one process: every journey starts at its time, with whoever is free."""

from __future__ import annotations

from collections import deque
from time import perf_counter
from typing import TYPE_CHECKING

import gevent

from perfspec.run.driver.actor import NEVER, Leave
from perfspec.run.driver.alarm import ROUGH_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gevent.event import Event

    from perfspec.run.driver.alarm import Alarm
    from perfspec.run.driver.life import VirtualUser
    from perfspec.run.driver.recorder import Recorder
    from perfspec.run.driver.schedule import Arrival
    from perfspec.run.driver.testclock import TestClock

_BREATH = 50  # journeys in a row, when they are late, until others get their turn
_END_S = 5.0  # to count what was never started


class Arrivals:
    """Hands journeys to users who are idle, or to new ones as long as there may be more.

    ``hire`` starts a user of a persona. Nobody starts after ``stopping`` is set. ``report`` is told
    why journeys could not be started.
    """

    def __init__(
        self,
        hire: Callable[[str], None],
        clock: TestClock,
        recorder: Recorder,
        stopping: Event,
        alarm: Alarm | None,
        report: Callable[[BaseException | str | None], None],
    ) -> None:
        self._hire = hire
        self._clock = clock
        self._recorder = recorder
        self._stopping = stopping
        self._alarm = alarm
        self._report = report
        self._desks: dict[str, _Desk] = {}
        self._users = self._most = 0
        self._greenlet: gevent.Greenlet[..., None] | None = None

    @property
    def busy(self) -> bool:
        """Whether a journey is under way or still to start."""
        idle = sum(len(each.idle) for each in self._desks.values())
        return self._users > idle or (self._greenlet is not None and not self._greenlet.ready())

    def begin(self, schedule: Iterable[Arrival], max_users: int) -> None:
        """Start the journeys of ``schedule``, with at most so many users of this process."""
        self._desks.clear()
        self._users, self._most = 0, max_users
        self._greenlet = gevent.spawn(self._run, schedule)
        self._greenlet.link_exception(lambda broken: self._report(broken.exception))

    def end(self) -> None:
        """Return when nothing is started any more; ``stopping`` is set."""
        if self._greenlet is not None:
            self._greenlet.join(timeout=_END_S)
            if not self._greenlet.ready():
                self._report("journeys were not started when they were due")
                self._greenlet.kill(block=False)
        for persona, desk in self._desks.items():
            while desk.waiting:  # nobody came to take it
                self._recorder.journeys(persona).cut_off.append(desk.waiting.popleft())

    def take(self, persona: str) -> float:
        """The journey that a new user was hired for: when it is due."""
        return self._desks[persona].waiting.popleft()

    def next(self, user: VirtualUser) -> float:
        """Be idle until there is a journey, and return when it is due; raises Leave."""
        persona, user.due = user.script.name, NEVER
        self._desks[persona].idle.append(user)
        try:
            user.actor.rest()
        except Leave:
            if user.due != NEVER:
                self._recorder.journeys(persona).cut_off.append(user.due)
            raise
        return user.due

    def gone(self, user: VirtualUser) -> None:
        """The user's place is free."""
        self._users -= 1
        idle = self._desks[user.script.name].idle
        if user in idle:
            idle.remove(user)

    def _run(self, schedule: Iterable[Arrival]) -> None:
        for number, each in enumerate(schedule):
            due = (self._clock.zero or 0.0) + each.at_s
            self._wait(due)
            if not self._stopping.is_set():
                self._start(each.persona, due)
            elif each.at_s <= self._clock.now():
                self._recorder.journeys(each.persona).dropped.append(due)
            else:
                return
            if number % _BREATH == 0:
                gevent.sleep(0)

    def _wait(self, due: float) -> None:
        """Until then, or until nothing is to start any more."""
        rough_s = ROUGH_S if self._alarm is not None else 0.0
        while not self._stopping.is_set() and (left := due - rough_s - perf_counter()) > 0:
            self._stopping.wait(left)
        if self._alarm is not None and not self._stopping.is_set() and due > perf_counter():
            self._alarm.sleep_until(due)

    def _start(self, persona: str, due: float) -> None:
        desk = self._desks.setdefault(persona, _Desk())
        if desk.idle:
            user = desk.idle.popleft()
            user.due = due
            user.actor.wake()
        elif self._users < self._most:
            self._users += 1
            desk.waiting.append(due)
            self._hire(persona)
        else:
            self._recorder.journeys(persona).dropped.append(due)


class _Desk:
    """One persona: ``idle`` users, the longest idle first; journeys ``waiting`` for new ones."""

    __slots__ = ("idle", "waiting")

    def __init__(self) -> None:
        self.idle: deque[VirtualUser] = deque()
        self.waiting: deque[float] = deque()
