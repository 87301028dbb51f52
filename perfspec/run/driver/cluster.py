"""What a process is under Locust: alone, a worker, or the master that leads workers."""

from __future__ import annotations

import logging
import os
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

import gevent
from gevent.event import Event

from perfspec import jsonio
from perfspec.measure.progress import Tick
from perfspec.run.driver.breath import encode_tick
from perfspec.run.driver.curve import SteeredCurve
from perfspec.run.driver.merge import Merger
from perfspec.run.driver.ticker import Ticker

if TYPE_CHECKING:
    from collections.abc import Callable

    from locust.env import Environment
    from locust.rpc import Message
    from locust.runners import MasterRunner, WorkerRunner

    from perfspec.run.driver.assembly import Assembly, Peer
    from perfspec.run.driver.engine import Engine

MEMBER_LEAD_S, ALONE_LEAD_S, LEADER_LEAD_S = 0.06, 0.02, 0.01
SILENT_S = 5.0  # a worker that has not reported for so long is lost
_LOOK_S = 0.05
BEGIN, END, HALT, REPORT = "perfspec_begin", "perfspec_end", "perfspec_halt", "perfspec_report"
STEER = "perfspec_steer"
logger = logging.getLogger(__name__)


class Audience(Protocol):
    """Who is told how the test goes."""

    def started(self) -> None:
        """The test's clock begins now."""
        ...

    def tick(self, tick: Tick) -> None:
        """What came in since the last tick."""
        ...


class Nobody:
    """Under plain ``locust -f``: Locust's own statistics tell it."""

    def started(self) -> None: ...

    def tick(self, tick: Tick) -> None: ...


class Alone:
    """One process runs all users and tells what they did."""

    def __init__(self, engine: Engine, environment: Environment, audience: Audience) -> None:
        self.started = Event()
        self._engine = engine
        self._audience = audience
        self._ticker: Ticker | None = None
        environment.events.test_start.add_listener(self._start)
        environment.events.test_stop.add_listener(self._stop)

    def dismiss(self, finish_s: float) -> None:
        """Tell all users to stop and return when they have; see ``Cast``."""
        self._engine.crew.dismiss(self._engine.plan.grace_s, finish_s)

    def steer(self, at_s: float, users: int) -> None:
        """Nobody else needs to know; see ``Cast``."""

    def _start(self, **_: object) -> None:
        self._audience.started()
        self._engine.begin()
        self._ticker = Ticker(self._engine, self._tick, ALONE_LEAD_S)
        self.started.set()

    def _stop(self, **_: object) -> None:
        if self._ticker is not None:
            self._engine.crew.dismiss(self._engine.plan.grace_s)
            self._ticker.stop()
            self._ticker = None
            self.started.clear()
            self._tick(self._engine.clock.now())
            self._engine.crew.reopen()

    def _tick(self, at_s: float) -> None:
        self._audience.tick(self._engine.tick(at_s))


class Member:
    """A worker: begins and ends when the master says so, and reports to it every second.

    With ``whole`` its reports hold all samples; without, only what the master counts.
    """

    def __init__(
        self, engine: Engine, environment: Environment, runner: WorkerRunner, *, whole: bool
    ) -> None:
        self._engine = engine
        self._runner = runner
        self._whole = whole
        self._ticker: Ticker | None = None
        runner.register_message(BEGIN, self._begin)
        runner.register_message(END, self._end, concurrent=True)
        runner.register_message(HALT, self._halt)
        runner.register_message(STEER, self._steer)
        environment.events.test_stop.add_listener(self._stop)

    def _begin(self, msg: Message, **_: object) -> None:
        data = msg.data
        self._engine.begin(data["position"], data["workers"], data["zero_s"])
        self._ticker = Ticker(self._engine, self._report, MEMBER_LEAD_S)

    def _end(self, msg: Message, **_: object) -> None:
        self._finish(msg.data["finish_s"])

    def _steer(self, msg: Message, **_: object) -> None:
        if isinstance(self._engine.curve, SteeredCurve):
            self._engine.curve.steer(msg.data["at_s"], int(msg.data["users"]))

    def _halt(self, **_: object) -> None:
        self._engine.crew.halting.set()

    def _stop(self, **_: object) -> None:
        self._finish(0.0)

    def _finish(self, finish_s: float) -> None:
        if self._ticker is not None:
            self._engine.crew.dismiss(self._engine.plan.grace_s, finish_s)
            self._ticker.stop()
            self._ticker = None
            self._report(self._engine.clock.now(), last=True)
            self._engine.crew.reopen()

    def _report(self, at_s: float, *, last: bool = False) -> None:
        tick = self._engine.tick(at_s)
        if not self._whole:
            tick.series, tick.errors, tick.journeys = [], [], []
        self._runner.send_message(
            REPORT,
            {
                "tick": encode_tick(tick),
                "last": last,
                "process": os.getpid(),
                "problem": self._engine.problem,
            },
        )


class Leader:
    """The master: has the workers begin and end together, adds up what they report.

    ``assembly`` is where its workers came together, None under plain Locust, where all that are
    there take part. ``on_loss`` is told the process of a worker that is given up.
    """

    def __init__(
        self,
        engine: Engine,
        environment: Environment,
        runner: MasterRunner,
        audience: Audience,
        assembly: Assembly | None = None,
    ) -> None:
        self.started = Event()
        self._engine = engine
        self._runner = runner
        self._audience = audience
        self._peers = {} if assembly is None else assembly.peers
        self.on_loss: Callable[[int], None] | None = None
        self._merger = Merger()
        self._workers: dict[str, _Worker] = {}
        self._ticker: Ticker | None = None
        runner.register_message(REPORT, self._report)
        environment.events.test_start.add_listener(self._start)
        environment.events.test_stop.add_listener(self._stop)

    def dismiss(self, finish_s: float) -> None:
        """Have all workers end; returns when each has sent its last report or is lost."""
        self._send_all(END, {"finish_s": finish_s})
        deadline = perf_counter() + finish_s + self._engine.plan.grace_s + SILENT_S
        halting, halted = self._engine.crew.halting, False
        while any(not each.last for each in self._workers.values()):
            if halting.is_set() and not halted:
                halted = True
                self._send_all(HALT, {})
                deadline = perf_counter() + SILENT_S
            if perf_counter() > deadline:
                for node, worker in list(self._workers.items()):
                    if not worker.last:
                        self._lose(node, "did not end")
            gevent.sleep(_LOOK_S)

    def steer(self, at_s: float, users: int) -> None:
        """Tell all workers; see ``Cast``."""
        self._send_all(STEER, {"at_s": at_s, "users": users})

    def lose_process(self, process: int, why: str) -> None:
        """A process that this one started has ended too soon."""
        for node, worker in list(self._workers.items()):
            if worker.process == process:
                self._lose(node, why)
                return
        self._engine.report(f"a load generator worker (process {process}) {why}")

    def _start(self, **_: object) -> None:
        nodes = sorted(self._peers or self._runner.clients)
        self._workers = {
            node: _Worker(position, len(nodes), self._peers.get(node))
            for position, node in enumerate(nodes)
        }
        self._audience.started()
        self._engine.begin()
        for node, worker in self._workers.items():
            data = {"position": worker.position, "workers": worker.of}
            zero_s = worker.their_time(self._engine.clock.zero)
            self._runner.send_message(BEGIN, {**data, "zero_s": zero_s}, client_id=node)
        self._ticker = Ticker(self._engine, self._tick, LEADER_LEAD_S)
        self.started.set()

    def _stop(self, **_: object) -> None:
        if self._ticker is not None:
            self._ticker.stop()
            self._ticker = None
            self.started.clear()
            self._tick(self._engine.clock.now())
            self._engine.crew.reopen()

    def _report(self, msg: Message, **_: object) -> None:
        worker = self._workers.get(msg.node_id)
        if worker is None:  # of a test that is over
            return
        worker.tick = jsonio.decode(msg.data["tick"], Tick)
        worker.heard = perf_counter()
        worker.process, worker.last = msg.data["process"], msg.data["last"]
        self._merger.add(worker.tick)
        if msg.data["problem"] is not None:
            self._engine.report(msg.data["problem"])

    def _tick(self, at_s: float) -> None:
        for node, worker in list(self._workers.items()):
            if not worker.last and perf_counter() - worker.heard > SILENT_S:
                self._lose(node, f"has not reported for {SILENT_S:g} s")
        ticks = [each.tick for each in self._workers.values() if each.tick is not None]
        planned = sum(each.planned for each in ticks) / len(ticks) if ticks else 0
        total = Tick(
            at_s=at_s,
            users=sum(each.users for each in ticks),
            ready=sum(each.ready for each in ticks),
            planned=round(planned),
            workers=len(self._workers),
            cpu=max((each.cpu for each in ticks), default=0.0),
            busy_s=max((each.busy_s for each in ticks), default=0.0),
            hub_delay_us=0,
            open_connections=sum(each.open_connections for each in ticks),
        )
        self._audience.tick(self._merger.take_into(total))

    def _lose(self, node: str, why: str) -> None:
        worker = self._workers.pop(node)
        name = f"load generator worker {worker.position + 1} of {worker.of}"
        at_s = self._engine.clock.now()
        self._engine.report(f"{name} ({worker.place}) {why} after {at_s:.0f} s")
        if self.on_loss is not None:
            self.on_loss(worker.process)

    def _send_all(self, kind: str, data: dict[str, float]) -> None:
        for node in self._workers:
            self._runner.send_message(kind, data, client_id=node)


class _Worker:
    """What the master knows of one worker."""

    __slots__ = ("_peer", "heard", "last", "of", "position", "process", "tick")

    def __init__(self, position: int, of: int, peer: Peer | None) -> None:
        self.position = position
        self.of = of
        self.heard = perf_counter()
        self.last = False
        self.process = 0 if peer is None else peer.process
        self.tick: Tick | None = None
        self._peer = peer

    @property
    def place(self) -> str:
        """Where it runs, in words."""
        host = "" if self._peer is None else f" on {self._peer.host}"
        return f"process {self.process}{host}"

    def their_time(self, moment: float | None) -> float | None:
        """A moment of our ``perf_counter`` on its own; None where its clock is not known."""
        if self._peer is None or moment is None:
            return None
        return moment + self._peer.clock.steady_s
