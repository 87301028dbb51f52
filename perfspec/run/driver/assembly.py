"""How workers come together before a test: each says who it is, gets the plan, and is timed."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

import gevent
from locust.runners import STATE_MISSING

from perfspec import __version__
from perfspec.errors import RunError
from perfspec.measure.model import Worker
from perfspec.run.driver.clocks import Offset, Reading
from perfspec.units import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from gevent.event import Event
    from locust.rpc import Message
    from locust.runners import MasterRunner

HELLO, READY, PONG = "perfspec_hello", "perfspec_ready", "perfspec_pong"
ASSIGN, REFUSE, PING, BYE = (
    "perfspec_assign",
    "perfspec_refuse",
    "perfspec_ping",
    "perfspec_bye",
)
PINGS = 8
GONE_S = 15.0  # without a word before the test
_LOOK_S = 0.02


class Peer:
    """A worker as the master knows it."""

    def __init__(self, host: str, process: int) -> None:
        self.host = host
        self.process = process
        self.clock = Offset()
        self.heard = perf_counter()
        self.ready = False


class Wanted(NamedTuple):
    """So many workers; ``late`` is what to do when ``within_s`` has passed without them."""

    workers: int
    within_s: float
    late: str


class Assembly:
    """Gives ``work``, sealed, to each worker that says hello; ``tell`` hears how many are ready."""

    def __init__(
        self, runner: MasterRunner, work: bytes, wanted: Wanted, tell: Callable[[int], None]
    ) -> None:
        self.peers: dict[str, Peer] = {}
        self._runner = runner
        self._work = work
        self._wanted = wanted
        self._tell = tell
        self._told = 0
        self._complete = self._over = False
        self._problem: str | None = None
        runner.register_message(HELLO, self._hello)
        runner.register_message(READY, self._ready)
        runner.register_message(PONG, self._pong)

    def wait(self, check: Callable[[], None], stopping: Event) -> None:
        """Return when all workers are ready, or when told to stop.

        ``check`` raises what makes waiting useless. Raises RunError when they do not come in time,
        or one does not fit.
        """
        wanted = self._wanted
        deadline = perf_counter() + wanted.within_s
        while self._count() < wanted.workers and not stopping.is_set():
            check()
            if self._problem is not None:
                raise RunError(self._problem)
            if perf_counter() > deadline:
                msg = (
                    f"{self._count()} of {counted(wanted.workers, 'worker')} were there after"
                    f" {wanted.within_s:g} s: {wanted.late}"
                )
                raise RunError(msg)
            gevent.sleep(_LOOK_S)
        self._complete = True
        for node in self._runner.clients.keys() - self.peers.keys():
            del self._runner.clients[node]

    def dismiss(self, *, follows: bool) -> None:
        """Let all go; ``follows`` tells them that the run has another test."""
        self._over = True
        for node in self.peers:
            self._runner.send_message(BYE, {"follows": follows}, client_id=node)

    def crew(self) -> list[Worker]:
        """The workers in the order in which they are numbered."""
        peers = [self.peers[node] for node in sorted(self.peers)]
        return [
            Worker(
                number=number,
                host=each.host,
                process=each.process,
                clock_ahead_s=each.clock.wall_s,
                clock_within_s=each.clock.within_s,
            )
            for number, each in enumerate(peers, start=1)
        ]

    def _count(self) -> int:
        """Those that are ready and alive; the place of one that has gone is free again.

        Who prepares a large plan may be silent for some seconds.
        """
        alive = 0
        for node, peer in list(self.peers.items()):
            client = self._runner.clients.get(node)
            if client is not None and client.state != STATE_MISSING:
                peer.heard = perf_counter()
                alive += peer.ready
            elif perf_counter() - peer.heard > GONE_S:
                del self.peers[node]
        return self._tell_of(alive)

    def _tell_of(self, count: int) -> int:
        if count != self._told:
            self._told = count
            self._tell(count)
        return count

    def _hello(self, msg: Message, **_: object) -> None:
        node, data = msg.node_id, msg.data
        if node in self.peers or self._over:
            return
        who = f"the worker on {data['host']} (process {data['process']})"
        if data["version"] != __version__:
            self._problem = (
                f"{who} has perfspec {data['version']}, and the run has {__version__}:"
                " install the same version on both"
            )
            self._refuse(node, self._problem)
        elif self._complete:
            expected = counted(self._wanted.workers, "worker")
            self._refuse(node, f"it has the {expected} that it expects")
        elif len(self.peers) < self._wanted.workers:  # else it asks again: one of them may go
            self.peers[node] = Peer(data["host"], data["process"])
            self._runner.send_message(ASSIGN, {"work": self._work}, client_id=node)

    def _ready(self, msg: Message, **_: object) -> None:
        peer, problem = self.peers.get(msg.node_id), msg.data["problem"]
        if peer is None:
            self._refuse(msg.node_id, f"it had not heard of this worker for {GONE_S:g} s")
        elif problem is None:
            self._ping(msg.node_id)
        elif self._problem is None:
            self._problem = f"the worker on {peer.host} (process {peer.process}): {problem}"

    def _pong(self, msg: Message, **_: object) -> None:
        peer = self.peers.get(msg.node_id)
        if peer is None:
            return
        theirs = Reading(msg.data["steady_s"], msg.data["wall_s"])
        peer.clock.add(msg.data["sent_s"], theirs, Reading.now())
        peer.ready = peer.clock.pings >= PINGS
        if not peer.ready:
            self._ping(msg.node_id)

    def _ping(self, node: str) -> None:
        self._runner.send_message(PING, {"sent_s": perf_counter()}, client_id=node)

    def _refuse(self, node: str, why: str) -> None:
        self._runner.send_message(REFUSE, {"why": why}, client_id=node)
        self._runner.clients.pop(node, None)
