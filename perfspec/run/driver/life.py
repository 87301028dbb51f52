"""A virtual user from its first step to its last."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Protocol

import gevent

from perfspec.errors import RunError
from perfspec.run.driver.actor import IDLE_S, NEVER, Leave, wait

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from greenlet import greenlet

    from perfspec.plan.base import JsonValue
    from perfspec.run.driver.actor import Actor
    from perfspec.run.driver.arrivals import Arrivals
    from perfspec.run.driver.compile.persona import Script
    from perfspec.run.driver.pools import Pool
    from perfspec.run.driver.recorder import JourneyBuffer

FIRST_RETRY_S, LAST_RETRY_S = 1.0, 30.0  # after a failed on_start: 1, 2, 4 … 30 s
ROW_WAIT_S = 0.05  # until a user who leaves has given its row back


class Register(Protocol):
    """Who counts the users of a process."""

    def begin(self, user: VirtualUser) -> None: ...

    def joined(self, user: VirtualUser) -> None: ...

    def became_ready(self, user: VirtualUser) -> None: ...

    def gone(self, user: VirtualUser) -> None: ...

    def row_may_come_back(self) -> bool: ...

    @property
    def broken(self) -> Callable[[BaseException | None], None]: ...


class VirtualUser:
    """``run`` is its whole life. ``counted`` and ``ready`` are kept by the register.

    ``delay_s`` is how long it waits before it begins, ``greenlet`` what it runs in. With
    ``arrivals`` these say when a journey starts: ``due`` is the time of the one it is handed.
    """

    __slots__ = (
        "_arrivals",
        "_channels",
        "_held",
        "_journeys",
        "_pools",
        "_register",
        "_rows",
        "actor",
        "counted",
        "delay_s",
        "due",
        "greenlet",
        "ready",
        "script",
    )

    def __init__(
        self,
        actor: Actor,
        script: Script,
        pools: dict[str, Pool],
        journeys: JourneyBuffer,
        register: Register,
        arrivals: Arrivals | None = None,
    ) -> None:
        self.actor = actor
        self.script = script
        self.counted = self.ready = False
        self.delay_s = 0.0
        self.due = NEVER
        self._arrivals = arrivals
        self.greenlet: greenlet | None = None
        self._pools = pools
        self._journeys = journeys
        self._register = register
        self._held: list[tuple[Pool, JsonValue]] = []
        self._rows: dict[str, JsonValue] = {}
        self._channels: frozenset[str] = frozenset()  # opened for life

    def run(self) -> None:
        """Live until told to leave; called in the user's own greenlet."""
        me = self.actor
        self.greenlet = gevent.getcurrent()
        try:
            self._register.begin(self)
            me.pause(self.delay_s)
            self._register.joined(self)
            if self._arrivals is None:
                self._go_round()
            else:
                self._serve(self._arrivals)
        except Leave:
            self.end()
        except Exception as error:  # noqa: BLE001  (a pool too small, or a defect: the run says so)
            self._register.broken(error)
        finally:
            self.let_go()
            self._register.gone(self)
            if self._arrivals is not None:
                self._arrivals.gone(self)

    def start(self) -> bool:
        """Run ``on_start`` with its rows and nothing else; False if it failed."""
        me, script = self.actor, self.script
        if not self._held:
            self._rows = self._draw_all(script.rows_for_life)
        for_life = len(self._held)
        me.base = {**script.constants, **self._rows}
        if script.starts:
            me.base |= self._draw_all(script.rows_for_journey)
        me.scope = me.base
        me.renew_at = me.life_renew_at = NEVER
        me.hang_up()
        passed = script.on_start(me)
        self._channels = frozenset(me.channels)
        self._give_back(for_life)
        self.ready = passed
        return passed

    def journey(self, due: float | None = None) -> bool:
        """Run the journey that was ``due`` then, else now; False if a failed step cut it short."""
        me, script = self.actor, self.script
        started = perf_counter() if due is None else due
        me.scope = me.base.copy()
        me.renew_at = me.life_renew_at
        spent_us, for_life = me.spent_us, len(self._held)
        try:
            if script.rows_for_journey:
                me.scope |= self._draw_all(script.rows_for_journey)
            passed = script.journey(me)
        except BaseException:
            self._journeys.cut_off.append(started)
            raise
        finally:
            self._give_back(for_life)
            me.hang_up(but=self._channels)
        (self._journeys.completed if passed else self._journeys.failed).append(started)
        if me.spent_us == spent_us:
            low, high = (0.0, 0.0) if passed else script.think_s
            me.think(max(IDLE_S, me.rng.uniform(low, high)))
        return passed

    def end(self) -> bool:
        """Run ``on_stop``, if the user ever was ready; False if that failed."""
        me = self.actor
        if not self.ready:
            return True
        me.leaving, me.due = False, None
        me.scope = me.base.copy()
        me.renew_at = me.life_renew_at
        try:
            if self.script.stops:
                me.scope |= self._draw_all(self.script.rows_for_journey)
            return self.script.on_stop(me)
        except Leave:
            return True
        except Exception as error:  # noqa: BLE001  (a defect: the run says so)
            self._register.broken(error)
            return False

    def let_go(self) -> None:
        """Give back what the user holds: rows, connections, polls beside it."""
        gevent.killall(list(self.actor.beside))
        self._give_back(0)
        self.actor.hang_up()
        self.actor.session.close()

    def _go_round(self) -> None:
        """One journey after the other, once ``on_start`` has succeeded."""
        self._start_until_ready()
        self._register.became_ready(self)
        while True:
            self.journey()

    def _serve(self, arrivals: Arrivals) -> None:
        """The journeys that arrive; the first one waits for ``on_start``.

        Where that fails so has the journey, and the user goes: the next journey finds another.
        """
        me, due = self.actor, arrivals.take(self.script.name)
        me.due = due
        try:
            passed = self.start()
        except BaseException:
            self._journeys.cut_off.append(due)
            raise
        if not passed:
            self._journeys.failed.append(due)
            return
        self._register.became_ready(self)
        while True:
            self.journey(due)
            me.due = due = arrivals.next(self)

    def _start_until_ready(self) -> None:
        delay_s = FIRST_RETRY_S
        while not self.start():
            self.actor.think(delay_s)
            delay_s = min(delay_s * 2, LAST_RETRY_S)

    def _draw(self, name: str) -> JsonValue:
        """Raises RunError when a pool of unique rows is used up and nobody is about to leave."""
        pool, rng = self._pools[name], self.actor.rng
        while True:
            try:
                row = pool.draw(rng)
            except RunError:
                if not self._register.row_may_come_back():
                    raise
                wait(self.actor, ROW_WAIT_S)
                if self.actor.leaving:
                    raise Leave from None
            else:
                self._held.append((pool, row))
                return row

    def _draw_all(self, sources: Sequence[str]) -> dict[str, JsonValue]:
        """A row of each source by its name; the persona's own is ``user``, too."""
        rows = {name: self._draw(name) for name in sources}
        own = self.script.own_source
        return {**rows, "user": rows[own]} if own in rows else rows

    def _give_back(self, but: int) -> None:
        """Let go of the rows that were drawn last, all but so many."""
        while len(self._held) > but:
            pool, row = self._held.pop()
            pool.give_back(row)
