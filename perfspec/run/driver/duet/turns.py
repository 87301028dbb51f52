"""Taking turns: a user of each side, and who of the two sends first.

The n-th request of a passage (``on_start``, one journey, ``on_stop``) belongs to the n-th of the
other side: both wait until the other has come to it, one sends, then the other, and next time it is
the other way round. So it is with the same request of the next passage, whatever its length: else a
journey of eight requests would send each of them to the same side first for ever, and whoever comes
second finds other caches and another processor. A journey that a failure has cut short leaves the
other side alone until both begin the next one together.
"""

from __future__ import annotations

from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING

from perfspec.run.driver.actor import Leave

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.run.driver.actor import Actor
    from perfspec.run.driver.compile.bench import Step


class State(Enum):
    """What one of the two does."""

    AWAY = "between two passages"
    READY = "waiting for the other to begin the passage"
    BUSY = "thinking, checking, drawing"
    WAITING = "for its turn to send"
    SENDING = "waits for its answer"
    GONE = "its life is over"


_FREE = {State.AWAY, State.READY, State.GONE}  # nobody in one of these is about to send


class Seat:
    """One of the two. ``owed``: the other has sent its part of a pair already."""

    __slots__ = ("_duo", "actor", "owed", "state")

    def __init__(self, duo: Duo, actor: Actor) -> None:
        self.actor = actor
        self.state = State.AWAY
        self.owed = False
        self._duo = duo

    @contextmanager
    def passage(self) -> Iterator[None]:
        """Begin together with the other; both draw the same random numbers in it."""
        duo, me = self._duo, self.actor
        if me.leaving:
            raise Leave
        self._become(State.READY)
        try:
            while self.state is State.READY:
                if duo.other(self).can_begin:
                    duo.begin_round()
                else:
                    self._park(may_leave=True)
            me.rng.seed(f"{duo.seed}/{duo.rounds}")
            yield
        finally:
            self.owed = False
            self._become(State.AWAY)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Send in turn; raises Leave instead of being the one of a pair that sends alone."""
        self._become(State.WAITING)
        try:
            while not self._may_send():
                self._park(may_leave=not self.owed)
            self._duo.sends(self)
            self.state = State.SENDING
            yield
        finally:
            self._become(State.BUSY)

    @property
    def can_begin(self) -> bool:
        """One that is about to leave its passage is not ready for the one after it."""
        waits = self.state is State.READY and not self.actor.leaving
        return waits or self.state is State.GONE

    def gone(self) -> None:
        """Nobody is to wait for this one any more."""
        self._become(State.GONE)

    def _may_send(self) -> bool:
        other = self._duo.other(self)
        if other.state is State.SENDING:
            return False
        if self.owed:
            return True
        if other.state in _FREE:
            return not self.actor.leaving
        return other.state is State.WAITING and not other.owed and self._duo.first is self

    def _park(self, *, may_leave: bool) -> None:
        if self.actor.leaving and may_leave:
            raise Leave
        self.actor.park()

    def _become(self, state: State) -> None:
        self.state = state
        other = self._duo.other(self)
        if other.state in {State.WAITING, State.READY}:
            other.actor.wake()


class Duo:
    """``first`` sends first in the next pair; ``rounds`` counts what both began together.

    Pairs of an even ``number`` begin with another side than those of an odd one.
    """

    def __init__(self, seed: str, number: int, base: Actor, head: Actor) -> None:
        self.seed = seed
        self.rounds = 0
        self.seats = (Seat(self, base), Seat(self, head))
        self.first = self.seats[0]
        self._number = number
        base.seat, head.seat = self.seats

    def other(self, seat: Seat) -> Seat:
        """The one across."""
        return self.seats[self.seats[0] is seat]

    def begin_round(self) -> None:
        """Let those go who are ready."""
        self.rounds += 1
        self.first = self.seats[(self.rounds + self._number) % 2]
        for each in self.seats:
            if each.state is State.READY:
                each.state = State.BUSY
                each.actor.wake()

    def sends(self, seat: Seat) -> None:
        """The first of a pair leaves the other its turn, and the next pair begins with that one."""
        other = self.other(seat)
        if seat.owed:
            seat.owed = False
        elif other.state is State.WAITING:
            other.owed = True
            self.first = other


def together(step: Step) -> Step:
    """A passage that both begin at the same time."""

    def passage(me: Actor) -> bool:
        if me.seat is None:
            return step(me)
        with me.seat.passage():
            return step(me)

    return passage
