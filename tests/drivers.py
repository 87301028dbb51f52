"""The real driver process, started on a plan and listened to."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from perfspec import jsonio
from perfspec.measure.collect import Collector
from perfspec.measure.model import Window
from perfspec.measure.progress import Ended, Message, Started, Tick
from perfspec.measure.trace import TryMessage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from perfspec.measure.model import TestResult
    from perfspec.plan.model import Plan

DEADLINE_S = 60.0
MODULE = (sys.executable, "-m", "perfspec.run.driver")


@dataclass
class Driver:
    """A driver that runs; ``messages`` grows while it does."""

    process: subprocess.Popen[bytes]
    plan: Plan
    messages: list[Message] = field(default_factory=list)
    log: list[bytes] = field(default_factory=list)

    @property
    def ticks(self) -> list[Tick]:
        return [each for each in self.messages if isinstance(each, Tick)]

    @property
    def started(self) -> Started | None:
        return next((each for each in self.messages if isinstance(each, Started)), None)

    @property
    def ended(self) -> Ended:
        """The last message; fails when the driver died without one."""
        assert self.messages, b"".join(self.log).decode()
        last = self.messages[-1]
        assert isinstance(last, Ended), b"".join(self.log).decode()
        return last

    @property
    def result(self) -> TestResult:
        collector = Collector(self.plan.tests[0], "")
        for each in deepcopy(self.ticks):  # a collector keeps what it is given
            collector.add(each)
        return collector.result("complete")

    def say(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def totals(self, kind: str = "request") -> dict[str, Window]:
        """All samples by name, personas and file classes together."""
        return totals(self.result, kind)


def totals(result: TestResult, kind: str = "request") -> dict[str, Window]:
    found: dict[str, Window] = {}
    for series in result.series:
        if series.key.kind == kind:
            total = found.setdefault(series.key.name, Window(index=-1))
            for window in series.windows:
                total.merge(window)
    return found


@contextmanager
def running(plan: Plan, folder: Path, *arguments: str) -> Iterator[Driver]:
    """Start the driver on the only test of a plan; it has ended, one way or another, afterwards."""
    path = folder / "plan.json"
    jsonio.write_json(path, plan)
    command = [*MODULE, "--plan", str(path), "--test", plan.tests[0].name, *arguments]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    driver = Driver(process, plan)
    readers = [
        threading.Thread(target=_read_messages, args=(driver,)),
        threading.Thread(target=_read_log, args=(driver,)),
    ]
    for each in readers:
        each.start()
    try:
        yield driver
        process.wait(DEADLINE_S)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        for each in readers:
            each.join()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def run(plan: Plan, folder: Path, *arguments: str) -> Driver:
    """Run a plan's only test to its end."""
    with running(plan, folder, *arguments) as driver:
        pass
    return driver


def try_out(plan: Plan, folder: Path) -> list[TryMessage]:
    """What ``--try`` shows."""
    path = folder / "plan.json"
    jsonio.write_json(path, plan)
    command = [*MODULE, "--plan", str(path), "--test", plan.tests[0].name, "--try"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        lines = list(process.stdout)  # its input stays open meanwhile: the end of it means stop
    decoder = msgspec.json.Decoder(TryMessage)
    return [decoder.decode(line) for line in lines]


def _read_messages(driver: Driver) -> None:
    assert driver.process.stdout is not None
    decoder = msgspec.json.Decoder(Message, dec_hook=jsonio._decode)
    for line in driver.process.stdout:
        driver.messages.append(decoder.decode(line))


def _read_log(driver: Driver) -> None:
    assert driver.process.stderr is not None
    driver.log.extend(driver.process.stderr)
