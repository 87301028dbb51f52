"""The engine of a duet: one for each side, and users who are two."""

from __future__ import annotations

import os
from random import Random
from typing import TYPE_CHECKING, Any

import gevent

from perfspec import jsonio
from perfspec.errors import RunError
from perfspec.plan.model import Plan
from perfspec.run.driver.actor import Actor
from perfspec.run.driver.crew import Crew
from perfspec.run.driver.duet.draws import PairDraws
from perfspec.run.driver.duet.turns import Duo, together
from perfspec.run.driver.engine import Engine
from perfspec.run.driver.life import VirtualUser
from perfspec.run.duet.variables import take
from perfspec.units import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from perfspec.measure.progress import Tick
    from perfspec.plan.base import JsonValue
    from perfspec.plan.model import Test
    from perfspec.run.driver.compile.persona import Script
    from perfspec.run.driver.pools import Pool
    from perfspec.run.driver.transports.http import Session


def load_duet(head: Path, base: Path, test: str) -> DuetEngine:
    """The engine for the plans of both sides. Raises UsageError for one that cannot be read."""
    theirs = take(os.environ)
    plan, other = jsonio.read_json(head, Plan), jsonio.read_json(base, Plan)
    return DuetEngine(plan, plan.test(test), Engine(other, other.test(test), variables=theirs))


class DuetEngine(Engine):
    """Runs the head's side itself, and the other one along with it.

    Locust knows of the users of the head only: each has a partner on the other side. Samples of
    both are told with the same tick.
    """

    def __init__(self, plan: Plan, test: Test, base: Engine) -> None:
        super().__init__(plan, test)
        self._base = base
        self._pairs = 0
        self.crew = _Leads(self, base.crew)

    def prepare(self) -> None:
        """Both sides, which must have as many rows each. Raises PerfspecError."""
        super().prepare()  # first: Python beside the spec is imported once, and is the head's
        self._base.prepare()
        for engine in (self._base, self):
            engine.scripts = {name: _paired(each) for name, each in engine.scripts.items()}
        for name, rows in self.rows.items():
            others = len(self._base.rows[name])
            if len(rows) != others:
                msg = (
                    f"data {name!r} has {counted(others, 'row')} at the base and {len(rows)} at the"
                    " head: both sides must be sent the same"
                )
                raise RunError(msg)

    def begin(self, worker: int = 0, workers: int = 1, zero: float | None = None) -> None:
        """Both clocks at once."""
        super().begin(worker, workers, zero)
        self._base.begin(zero=self.clock.zero)

    def to_draw(self, source: str) -> Sequence[JsonValue]:
        """Numbers of rows: each side has rows of its own."""
        return range(len(self.rows[source]))

    def user(self, persona: str) -> VirtualUser:
        """A pair with the same random choices, of which Locust sees the head's."""
        seed = self.next_seed(persona)
        partner = Actor(self._base.session(), Random(seed))  # noqa: S311  (repeatable on purpose)
        lead = _Lead(self.session(), partner)
        Duo(seed, self._pairs, base=partner, head=lead)
        self._pairs += 1
        draws = {
            name: PairDraws(pool, Random(f"{seed}/{name}"))  # noqa: S311  (as above)
            for name, pool in self._pools.items()
        }

        def pools(side: int, engine: Engine) -> dict[str, Pool]:
            return {name: each.side(side, engine.rows[name]) for name, each in draws.items()}

        base = self._base
        return _Pair(
            lead,
            self.scripts[persona],
            pools(1, self),
            self.recorder.journeys(persona),
            self.crew,
            partner=VirtualUser(
                partner,
                base.scripts[persona],
                pools(0, base),
                base.recorder.journeys(persona),
                base.crew,
            ),
        )

    def settle(self) -> None:
        """Spare the next tick some work."""
        super().settle()
        self._base.settle()

    def tick(self, at_s: float) -> Tick:
        """What came in of both sides since the last tick."""
        if self._base.problem is not None:
            self.report(self._base.problem)
        tick, other = super().tick(at_s), self._base.tick(at_s)
        tick.hub_delay_us = max(tick.hub_delay_us, other.hub_delay_us)
        tick.open_connections += other.open_connections
        tick.overrun += other.overrun
        tick.base, tick.base_errors = other.series, other.errors
        return tick

    def close(self) -> None:
        """Close all connections of both sides."""
        super().close()
        self._base.close()


class _Lead(Actor):
    """The half of a pair that is told to stop; it tells the other, once."""

    __slots__ = ("_partner", "_told")

    def __init__(self, session: Session, partner: Actor) -> None:
        super().__init__(session, Random())  # noqa: S311  (each passage sets the seed)
        self._partner = partner
        self._told = False

    def leave(self) -> None:
        super().leave()
        if not self._told:
            self._told = True
            self._partner.leave()


class _Pair(VirtualUser):
    """The head's user, whose life the partner lives along in a greenlet of its own."""

    __slots__ = ("_partner",)

    def __init__(self, *own: Any, partner: VirtualUser) -> None:  # noqa: ANN401  (of VirtualUser)
        super().__init__(*own)
        self._partner = partner

    def run(self) -> None:
        gevent.spawn(_live, self._partner, self._partner.run)
        _live(self, super().run)


class _Leads(Crew):
    """The users of the head; nobody is dismissed before the partners are."""

    def __init__(self, engine: Engine, partners: Crew) -> None:
        super().__init__(engine.clock, engine.curve, engine.recorder, engine.report)
        self._partners = partners
        partners.halting = self.halting

    def dismiss(self, grace_s: float, finish_s: float = 0.0) -> None:
        super().dismiss(grace_s, finish_s)
        self._partners.dismiss(grace_s)


def _live(user: VirtualUser, run: Callable[[], None]) -> None:
    """Whatever ends it, the other must not wait for this one any more."""
    try:
        run()
    finally:
        if user.actor.seat is not None:
            user.actor.seat.gone()


def _paired(script: Script) -> Script:
    """Both sides begin each part of it together; parts in which nothing is done are left out."""
    return script._replace(
        on_start=together(script.on_start) if script.starts else script.on_start,
        journey=together(script.journey),
        on_stop=together(script.on_stop) if script.stops else script.on_stop,
    )
