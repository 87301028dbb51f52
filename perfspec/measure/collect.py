"""Adding up ticks into the result of a test, and looking back over the last seconds."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from typing import TYPE_CHECKING

import msgspec

from perfspec.measure.histogram import Histogram
from perfspec.measure.model import Health, JourneyWindow, ProbeWindow, TestResult, Window
from perfspec.measure.tally import Tally
from perfspec.plan.load import duration_s, on_clock, window_edges

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfspec.measure.model import AbortHit, ErrorGroup, TestStatus, Try, Worker
    from perfspec.measure.monitored import Monitored
    from perfspec.measure.progress import Tick
    from perfspec.plan.load import Span
    from perfspec.plan.model import Test

RECENT_TICKS = 10


class Collector:
    """One test while it runs. ``recent`` are the last ten ticks, newest last.

    ``tries`` are the levels of a search so far; whoever chooses them writes them here. ``watch`` is
    what monitors have read in some seconds, as far as it is known already.
    """

    def __init__(self, test: Test, started: str, workers: tuple[Worker, ...] = ()) -> None:
        self.test = test
        self.started = started
        self.workers = workers
        self.edges = window_edges(test.stages, test.warm_up_s, test.finish_within_s)
        self.recent: deque[Tick] = deque(maxlen=RECENT_TICKS)
        self.watch: Callable[[Span], list[Monitored]] = lambda _: []
        self.tries: tuple[Try, ...] = ()
        self._tally, self._base = Tally(), Tally()
        self._health: dict[int, list[Tick]] = {}
        self._healths: dict[int, Health] = {}
        self._probe: dict[int, Histogram] = {}

    @property
    def at_s(self) -> float:
        return self.recent[-1].at_s if self.recent else 0.0

    def add(self, tick: Tick) -> None:
        """Take one tick; everything in it is a delta."""
        self.recent.append(tick)
        self._tally.add(tick)
        if tick.base or tick.base_errors:
            other = {"series": tick.base, "errors": tick.base_errors, "journeys": [], "overrun": 0}
            self._base.add(msgspec.structs.replace(tick, **other))
        self._add_health(tick)

    def probed(self, took_us: int) -> None:
        """Take one run of the calibration probe, in the second after the last tick."""
        index = min(bisect_right(self.edges, self.at_s) - 1, len(self.edges) - 2)
        self._probe.setdefault(index, Histogram()).add_all([took_us])

    def recent_total(self) -> Window:
        """All requests that came in with the last ten ticks, as one window."""
        total = Window(index=-1)
        for tick in self.recent:
            for series in tick.series:
                if series.key.kind == "request":
                    for window in series.windows:
                        total.merge(window)
        return total

    def recent_journeys(self) -> JourneyWindow:
        """All journeys that the last ten ticks told of, as one window."""
        total = JourneyWindow(index=-1)
        for tick in self.recent:
            for journeys in tick.journeys:
                for window in journeys.windows:
                    total.merge(window)
        return total

    def result(
        self,
        status: TestStatus,
        reason: str | None = None,
        abort: AbortHit | None = None,
        stopped: AbortHit | None = None,
    ) -> TestResult:
        """The test as measured so far."""
        return TestResult(
            name=self.test.name,
            status=status,
            reason=reason,
            started=self.started,
            measured_s=min(on_clock(self.at_s), duration_s(self.test.stages)),
            edges=self.edges,
            series=self._tally.series(),
            health=[self._healths[index] for index in sorted(self._healths)],
            errors=_most_first(self._tally.errors()),
            base=self._base.series(),
            base_errors=_most_first(self._base.errors()),
            journeys=self._tally.journeys(),
            overrun=self._tally.overrun,
            abort=abort,
            stopped=stopped,
            workers=self.workers,
            tries=self.tries,
            probe=[ProbeWindow(index=at, took=self._probe[at]) for at in sorted(self._probe)],
        )

    def _add_health(self, tick: Tick) -> None:
        index = self._window_of(tick.at_s)
        if index not in self._healths:
            self._health = {index: []}  # only the open window's ticks are kept
        ticks = self._health.setdefault(index, [])
        ticks.append(tick)
        n = len(ticks)
        self._healths[index] = Health(
            index=index,
            users=sum(each.users for each in ticks) / n,
            ready=sum(each.ready for each in ticks) / n,
            planned=sum(each.planned for each in ticks) / n,
            open_connections=sum(each.open_connections for each in ticks) / n,
            cpu=sum(each.cpu for each in ticks) / n,
            cpu_max=max(each.cpu for each in ticks),
            busy_s=max(each.busy_s for each in ticks),
            hub_delay_us=max(each.hub_delay_us for each in ticks),
            workers=tick.workers,
            waits=_merged([each.waits for each in ticks]),
        )

    def _window_of(self, at_s: float) -> int:
        """A tick reports on the second before it, so its window is the one that ends with it."""
        return min(max(bisect_left(self.edges, at_s) - 1, 0), len(self.edges) - 2)


def _most_first(errors: list[ErrorGroup]) -> list[ErrorGroup]:
    return sorted(errors, key=lambda each: (-each.count, each.first_s))


def _merged(waits: Sequence[Histogram | None]) -> Histogram | None:
    """None where one is not known."""
    known = [each for each in waits if each is not None]
    return Histogram.total(known) if len(known) == len(waits) else None
