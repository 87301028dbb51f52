"""Who starts where: Locust's dispatcher with perfspec's shares, ramps and balance of workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import gevent
from locust.dispatch import UsersDispatcher

from perfspec.run.driver.balance import share_out
from perfspec.run.driver.curve import slot_s

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from locust.runners import WorkerNode

    from perfspec.plan.journey import Persona
    from perfspec.plan.load import Phase
    from perfspec.run.driver.balance import Counts
    from perfspec.run.driver.curve import Curve
    from perfspec.run.driver.testclock import TestClock

AT_ONCE = 1e6  # users a second: the spawn rate that means a jump


class Dispatcher(UsersDispatcher):
    """Follows ``curve`` on ``clock``; ``personas`` are in file order."""

    curve: ClassVar[Curve]
    personas: ClassVar[Sequence[Persona]]
    clock: ClassVar[TestClock]

    def _dispatcher(self) -> Generator[Counts]:
        """The users of every worker whenever they change, until the target is reached."""
        self._dispatch_in_progress = True
        ramp = None if self._spawn_rate >= AT_ONCE else self.curve.ramp_at(self.clock.now())
        level = self._level(ramp)
        yield self._dispatched(level)
        while level != self._target_user_count:
            gevent.sleep(slot_s(level))
            before, level = level, self._level(ramp)
            if level != before:
                yield self._dispatched(level)
        self._dispatch_in_progress = False

    def _level(self, ramp: Phase | None) -> int:
        """The users of the slot that begins now.

        Those who start are spread over it, so they are as many as at its end; those who stop all do
        so now, so they are as many as in its middle.
        """
        if ramp is None:
            return self._target_user_count
        ahead = 1.0 if ramp.level_to > ramp.level_from else 0.5
        second = self.clock.now() + slot_s(self._current_user_count) * ahead
        return self.curve.level(second) if second < ramp.end_s else self._target_user_count

    def _dispatched(self, level: int) -> Counts:
        settled = level == self._target_user_count
        share_out(self._users_on_workers, self.personas, level, settled=settled)
        self._current_user_count = self.get_current_user_count()
        return self._users_on_workers

    def add_worker(self, worker_node: WorkerNode) -> None:
        """The workers of a test are those that it began with."""

    def remove_worker(self, worker_node: WorkerNode) -> None:
        """Whether one is lost is the leader's to say; it ends the test then."""
