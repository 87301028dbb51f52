"""Follows the load curve with Locust's runner, from the first user to the last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from perfspec.run.driver.curve import SteeredCurve
from perfspec.run.driver.dispatch import AT_ONCE

if TYPE_CHECKING:
    from gevent import Greenlet
    from gevent.event import Event
    from locust.runners import Runner

    from perfspec.plan.load import Phase
    from perfspec.plan.model import Test
    from perfspec.run.driver.engine import Engine

_START_S = 30.0  # a runner that has not begun a test by then never will


class Cast(Protocol):
    """Who plays: the users of this process, or those of all workers."""

    started: Event

    def dismiss(self, finish_s: float) -> None:
        """Tell all users to stop and return when they have, at most the plan's ``grace_s`` later.

        Journeys that arrived have ``finish_s`` before that.
        """
        ...

    def steer(self, at_s: float, users: int) -> None:
        """Tell the others, if any, that so many users are planned from then on."""
        ...


class Conductor:
    """Runs the whole test of an engine."""

    def __init__(self, engine: Engine, runner: Runner, cast: Cast) -> None:
        self._engine = engine
        self._runner = runner
        self._cast = cast
        self._order: Greenlet[..., None] | None = None
        self._level: int | None = None

    def perform(self) -> None:
        """Returns when the last user has gone.

        A phase begins on time, whatever the runner is busy with: its previous order is dropped.
        ``engine.crew.stopping`` ends the test early.
        """
        engine = self._engine
        try:
            for phase in engine.curve.phases:
                if _wait(engine, phase.start_s):
                    break
                self._begin(phase)
                if not self._cast.started.wait(_START_S):
                    engine.report("Locust did not start the test")
            _wait(engine, engine.curve.end_s)
        finally:
            if self._order is not None:
                self._order.kill(block=False)
        stopped = engine.crew.stopping.is_set()
        self._cast.dismiss(0.0 if stopped else engine.test.finish_within_s)

    def steer(self, users: int) -> None:
        """Go on with so many users: the test is a search, and somebody has chosen its level."""
        curve, now_s = self._engine.curve, self._engine.clock.now()
        if isinstance(curve, SteeredCurve) and not self._engine.crew.stopping.is_set():
            phase = curve.steer(now_s, users)
            self._cast.steer(now_s, users)
            self._begin(phase)

    def _begin(self, phase: Phase) -> None:
        users, a_second = _target(self._engine.test, phase)
        if users != self._level:
            self._order = _order(self._runner, self._order, users, a_second)
            self._level = users


def _wait(engine: Engine, until_s: float) -> bool:
    """Wait for a time on the test's clock, never less; True if the test is to stop."""
    stopping = engine.crew.stopping
    while not stopping.is_set() and (left_s := until_s - engine.clock.now()) > 0:
        stopping.wait(left_s)
    return stopping.is_set()


def _target(test: Test, phase: Phase) -> tuple[int, float]:
    """The users at the end of a phase, and how many of them come or go in a second.

    In the open model Locust is asked for none: journeys bring their users (``Arrivals``).
    """
    if test.open_model is not None:
        return 0, AT_ONCE
    a_second = abs(phase.level_to - phase.level_from) / (phase.end_s - phase.start_s)
    return round(phase.level_to), a_second or AT_ONCE


def _order(
    runner: Runner, before: Greenlet[..., None] | None, users: int, a_second: float
) -> Greenlet[..., None]:
    """Have the runner change the level; a master's ``start`` takes as long as the ramp."""
    if before is not None:
        before.kill(block=False)
    order: Greenlet[..., None]
    order = runner.greenlet.spawn(runner.start, users, a_second)
    return order
