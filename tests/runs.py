"""Whole runs in tests: real processes around a load process that only pretends."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from perfspec.clock import SystemClock
from perfspec.plan.model import Environment, Ready, Service
from perfspec.run.contracts import Deadlines, Observer, RunOptions
from perfspec.run.folder import RunFolder
from perfspec.run.supervisor import run_plan
from tests.results import make_plan, make_test

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from perfspec.measure.collect import Collector
    from perfspec.measure.model import AbortHit, RunResult, TestResult
    from perfspec.plan.load import Span
    from perfspec.plan.model import Plan, Test

SCRIPTS = Path(__file__).parent / "unit" / "run"
QUICK = Deadlines(
    start=10.0, silence=10.0, end=10.0, leave=10.0, dead_service=5.0, stop=10.0
)  # long enough for a busy machine; what must be late in a test is made shorter there


class Referee:
    """Lets everything go on, unless told otherwise."""

    def __init__(
        self,
        hit: AbortHit | None = None,
        *,
        stop: AbortHit | None = None,
        stops: bool = False,
        failing: Collection[str] = (),
        keeps: Callable[[int], bool] = lambda _: True,
        doubted: Collection[str] = (),
    ) -> None:
        self.hit = hit
        self.stop = stop
        self.stops = stops
        self.failing = failing
        self.keeps = keeps  # levels of a search
        self.doubted = doubted

    def should_abort(self, test: Test, collector: Collector) -> AbortHit | None:  # noqa: ARG002
        return self.hit

    def should_stop(self, test: Test, collector: Collector) -> AbortHit | None:  # noqa: ARG002
        return self.stop

    def kept(self, test: Test, result: TestResult, span: Span) -> bool | None:  # noqa: ARG002
        return self.keeps(result.tries[-1].users)

    def decided(self, test: Test, result: TestResult) -> bool:  # noqa: ARG002
        return self.stops

    def passed(self, test: Test, run: RunResult) -> bool:
        [result] = [each for each in run.tests if each.name == test.name]
        return result.status != "skipped" and not self.stops and test.name not in self.failing

    def doubt(self, test: Test, run: RunResult) -> str | None:
        result = run.tests[-1]
        assert result.name == test.name
        times = list(self.doubted).count(test.name)
        return "its orders are slower" if len(result.repeats) < times else None


class Events(Observer):
    """What an observer was told, in order: ``"service ready api"``."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def phase(self, text: str) -> None:
        self.seen.append(text)

    def service_started(self, name: str, pid: int) -> None:
        self.seen.append(f"service started {name} {pid}")

    def service_ready(self, name: str, seconds: float) -> None:  # noqa: ARG002
        self.seen.append(f"service ready {name}")

    def hook_started(self, name: str, command: str) -> None:  # noqa: ARG002
        self.seen.append(f"hook started {name}")

    def hook_ended(self, name: str, seconds: float) -> None:  # noqa: ARG002
        self.seen.append(f"hook ended {name}")

    def test_started(self, test: Test, number: int, count: int) -> None:
        self.seen.append(f"test started {test.name} {number}/{count}")

    def ticked(self, test: Test, collector: Collector) -> None:
        self.seen.append(f"tick {test.name} {collector.at_s:g}")

    def test_ended(self, test: Test, result: TestResult) -> None:
        self.seen.append(f"test ended {test.name} {result.status}")

    def warning(self, text: str) -> None:
        self.seen.append(f"warning {text}")

    @property
    def steps(self) -> list[str]:
        """Without ticks and without process ids."""
        return [
            " ".join(word for word in each.split() if not word.isdigit())
            for each in self.seen
            if not each.startswith("tick")
        ]


def options(behave: str = "well", **rest: Any) -> RunOptions:  # noqa: ANN401  (fields)
    driver = (sys.executable, str(SCRIPTS / "fake_driver.py"), "--behave", behave)
    defaults: dict[str, Any] = {"driver": driver, "deadlines": QUICK}
    return RunOptions(**(defaults | rest))


def small_plan(directory: Path, *tests: Test, **rest: Any) -> Plan:  # noqa: ANN401  (fields)
    tests = tests or (make_test(name="smoke", hold_s=3.0),)
    return make_plan(*tests, **({"directory": str(directory)} | rest))


def run(
    plan: Plan,
    *,
    referee: Referee | None = None,
    events: Events | None = None,
    options: RunOptions,
    folder: RunFolder | None = None,
    before: RunResult | None = None,
) -> RunResult:
    clock = SystemClock()
    return run_plan(
        plan,
        folder or RunFolder.create(Path(plan.directory), clock),
        referee=referee or Referee(),
        observer=events or Events(),
        options=options,
        clock=clock,
        before=before,
    )


def service(name: str, port: int, *arguments: str, **rest: Any) -> Service:  # noqa: ANN401
    command = [sys.executable, str(SCRIPTS / "fake_service.py"), "--port", str(port), *arguments]
    defaults: dict[str, Any] = {
        "name": name,
        "run": " ".join(command),
        "ready": Ready(method="GET", url=f"http://127.0.0.1:{port}/health"),
    }
    return Service(**(defaults | rest))


def environment(*services: Service, **rest: Any) -> Environment:  # noqa: ANN401  (fields)
    url = "http://127.0.0.1:8800"
    return Environment(name="local", url=url, hosts=("127.0.0.1:8800",), services=services, **rest)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def gone(pid: int) -> bool:
    """Whether no such process runs; one that nobody waits for any more is gone too."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
