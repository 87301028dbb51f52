"""One virtual user: its variables, its connections, and how it is told to stop."""

from __future__ import annotations

from random import Random
from time import perf_counter
from typing import TYPE_CHECKING, Any

from gevent.hub import Waiter, get_hub

from perfspec.run.driver.alarm import ROUGH_S

if TYPE_CHECKING:
    from collections.abc import Collection

    from gevent import Greenlet

    from perfspec.measure.errors import ErrorClass
    from perfspec.run.driver.alarm import Alarm
    from perfspec.run.driver.duet.turns import Seat
    from perfspec.run.driver.transports.channels import Channel
    from perfspec.run.driver.transports.exchange import Response
    from perfspec.run.driver.transports.http import Session

NEVER = float("inf")
IDLE_S = 0.01  # for a user that sent nothing and is not told to think: it must not spin


class Leave(BaseException):
    """Raised in a user's own greenlet when it may stop: after a request, or out of a pause."""


class Actor:
    """``scope`` are the variables that templates see now, ``base`` those that last for life.

    ``spent_us`` adds up the latencies of a group or a life, ``wrong`` is why the last step failed.
    ``renew_at`` is when the credentials must be renewed, ``life_renew_at`` the same of those that
    ``on_start`` captured. ``due`` is when the next request should start (``perf_counter``), None if
    that is only now; ``alarm`` keeps to it where milliseconds count. ``channels`` are its open
    connections by name; None is one that was lost and that somebody was told of. ``seat`` is there
    only in a duet: it says when to send.
    """

    __slots__ = (
        "alarm",
        "base",
        "beside",
        "channels",
        "due",
        "file_class",
        "leaving",
        "life_renew_at",
        "renew_at",
        "renewing",
        "response",
        "rng",
        "scope",
        "seat",
        "session",
        "spent_us",
        "waiter",
        "wrong",
    )

    def __init__(self, session: Session, rng: Random) -> None:
        self.session = session
        self.rng = rng
        self.base: dict[str, Any] = {}
        self.scope: dict[str, Any] = {}
        self.spent_us = 0
        self.wrong: tuple[ErrorClass, str] | None = None
        self.file_class: str | None = None
        self.response: Response | None = None
        self.renew_at = self.life_renew_at = NEVER
        self.renewing = False
        self.leaving = False
        self.due: float | None = None
        self.alarm: Alarm | None = None
        self.waiter: Waiter[None] | None = None
        self.beside: set[Greenlet[..., None]] = set()
        self.channels: dict[str, Channel | None] = {}
        self.seat: Seat | None = None

    def double(self) -> Actor:
        """The same user beside itself: what it does in a greenlet of its own."""
        other = Actor(self.session, self.rng)
        other.base, other.scope = self.base, self.scope
        return other

    def pause(self, seconds: float) -> None:
        """Wait, or raise Leave as soon as the user is told to stop."""
        if not self.leaving:
            wait(self, seconds)
        if self.leaving:
            raise Leave

    def think(self, seconds: float) -> None:
        """Pause like a person; the next request is due when the pause should have ended."""
        now = perf_counter()
        self.due = (now if self.due is None else self.due) + seconds
        left = self.due - now
        if self.alarm is None or left <= 0:
            self.pause(max(left, 0.0))
            return
        if left > ROUGH_S:
            self.pause(left - ROUGH_S)
        if self.due > perf_counter():
            self.alarm.sleep_until(self.due)
        if self.leaving:
            raise Leave

    def rest(self) -> None:
        """Wait to be woken up, or raise Leave when the user is told to stop."""
        if not self.leaving:
            self.park()
        if self.leaving:
            raise Leave

    def park(self, waiter: Waiter[None] | None = None) -> None:
        """Wait to be woken up, by ``wake`` or by whoever has the waiter."""
        waiter = waiter or Waiter(get_hub())
        self.waiter = waiter
        try:
            waiter.get()
        finally:
            self.waiter = None

    def hang_up(self, but: Collection[str] = ()) -> None:
        """Close the connections, all ``but`` some."""
        for name in [each for each in self.channels if each not in but]:
            channel = self.channels.pop(name)
            if channel is not None:
                channel.close()

    def leave(self) -> None:
        """Tell the user to stop; called from any greenlet."""
        self.leaving = True
        self.wake()

    def wake(self) -> None:
        """End the pause that the user is in; called from any greenlet."""
        if self.waiter is not None:
            get_hub().loop.run_callback(self.waiter.switch, None)


def wait(actor: Actor, seconds: float) -> None:
    """Give way for ``seconds`` or until the actor is told to stop."""
    hub = get_hub()
    waiter: Waiter[None] = Waiter(hub)
    timer = hub.loop.timer(seconds)
    timer.start(waiter.switch, None)
    try:
        actor.park(waiter)
    finally:
        timer.stop()
        timer.close()


class UserRandom(Random):
    """Draws from the current user's own source, so that every user repeats itself in every run.

    Closures are compiled once for all users and hold the methods of this one object.
    """

    def __init__(self) -> None:
        super().__init__()
        self.source = Random()  # noqa: S311  (repeatable on purpose)

    def random(self) -> float:
        return self.source.random()

    def getrandbits(self, k: int, /) -> int:
        return self.source.getrandbits(k)
