"""A search while it runs: what each level did, and which one comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from perfspec.measure.collect import RECENT_TICKS
from perfspec.measure.model import Try
from perfspec.plan.load import Span, phases
from perfspec.plan.search import Tried, first_level, search_next

if TYPE_CHECKING:
    from perfspec.measure.collect import Collector
    from perfspec.measure.model import AbortHit
    from perfspec.plan.model import Test
    from perfspec.plan.search import Search
    from perfspec.run.contracts import Referee

CLOSE_S = 1e-6


class Steering:
    """Chooses the levels of one test and notes them in ``collector.tries``.

    The holds begin and end when the plan says so. A level that breaks is left at once, so the next
    one has the rest of its hold, and the ramp, to let the target recover. ``over`` is true when the
    answer is confirmed, or no hold is left to find it.
    """

    def __init__(self, test: Test, search: Search, collector: Collector, referee: Referee) -> None:
        self.over = False
        self._test = test
        self._search = search
        self._collector = collector
        self._referee = referee
        self._holds = [each for each in phases(test.stages) if each.kind == "hold"]
        self._begin(first_level(search))

    def look(self) -> int | None:
        """After a tick: the users to go on with from now on, None where nothing changes."""
        current, at_s = self._collector.tries[-1], self._collector.at_s
        hit = self._hit(current, at_s)
        if self.over or (hit is None and at_s < current.end_s - CLOSE_S):
            return None
        end_s = current.end_s if hit is None else min(at_s, current.end_s)
        kept: bool | None = False
        if hit is None:
            span = Span(start_s=current.start_s, end_s=end_s)
            result = self._collector.result("partial")
            result.monitors = self._collector.watch(span)
            kept = self._referee.kept(self._test, result, span)
        self._end(msgspec.structs.replace(current, end_s=end_s, kept=kept, hit=hit))
        tried = [Tried(each.users, each.kept) for each in self._collector.tries]
        users = search_next(self._search, tried)
        if users is None or len(tried) == len(self._holds):
            self.over = True
            return None
        self._begin(users)
        return users

    def _hit(self, current: Try, at_s: float) -> AbortHit | None:
        """Ticks of other levels say nothing about this one."""
        if at_s < current.start_s + RECENT_TICKS:
            return None
        return self._referee.should_stop(self._test, self._collector)

    def _begin(self, users: int) -> None:
        """A hold begins when the plan says so, or now if that is over."""
        tries, at_s = self._collector.tries, self._collector.at_s
        hold = self._holds[len(tries)]
        start_s = min(max(hold.start_s, at_s), hold.end_s)
        self._collector.tries = (*tries, Try(users=users, start_s=start_s, end_s=hold.end_s))

    def _end(self, done: Try) -> None:
        self._collector.tries = (*self._collector.tries[:-1], done)
