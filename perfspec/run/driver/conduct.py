"""Follows the load curve with Locust's runner, from the first user to the last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from perfspec.run.driver.dispatch import AT_ONCE

if TYPE_CHECKING:
    from gevent import Greenlet
    from gevent.event import Event
    from locust.runners import Runner

    from perfspec.plan.load import Phase
    from perfspec.run.driver.engine import Engine

GRACE_S = 30.0  # users who are told to stop may finish their request for so long
_START_S = 30.0  # a runner that has not begun a test by then never will


class Cast(Protocol):
    """Who plays: the users of this process, or those of all workers."""

    started: Event

    def dismiss(self, grace_s: float) -> None:
        """Tell all users to stop and return when they have, at most ``grace_s`` later."""
        ...


def conduct(engine: Engine, runner: Runner, cast: Cast) -> None:
    """Run the whole test; returns when the last user has gone.

    A phase begins on time, whatever the runner is busy with: its previous order is dropped.
    ``engine.crew.stopping`` ends the test early.
    """
    order: Greenlet[..., None] | None = None
    level: int | None = None
    try:
        for phase in engine.curve.phases:
            if _wait(engine, phase.start_s):
                break
            if phase.users_to != level:
                order = _order(runner, order, phase)
                level = phase.users_to
            if not cast.started.wait(_START_S):
                engine.report("Locust did not start the test")
        _wait(engine, engine.curve.end_s)
    finally:
        if order is not None:
            order.kill(block=False)
    cast.dismiss(GRACE_S)


def _wait(engine: Engine, until_s: float) -> bool:
    """Wait for a time on the test's clock, never less; True if the test is to stop."""
    stopping = engine.crew.stopping
    while not stopping.is_set() and (left_s := until_s - engine.clock.now()) > 0:
        stopping.wait(left_s)
    return stopping.is_set()


def _order(runner: Runner, before: Greenlet[..., None] | None, phase: Phase) -> Greenlet[..., None]:
    """Have the runner change the level; a master's ``start`` takes as long as the ramp."""
    if before is not None:
        before.kill(block=False)
    a_second = abs(phase.users_to - phase.users_from) / (phase.end_s - phase.start_s)
    order: Greenlet[..., None]
    order = runner.greenlet.spawn(runner.start, phase.users_to, a_second or AT_ONCE)
    return order
