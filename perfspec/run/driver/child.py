"""One test from its plan to its last message: what a driver process does."""

from __future__ import annotations

import gc
import resource
import signal
import sys
from argparse import Namespace
from typing import TYPE_CHECKING, NamedTuple

import gevent
import msgspec
import pycurl
from locust.env import Environment
from locust.event import Events

from perfspec.clock import SystemClock
from perfspec.errors import PerfspecError
from perfspec.measure.progress import Ended, Started
from perfspec.run.driver.cluster import Alone, Leader, Member
from perfspec.run.driver.conduct import conduct
from perfspec.run.driver.locustfile import equip, load_engine
from perfspec.run.driver.pipe import Pipe, when_closed
from perfspec.run.driver.user import user_class
from perfspec.run.driver.workers import WorkerProcesses
from perfspec.run.machine import describe_machine

if TYPE_CHECKING:
    from pathlib import Path

    from locust import User
    from locust.runners import Runner

    from perfspec.measure.progress import Tick
    from perfspec.run.driver.conduct import Cast
    from perfspec.run.driver.engine import Engine

LOCALHOST = "127.0.0.1"
_YOUNG_OBJECTS = 50_000  # between two collections, as each may look at every user


class Options(NamedTuple):
    """The command line."""

    plan: Path
    test: str
    workers: int = 1


class Child:
    """The driver of one test; the parent is told of all that happens."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._engine = load_engine(options.plan, options.test)
        self._environment = make_environment(self._engine)
        self._machine = msgspec.structs.replace(
            describe_machine(), libcurl=pycurl.version_info()[1], workers=options.workers
        )
        self._pipe = Pipe()
        self._workers: WorkerProcesses | None = None

    def run(self) -> str | None:
        """Run the test; returns the sentence that says what broke, None if nothing did."""
        crew = self._engine.crew
        self._pipe.listen(self._stop, crew.stopping.set)
        gevent.signal_handler(signal.SIGTERM, self._stop)
        problem: str | None = "the load generator broke, see its log"
        try:
            self._perform()
            problem = self._engine.problem
        except PerfspecError as error:
            problem = str(error)
        finally:
            if self._workers is not None:
                self._workers.stop()
            self._pipe.tell(Ended(at_s=self._engine.clock.now(), problem=problem))
        return problem

    def started(self) -> None:
        """The test's clock begins now."""
        started = SystemClock().now().isoformat()
        self._pipe.tell(Started(started=started, machine=self._machine))

    def tick(self, tick: Tick) -> None:
        """What came in since the last tick."""
        self._pipe.tell(tick)

    def _perform(self) -> None:
        runner, cast = self._set_up()
        settle_memory()
        conduct(self._engine, runner, cast)
        if self._workers is not None:
            self._workers.may_end()
        runner.quit()

    def _set_up(self) -> tuple[Runner, Cast]:
        engine, environment, count = self._engine, self._environment, self._options.workers
        if count == 1:
            local = environment.create_local_runner()
            equip(engine, environment)
            return local, Alone(engine, environment, self)
        runner = environment.create_master_runner(LOCALHOST, 0)
        equip(engine, environment)
        leader = Leader(engine, environment, runner, self)
        command = self._worker_command(runner.server.port)
        self._workers = WorkerProcesses(command, count, leader.lose_process)
        leader.on_loss = self._workers.kill
        self._workers.wait_for(runner)
        return runner, leader

    def _worker_command(self, port: int) -> list[str]:
        module = [sys.executable, "-m", "perfspec.run.driver"]
        plan = ["--plan", str(self._options.plan), "--test", self._options.test]
        return [*module, *plan, "--worker", "--master-port", str(port)]

    def _stop(self) -> None:
        """The first time, users finish what they do; the second time they do not."""
        crew = self._engine.crew
        (crew.halting if crew.stopping.is_set() else crew.stopping).set()


def run_worker(options: Options, port: int) -> None:
    """Be a worker of the master at ``port`` until that ends. Raises PerfspecError."""
    engine = load_engine(options.plan, options.test)
    environment = make_environment(engine)
    environment.parsed_options = Namespace(web_base_path="")  # else Locust parses a command line
    runner = environment.create_worker_runner(LOCALHOST, port)
    equip(engine, environment)
    Member(engine, environment, runner, whole=True)
    when_closed(lambda: runner.greenlet.kill(block=False))
    settle_memory()
    runner.greenlet.join()


def make_environment(engine: Engine) -> Environment:
    """Locust's environment for one test, with a class for each persona."""
    classes: list[type[User]] = [user_class(engine, each) for each in engine.test.personas]
    return Environment(user_classes=classes, events=Events())


def settle_memory() -> None:
    """Keep the collector from walking, again and again, through what stays for good."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 100)


def raise_file_limit() -> None:
    """As many sockets as the system allows."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
