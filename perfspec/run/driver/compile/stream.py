"""Messages at a steady pace, as a microphone sends them: on a clock that never slips."""

from __future__ import annotations

import math
from time import perf_counter
from typing import TYPE_CHECKING, Final

from perfspec.run.driver.actor import Leave, wait
from perfspec.run.driver.compile.message import CHUNK
from perfspec.run.driver.pcm import load_pcm

if TYPE_CHECKING:
    from perfspec.plan.journey import StreamStep
    from perfspec.run.driver.actor import Actor
    from perfspec.run.driver.compile.bench import Bench, Step
    from perfspec.run.driver.compile.channel import Find
    from perfspec.run.driver.compile.judge import Wrong
    from perfspec.run.driver.compile.message import Courier, Flight
    from perfspec.run.driver.pcm import Chunks
    from perfspec.run.driver.transports.channels import Channel

_BREATH: Final = 16  # messages in a row, when they are late, until others get their turn


def compile_stream(bench: Bench, step: StreamStep, courier: Courier, find: Find) -> Step:
    """A step that fails if any of its messages did. Raises RunError for audio that is none."""
    chunks = None if step.pcm is None else load_pcm(step.pcm, step.every_s, bench.plan.directory)

    def stream(me: Actor) -> bool:
        link = find(me)
        if link is None:
            return False
        pace = _Pace(bench, step, courier, me, link, chunks)
        started = perf_counter()
        try:
            with link.mailbox.waking(me.wake):
                pace.send_all(started)
                pace.wait_for_all()
        finally:
            pace.forget_all()
        me.spent_us += int((perf_counter() - started) * 1e6)
        me.wrong = pace.wrong
        if link.lost is not None and pace.wrong is not None:
            me.channels[step.channel] = None  # somebody was told
        if me.leaving:
            raise Leave
        return pace.wrong is None

    return stream


class _Pace:
    """One stream of one user; ``wrong`` is why its first message failed that did."""

    def __init__(
        self,
        bench: Bench,
        step: StreamStep,
        courier: Courier,
        me: Actor,
        link: Channel,
        chunks: Chunks | None,
    ) -> None:
        self.wrong: Wrong | None = None
        self._bench = bench
        self._step = step
        self._courier = courier
        self._me = me
        self._link = link
        self._chunks = chunks
        self._under_way: dict[Flight, None] = {}
        self._all_sent = False

    def send_all(self, started: float) -> None:
        """Send until the time is over, the user is to leave, or the connection is lost."""
        me, wire, every_s = self._me, self._link.wire, self._step.every_s
        late, sleep_until = self._courier.series.late, self._bench.paces.sleep_until
        for index in range(math.ceil(self._step.for_s / every_s)):
            due = started + index * every_s
            if index % _BREATH == 0 and due <= perf_counter():
                sleep_until(due, me)
            while (early_s := due - perf_counter()) > 0 and not me.leaving and wire.lost is None:
                sleep_until(due, me)
            if wire.lost is not None:
                self.wrong = self.wrong or self._courier.unsent(self._link, due)
                return
            if me.leaving:
                return
            late((due, int(-early_s * 1e6)))
            if self._chunks is not None:
                me.scope[CHUNK] = self._chunks.chunk(index)
            self._launch(due)
            if len(self._under_way) > 1:  # more than what went out just now
                self._give_up_late()

    def wait_for_all(self) -> None:
        """Until every message was acknowledged, or its time is over."""
        self._all_sent = True
        while self._under_way:
            first = next(iter(self._under_way))
            left_s = first.deadline - perf_counter()
            if self._link.lost is not None or left_s <= 0:
                self._courier.give_up(self._link, first)
            else:
                wait(self._me, left_s)

    def forget_all(self) -> None:
        """The user was killed: what is still under way has no fate."""
        for flight in self._under_way:
            self._link.mailbox.forget(flight)
        self._bench.recorder.overrun += len(self._under_way)

    def _launch(self, due: float) -> None:
        flight = self._courier.launch(self._me, self._link, due, self._landed)
        if flight is None:
            self.wrong = self.wrong or self._me.wrong
        elif not flight.over:
            self._under_way[flight] = None

    def _landed(self, flight: Flight) -> None:
        self.wrong = self.wrong or flight.wrong
        self._under_way.pop(flight, None)
        if self._all_sent and not self._under_way:
            self._me.wake()

    def _give_up_late(self) -> None:
        now = perf_counter()
        while self._under_way:
            first = next(iter(self._under_way))
            if first.deadline > now:
                break
            self._courier.give_up(self._link, first)
