"""A plan as Locust's own classes, for a locustfile that plain ``locust -f`` runs."""

from __future__ import annotations

import functools
import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import locust
from locust import LoadTestShape, argument_parser, runners

from perfspec import jsonio
from perfspec.errors import Exit, RunError, UsageError
from perfspec.plan.model import Plan
from perfspec.run.driver.cluster import Alone, Leader, Member, Nobody
from perfspec.run.driver.conduct import Conductor
from perfspec.run.driver.dispatch import Dispatcher
from perfspec.run.driver.engine import Engine
from perfspec.run.driver.stats import LocustStats
from perfspec.run.driver.user import user_class

if TYPE_CHECKING:
    from locust.env import Environment


logger = logging.getLogger(__name__)


class PlanShape(LoadTestShape):
    """The load of a test: one ``tick`` is the whole of it, so that every phase begins on time."""

    abstract = True
    engine: ClassVar[Engine]
    cast: ClassVar[Alone | Leader]

    def tick(self) -> None:
        """Run the test; None tells Locust that it is over."""
        if self.runner is None:
            return
        Conductor(self.engine, self.runner, self.cast).perform()
        if self.engine.problem is not None:
            logger.error("this run is not to be trusted: %s", self.engine.problem)
            self.runner.environment.process_exit_code = Exit.BROKEN


def build(plan: str | Path, test: str) -> dict[str, type]:
    """What a locustfile needs in its namespace: a user class for each persona, and the load.

    Raises UsageError for a plan that cannot be read or does not hold the test.
    """
    engine = load_engine(Path(plan), test)
    shape: type[PlanShape] = type("Load", (PlanShape,), {"abstract": False, "engine": engine})

    def on_init(environment: Environment, **_: object) -> None:
        _check_host(engine, environment)
        equip(engine, environment)
        match environment.runner:
            case runners.WorkerRunner() as runner:
                Member(engine, environment, runner, whole=False)
            case runners.MasterRunner() as runner:
                shape.cast = Leader(engine, environment, runner, Nobody())
            case _:
                shape.cast = Alone(engine, environment, Nobody())

    locust.events.init.add_listener(on_init)
    return {"Load": shape, **{each.name: user_class(engine, each) for each in engine.test.personas}}


def load_engine(path: Path, test: str) -> Engine:
    """Raises UsageError for a plan that cannot be read or does not hold the test."""
    return choose_engine(jsonio.read_json(path, Plan), test)


def choose_engine(plan: Plan, test: str) -> Engine:
    """Raises UsageError for a plan that does not hold the test."""
    try:
        return Engine(plan, plan.test(test))
    except KeyError:
        names = ", ".join(each.name for each in plan.tests)
        msg = f"there is no test {test!r} in the plan; it holds {names}"
        raise UsageError(msg) from None


def equip(engine: Engine, environment: Environment) -> None:
    """Make an environment with a runner fit to run the engine's test. Raises PerfspecError."""
    environment.dispatcher_class = type(
        "PlanDispatcher",
        (Dispatcher,),
        {"curve": engine.curve, "personas": engine.test.personas, "clock": engine.clock},
    )
    engine.stats = LocustStats(environment, engine.plan.endpoints)
    if environment.runner and not isinstance(environment.runner, runners.MasterRunner):
        engine.employ(partial(_hire, environment.runner))  # a master has no users
    runners.WORKER_REPORT_INTERVAL = 1.0  # Locust's own statistics, too, are a second old
    # Locust builds its whole parser for each option in each message to a worker: 0.2 s a time.
    argument_parser.default_args_dict = functools.cache(argument_parser.default_args_dict)
    runners.logger.addFilter(_is_news)
    engine.prepare()


def _hire(runner: runners.Runner, persona: str) -> None:
    """Start one user, as Locust's ``spawn_users`` does, which counts all of them each time."""
    runner.user_classes_by_name[persona](runner.environment).start(runner.user_greenlets)


def _check_host(engine: Engine, environment: Environment) -> None:
    own = engine.plan.environment.url.rstrip("/")
    if environment.host is not None and environment.host.rstrip("/") != own:
        msg = (
            f"the plan was made for {own}: leave --host out, or make a plan for {environment.host}"
        )
        raise RunError(msg)


def _is_news(record: logging.LogRecord) -> bool:
    """Leave out what is said of every phase, and the warning against rates that we spread."""
    text = str(record.msg)
    return not text.startswith(("Your selected spawn rate", "Ramping to", "Sending spawn jobs"))
