"""The monitor process of a run: started before the first test, asked at the end of each."""

from __future__ import annotations

import sys
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, cast

from perfspec.expr import ExpressionError
from perfspec.measure.monitored import (
    Flushed,
    Monitored,
    MonitorMessage,
    Reading,
    Sample,
    SampledSeries,
)
from perfspec.plan.load import Span
from perfspec.run.child import Child, Closed, Silence
from perfspec.run.contracts import StepError
from perfspec.run.process import Command
from perfspec.run.watched import address_of, resolved, secrets_in

if TYPE_CHECKING:
    from perfspec.measure.model import TestResult
    from perfspec.plan.monitor import Monitor
    from perfspec.run.context import Context

_MESSAGE: Final = cast("type[MonitorMessage]", MonitorMessage)  # a union is no type to mypy
_READER: Final = (sys.executable, "-m", "perfspec.run.monitors")
_FLUSH_S: Final = 20.0
_MOST_PROBLEMS: Final = 5
LATE_S: Final = 60.0  # series of one monitor come in this much out of order at most


class Monitoring:
    """What is read beside the tests of one run; a context, at whose end nothing is left.

    A monitor that cannot be read never ends a run: its limits say so.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._child: Child[MonitorMessage] | None = None
        self._absent: dict[str, str] = {}
        self._samples: dict[str, list[Sample]] = {}
        self._problems: dict[str, dict[str, None]] = {}  # in the order in which they came

    def __enter__(self) -> Self:
        context = self._context
        read = [each for each in context.plan.monitors if not self._find_absent(each)]
        if read:
            words = [*_READER, "--plan", str(context.folder.plan)]
            words += [word for each in read for word in ("--monitor", each.name)]
            words += [word for item in context.pids.items() for word in _service(*item)]
            command = Command(
                title="monitor process",
                words=words,
                directory=Path.cwd(),
                variables={"PYTHONSAFEPATH": "1", **context.variables},
                log="monitors",
                piped=True,
            )
            self._child = Child.of(context.launcher.start(command), _MESSAGE)
        return self

    def __exit__(self, *_: object) -> None:
        if self._child is not None:
            self._child.__exit__()

    def watch(self, started: str, span: Span) -> list[Monitored]:
        """What has been read in some seconds of the test that began then."""
        while self._child is not None:
            message = self._child.receive(0.0)
            if isinstance(message, Reading):
                self._add(message)
            elif isinstance(message, Closed):
                self._lose(message)
            else:
                break
        began = datetime.fromisoformat(started).timestamp()
        return [self._monitored(each, began, span) for each in self._context.plan.monitors]

    def during(self, result: TestResult) -> list[Monitored]:
        """What was read during a test that has ended, every text of it masked."""
        self._collect()
        began = datetime.fromisoformat(result.started).timestamp()
        whole = Span(start_s=0.0, end_s=result.measured_s)
        found = [self._monitored(each, began, whole) for each in self._context.plan.monitors]
        self._samples.clear()
        self._problems.clear()
        return found

    def _find_absent(self, monitor: Monitor) -> bool:
        """Whether there is nothing to read; teaches the redactor what is secret otherwise."""
        if monitor.absent is not None:
            self._absent[monitor.name] = monitor.absent
            return True
        try:
            source = resolved(monitor.source, self._context.variables)
        except ExpressionError as error:
            msg = f"monitor {monitor.name} ({monitor.place}) cannot be read: {error}"
            raise StepError(msg) from None
        self._context.options.redactor.add(secrets_in(source))
        if address_of(source) != "":
            return False
        name = self._context.plan.environment.name
        self._absent[monitor.name] = f"its address is empty in environment {name}"
        return True

    def _collect(self) -> None:
        """Everything that was told, up to the answer to a flush."""
        if self._child is None:
            return
        self._child.order("flush")
        clock = self._context.clock
        late = clock.monotonic() + _FLUSH_S
        while True:
            message = self._child.receive(max(0.0, late - clock.monotonic()))
            if isinstance(message, Reading):
                self._add(message)
            elif isinstance(message, Flushed):
                return
            else:
                self._lose(message)
                return

    def _add(self, reading: Reading) -> None:
        self._samples.setdefault(reading.monitor, []).extend(reading.samples)
        problems = self._problems.setdefault(reading.monitor, {})
        if reading.problem is not None and len(problems) < _MOST_PROBLEMS:
            problems[self._context.options.redactor.text(reading.problem)] = None

    def _lose(self, message: Silence | Closed) -> None:
        """The process is of no use any more."""
        if self._child is None:
            return
        ended = isinstance(message, Closed)
        why = "has ended" if ended else f"did not answer within {_FLUSH_S:g}s"
        text = f"the monitor process {why}"
        log = self._child.process.log.path
        self._context.observer.warning(f"{text}: limits on monitors cannot be judged ({log})")
        self._child.__exit__()
        self._child = None
        for each in self._context.plan.monitors:
            self._problems.setdefault(each.name, {})[text] = None

    def _monitored(self, monitor: Monitor, began: float, span: Span) -> Monitored:
        absent = self._absent.get(monitor.name)
        lost = self._child is None and absent is None
        series = {
            each.name: SampledSeries(name=each.name, unit=each.unit) for each in monitor.series
        }
        earliest = began + span.start_s - LATE_S
        newest = reversed(self._samples.get(monitor.name, ()))
        samples = takewhile(lambda each: each.at >= earliest, newest)
        for sample in sorted(samples, key=lambda each: each.at):
            at_s = round(sample.at - began, 3)
            if span.start_s <= at_s <= span.end_s:
                series[sample.series].at_s.append(at_s)
                series[sample.series].values.append(sample.value)
        problems = list(self._problems.get(monitor.name, ()))
        if lost and not problems:
            problems = ["the monitor process has ended"]
        return Monitored(
            name=monitor.name,
            every_s=monitor.every_s,
            series=list(series.values()),
            absent=absent,
            problems=problems,
        )


def _service(name: str, pid: int) -> tuple[str, str]:
    return "--service", f"{name}={pid}"
