"""A worker: joins a run, gets a test, does its share of it, and goes when told."""

from __future__ import annotations

import os
import socket
from argparse import Namespace
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

import gevent
from gevent.event import AsyncResult, Event
from locust import runners
from locust.env import Environment
from locust.event import Events

from perfspec import __version__, jsonio
from perfspec.errors import PerfspecError, RunError
from perfspec.run.driver.assembly import ASSIGN, BYE, HELLO, PING, PONG, READY, REFUSE
from perfspec.run.driver.assignment import Assignment, unpack
from perfspec.run.driver.clocks import Reading
from perfspec.run.driver.cluster import Member
from perfspec.run.driver.locustfile import choose_engine, equip
from perfspec.run.driver.pipe import Pipe, when_closed
from perfspec.run.driver.process import settle_memory
from perfspec.run.driver.seal import Seal
from perfspec.run.driver.user import user_class
from perfspec.run.join import Joined, Served

if TYPE_CHECKING:
    from locust.rpc import Message

    from perfspec.run.join import Address

MASTER_SILENT_S = 10.0  # a master that has not been heard of for so long is dead
_HELLO_EVERY_S = 1.0
_FAREWELL_MS = 1000  # for what is still to be sent


class Search(NamedTuple):
    """Where to look for a run, and for how long; it may have no test but the last (``another``)."""

    master: Address
    wait_s: float
    another: bool

    def missed(self) -> str | None:
        """The sentence that says that there was none, None when that is in order."""
        if self.another:
            return None
        return (
            f"no run was found at {self.master} within {self.wait_s:g} s: is"
            " `perfspec run --expect-workers` running there, and can its port be reached?"
        )


def serve(search: Search, key: str) -> None:
    """Take part in one test of a run. Raises PerfspecError."""
    with suppress(_NoneFound):
        _Worker(search, Seal(key)).serve()


class _NoneFound(Exception):  # noqa: N818  (an outcome)
    """There is no other test."""


class _Worker:
    """``_end`` gets the sentence that says what broke, None when the master says goodbye."""

    def __init__(self, search: Search, seal: Seal) -> None:
        self._search = search
        self._master = search.master
        self._seal = seal
        self._pipe = Pipe()
        self._end: AsyncResult[str | None] = AsyncResult()
        self._called = Event()
        self._served = self._follows = False
        self._heard = perf_counter()
        self._environment = Environment(events=Events())
        self._environment.parsed_options = Namespace(web_base_path="")  # else Locust parses argv
        self._environment.events.heartbeat_received.add_listener(self._hear)
        self._runner = self._connected()
        self._runner.register_message(ASSIGN, self._take, concurrent=True)
        self._runner.register_message(REFUSE, self._refused)
        self._runner.register_message(PING, self._answer)
        self._runner.register_message(BYE, self._leave)

    def serve(self) -> None:
        when_closed(lambda: self._end.set(None))  # nobody waits for it any more
        watch = gevent.spawn(self._call_and_watch)
        problem = self._end.get()
        watch.kill()
        self._runner.greenlet.kill()
        self._runner.client.close(linger=_FAREWELL_MS)
        if problem is not None:
            raise RunError(problem)
        if self._served:
            self._pipe.tell(Served(follows=self._follows))

    def _connected(self) -> runners.WorkerRunner:
        runners.CONNECT_TIMEOUT = 1
        runners.CONNECT_RETRY_COUNT = max(int(self._search.wait_s), 1)
        try:
            return self._environment.create_worker_runner(self._master.host, self._master.port)
        except ConnectionError:
            missed = self._search.missed()
            raise _NoneFound if missed is None else RunError(missed) from None

    def _call_and_watch(self) -> None:
        """Say hello until there is an answer: an old run may still hold the port of a new one."""
        deadline = perf_counter() + self._search.wait_s
        who = {"version": __version__, "host": socket.gethostname(), "process": os.getpid()}
        while not self._called.is_set():
            if perf_counter() > deadline:
                self._end.set(self._search.missed())
                return
            self._runner.connect_to_master()
            self._runner.send_message(HELLO, who)
            self._called.wait(_HELLO_EVERY_S)
        self._heard = perf_counter()
        while perf_counter() - self._heard < MASTER_SILENT_S:
            gevent.sleep(1)
        self._end.set(
            f"the run at {self._master} has not been heard of for {MASTER_SILENT_S:g} s: it was"
            " killed, or the network is down"
        )

    def _take(self, msg: Message, **_: object) -> None:
        self._called.set()
        try:
            self._prepare(jsonio.decode(self._seal.open(msg.data["work"]), Assignment))
        except PerfspecError as error:
            self._runner.send_message(READY, {"problem": str(error)})
            self._end.set(str(error))
        else:
            self._runner.send_message(READY, {"problem": None})

    def _prepare(self, assignment: Assignment) -> None:
        """What was laid out is read, and gone, before the test begins: it may be secret."""
        with TemporaryDirectory(prefix="perfspec-") as root:
            engine = choose_engine(unpack(assignment, Path(root)), assignment.test)
            classes = [user_class(engine, each) for each in engine.test.personas]
            self._environment.user_classes = list(classes)
            equip(engine, self._environment)
        Member(engine, self._environment, self._runner, whole=True)
        settle_memory()
        self._pipe.tell(Joined(test=assignment.test))

    def _refused(self, msg: Message, **_: object) -> None:
        self._called.set()
        self._end.set(f"refused by the run at {self._master}: {msg.data['why']}")

    def _answer(self, msg: Message, **_: object) -> None:
        now = Reading.now()
        answer = {"sent_s": msg.data["sent_s"], "steady_s": now.steady_s, "wall_s": now.wall_s}
        self._runner.send_message(PONG, answer)

    def _leave(self, msg: Message, **_: object) -> None:
        self._served, self._follows = True, msg.data["follows"]
        self._end.set(None)

    def _hear(self, **_: object) -> None:
        self._heard = perf_counter()
