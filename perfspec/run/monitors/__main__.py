"""``python -m perfspec.run.monitors``: reads the monitors of a plan and tells its parent."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from perfspec import jsonio
from perfspec.clock import SystemClock
from perfspec.measure.monitored import Flushed
from perfspec.plan.model import Plan
from perfspec.plan.monitor import (
    CloudWatchSource,
    HostSource,
    HttpSource,
    Monitor,
    PostgresSource,
    ProcessSource,
    PrometheusSource,
)
from perfspec.run.monitors.cloudwatch import CloudWatchHistory
from perfspec.run.monitors.endpoint import EndpointGauge
from perfspec.run.monitors.host import HostGauge
from perfspec.run.monitors.postgres import PostgresGauge
from perfspec.run.monitors.process import ProcessGauge
from perfspec.run.monitors.prometheus import PrometheusHistory
from perfspec.run.monitors.sampler import Sampler
from perfspec.run.watched import resolved

if TYPE_CHECKING:
    from collections.abc import Mapping

    import msgspec

    from perfspec.run.monitors.source import Source

_LEAVE_S = 1.0


def main() -> int:
    """Reads until the input ends or says ``stop``; ``flush`` is answered when all is told."""
    parser = argparse.ArgumentParser(prog="python -m perfspec.run.monitors", description=__doc__)
    parser.add_argument("--plan", type=Path, required=True)
    parser.add_argument("--monitor", action="append", default=[], dest="names")
    parser.add_argument("--service", action="append", default=[], help="NAME=PID")
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    plan = jsonio.read_json(arguments.plan, Plan)
    pids = {name: int(pid) for name, _, pid in (each.partition("=") for each in arguments.service)}
    pipe = _Pipe()
    clock = SystemClock()
    samplers = [
        Sampler(each.name, _source(each, plan, pids, clock), each.every_s, clock, pipe.tell)
        for each in plan.monitors
        if each.name in arguments.names
    ]
    for each in samplers:
        each.start()
    for line in sys.stdin.buffer:
        if line.strip() == b"stop":
            break
        for each in samplers:
            each.finish()
        pipe.tell(Flushed())
    for each in samplers:
        each.stop(_LEAVE_S)
    return 0


class _Pipe:
    """Messages to the parent, a whole line at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def tell(self, message: msgspec.Struct) -> None:
        view = memoryview(jsonio.encode(message) + b"\n")
        with self._lock:
            while view:
                view = view[os.write(1, view) :]


def _source(monitor: Monitor, plan: Plan, pids: Mapping[str, int], clock: SystemClock) -> Source:
    source = resolved(monitor.source, {**os.environ, **plan.variables})
    start = clock.now().timestamp()
    match source:
        case ProcessSource():
            file = source.pid_file and Path(plan.directory) / source.pid_file
            pid = pids.get(source.service or "")
            return ProcessGauge(monitor.series, clock, pid=pid, pid_file=file or None)
        case HostSource():
            return HostGauge(monitor.series, clock)
        case PostgresSource():
            return PostgresGauge(monitor.series, source.dsn)
        case HttpSource():
            return EndpointGauge(monitor.series, source)
        case PrometheusSource():
            return PrometheusHistory(monitor.series, monitor.every_s, start, source)
        case CloudWatchSource():
            return CloudWatchHistory(monitor.series, monitor.every_s, start, source)
        case _:
            assert_never(source)


if __name__ == "__main__":
    sys.exit(main())
