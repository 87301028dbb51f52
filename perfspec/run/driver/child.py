"""One test from its plan to its last message: what a driver process does."""

from __future__ import annotations

import os
import secrets
import signal
import sys
from typing import TYPE_CHECKING, NamedTuple

import gevent
import msgspec
import pycurl
from locust.env import Environment
from locust.event import Events
from locust.exception import RPCError

from perfspec import jsonio
from perfspec.clock import SystemClock
from perfspec.errors import PerfspecError, RunError
from perfspec.measure.progress import Ended, Gathering, Started
from perfspec.run.driver.assembly import Assembly, Wanted
from perfspec.run.driver.assignment import pack
from perfspec.run.driver.breath import encode_tick
from perfspec.run.driver.cluster import Alone, Leader
from perfspec.run.driver.conduct import Conductor
from perfspec.run.driver.duet.engine import load_duet
from perfspec.run.driver.locustfile import equip, load_engine
from perfspec.run.driver.pipe import Pipe
from perfspec.run.driver.process import settle_memory
from perfspec.run.driver.seal import Seal
from perfspec.run.driver.user import user_class
from perfspec.run.driver.web import web_ui
from perfspec.run.driver.workers import WorkerProcesses
from perfspec.run.join import KEY, Address
from perfspec.run.machine import describe_machine

if TYPE_CHECKING:
    from pathlib import Path

    from locust import User
    from locust.runners import MasterRunner, Runner

    from perfspec.measure.progress import Tick
    from perfspec.plan.model import Test
    from perfspec.run.driver.conduct import Cast
    from perfspec.run.driver.engine import Engine

HERE = Address("127.0.0.1", 0)
_FAREWELL_MS = 1000  # for a goodbye to somebody who does not take it
_START_S = 60.0  # for our own processes to start Python and say hello


class Options(NamedTuple):
    """The command line. ``bind`` is where workers of other machines come, within ``wait_s``.

    ``base`` is the plan of a duet's other side, ``web`` the port of Locust's web UI.
    """

    plan: Path
    test: str
    workers: int = 1
    bind: Address | None = None
    wait_s: float = 0.0
    base: Path | None = None
    web: int | None = None


class Child:
    """The driver of one test; the parent is told of all that happens."""

    def __init__(self, options: Options) -> None:
        self._options = options
        if options.base is None:
            self._engine = load_engine(options.plan, options.test)
        else:
            self._engine = load_duet(options.plan, options.base, options.test)
        self._environment = make_environment(self._engine)
        self._machine = msgspec.structs.replace(
            describe_machine(), libcurl=pycurl.version_info()[1], workers=options.workers
        )
        self._pipe = Pipe()
        self._key = os.environ.pop(KEY, "")
        self._master: MasterRunner | None = None
        self._assembly: Assembly | None = None
        self._workers: WorkerProcesses | None = None
        self._conductor: Conductor | None = None

    def run(self) -> str | None:
        """Run the test; returns the sentence that says what broke, None if nothing did."""
        crew = self._engine.crew
        self._pipe.listen(self._stop, crew.stopping.set, self._steer)
        gevent.signal_handler(signal.SIGTERM, self._stop)
        problem: str | None = "the load generator broke, see its log"
        try:
            self._perform()
            problem = self._engine.problem
        except PerfspecError as error:
            problem = str(error)
        finally:
            whole = problem is None and self._engine.clock.zero is not None
            self._let_go(follows=whole and self._engine.test != self._last)
            self._pipe.tell(Ended(at_s=self._engine.clock.now(), problem=problem))
        return problem

    def started(self) -> None:
        """The test's clock begins now."""
        started = SystemClock().now().isoformat()
        workers = () if self._assembly is None else tuple(self._assembly.crew())
        self._pipe.tell(Started(started=started, machine=self._machine, workers=workers))

    def tick(self, tick: Tick) -> None:
        """What came in since the last tick."""
        self._pipe.write(encode_tick(tick))

    def _perform(self) -> None:
        runner, cast = self._set_up()
        if self._engine.crew.stopping.is_set():  # before all workers were there
            return
        settle_memory()
        self._conductor = Conductor(self._engine, runner, cast)
        with web_ui(self._environment, runner, self._options.web):
            self._conductor.perform()
        if self._master is None:
            runner.quit()
        else:
            self._master.stop(send_stop_to_client=False)  # they have ended, one by one

    def _set_up(self) -> tuple[Runner, Cast]:
        engine, environment, options = self._engine, self._environment, self._options
        if options.workers == 1 and options.bind is None:
            local = environment.create_local_runner()
            equip(engine, environment)
            return local, Alone(engine, environment, self)
        self._master = runner = master_runner(environment, options.bind or HERE)
        equip(engine, environment)
        key = self._key if options.bind else secrets.token_hex()
        work = Seal(key).close(jsonio.encode(pack(engine)))
        self._assembly = Assembly(runner, work, self._wanted(), self._gathering)
        leader = Leader(engine, environment, runner, self, self._assembly)
        if options.bind is None:
            self._workers = self._own_workers(leader, runner.server.port, key)
        check = self._workers.check if self._workers else lambda: None
        self._assembly.wait(check, engine.crew.stopping)
        return runner, leader

    def _own_workers(self, leader: Leader, port: int, key: str) -> WorkerProcesses:
        master = str(Address(HERE.host, port))
        words = ["--worker", "--master", master, "--wait", str(_START_S)]
        workers = WorkerProcesses(
            [sys.executable, "-m", "perfspec.run.driver", *words],
            {**os.environ, KEY: key},
            self._options.workers,
            leader.lose_process,
        )
        leader.on_loss = workers.kill
        return workers

    def _wanted(self) -> Wanted:
        options = self._options
        if options.bind is None:
            return Wanted(options.workers, _START_S, "this machine is too slow, or too busy")
        late = (
            f"start the others (perfspec worker --master {options.bind}), or wait longer (--wait)"
        )
        return Wanted(options.workers, options.wait_s, late)

    def _gathering(self, there: int) -> None:
        self._pipe.tell(Gathering(there=there, wanted=self._options.workers))

    @property
    def _last(self) -> Test:
        return self._engine.plan.tests[-1]

    def _let_go(self, *, follows: bool) -> None:
        """The workers may go; ``follows`` tells them that the run has another test."""
        if self._workers is not None:
            self._workers.may_end()
        if self._assembly is not None:
            self._assembly.dismiss(follows=follows)
        if self._master is not None:
            self._master.greenlet.kill()
            self._master.server.close(linger=_FAREWELL_MS)
        if self._workers is not None:
            self._workers.stop()

    def _steer(self, users: int) -> None:
        if self._conductor is not None:
            self._conductor.steer(users)

    def _stop(self) -> None:
        """The first time, users finish what they do; the second time they do not."""
        crew = self._engine.crew
        (crew.halting if crew.stopping.is_set() else crew.stopping).set()


def master_runner(environment: Environment, bind: Address) -> MasterRunner:
    """Raises RunError when the address cannot be listened at."""
    try:
        return environment.create_master_runner(bind.host, bind.port)
    except (RPCError, SystemExit):  # Locust ends the program when the port is taken
        msg = f"cannot listen for workers at {bind}: is it an address of this machine, and free?"
        raise RunError(msg) from None


def make_environment(engine: Engine) -> Environment:
    """Locust's environment for one test, with a class for each persona."""
    classes: list[type[User]] = [user_class(engine, each) for each in engine.test.personas]
    return Environment(user_classes=classes, events=Events())
