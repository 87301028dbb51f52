"""Speaks the protocol of the load process without any load, and misbehaves as told."""

# ruff: noqa: TID251  (a process of its own)

from __future__ import annotations

import argparse
import os
import select
import signal
import sys
import time
from pathlib import Path

from perfspec import jsonio
from perfspec.measure.errors import ErrorClass
from perfspec.measure.histogram import Histogram
from perfspec.measure.model import ErrorGroup, Journeys, JourneyWindow, Key, Machine, Series, Window
from perfspec.measure.progress import Ended, Started, Tick
from perfspec.plan.load import duration_s
from perfspec.plan.model import Plan

MACHINE = Machine(
    cpu="Fake CPU", cores=2, memory=2**33, system="Linux 6.1", python="3.11.9",
    locust="2.47.0", libcurl="8.15.0", workers=1,
)  # fmt: skip
KEY = Key(kind="request", name="login", persona="reader")


def tell(message: object) -> None:
    sys.stdout.buffer.write(jsonio.encode(message) + b"\n")
    sys.stdout.buffer.flush()


def tick(second: float, message: str = "status 500", body: str | None = None) -> Tick:
    """60 requests, one of them failed; in a duet the other side failed alike."""
    window = Window(
        index=int(second) - 1,
        latency=Histogram.of([20_000] * 60),
        ttfb=Histogram.of([10_000] * 60),
        errors={ErrorClass.SERVER: 1},
    )
    group = ErrorGroup(
        key=KEY, error=ErrorClass.SERVER, message=message, count=1, first_s=second, first_users=5,
        body=body,
    )  # fmt: skip
    return Tick(
        at_s=second, users=5, ready=5, planned=5, workers=1, cpu=0.2, busy_s=0, hub_delay_us=100,
        series=[Series(key=KEY, windows=[window])], errors=[group],
        base_errors=[group] if "PERFSPEC_DUET_BASE" in os.environ else [],
        journeys=[Journeys(persona="reader", windows=[JourneyWindow(index=0, completed=10)])],
    )  # fmt: skip


def wait_for_stop(seconds: float) -> bool:
    """True when told to stop; a parent that is gone ends us."""
    if not select.select([sys.stdin], [], [], seconds)[0]:
        return False
    if not os.read(0, 100):
        sys.exit("orphaned")
    return True


def run_until_stopped(end: float, *, deaf: bool) -> float:
    second = 0.0
    while second < end:
        second += 1
        tell(tick(second))
        if wait_for_stop(0.02) and not deaf:
            return second
    while deaf or not wait_for_stop(0.02):
        time.sleep(0.02)
    return second


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--behave", default="well")
    parser.add_argument("--plan", type=Path)
    parser.add_argument("--test")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--base", type=Path, help="the other side of a duet")
    arguments = parser.parse_args()
    if arguments.base is not None:
        other = jsonio.read_json(arguments.base, Plan).environment.url
        sys.stderr.write(f"base at {other}, with {os.environ['PERFSPEC_DUET_BASE']}\n")
    test = jsonio.read_json(arguments.plan, Plan).test(arguments.test)
    sys.stderr.write(f"driver of {test.name} says {os.environ.get('API_TOKEN')}\n")
    if arguments.behave == "mute":
        wait_for_stop(60)
    tell(Started(started="2026-11-21T03:35:36Z", machine=MACHINE))
    BEHAVIOURS[arguments.behave](duration_s(test.stages))


def well(end: float) -> None:
    for second in range(1, int(end) + 1):
        token = os.environ.get("API_TOKEN")
        tell(tick(second, f"wrong token {token}", f"\x1b[1mno\n  {token}"))
    tell(Ended(at_s=end))


def lingering(end: float) -> None:
    well(end)
    time.sleep(60)


def bad_exit(end: float) -> None:
    well(end)
    sys.exit(5)


def steady(end: float) -> None:
    tell(Ended(at_s=run_until_stopped(end, deaf=False)))


def deaf(end: float) -> None:
    run_until_stopped(end, deaf=True)


def short(_: float) -> None:
    tell(tick(1))
    tell(Ended(at_s=1.0))


def silent(_: float) -> None:
    tell(tick(1))
    time.sleep(60)


def killed(_: float) -> None:
    tell(tick(1))
    os.kill(os.getpid(), signal.SIGKILL)


def crash(_: float) -> None:
    tell(tick(1))
    sys.exit("Traceback: it fell over")


def problem(_: float) -> None:
    tell(tick(1))
    tell(Ended(at_s=1.0, problem="data 'students' has no rows"))
    sys.exit(3)


def babble(_: float) -> None:
    sys.stdout.write("hello\n")
    sys.stdout.flush()
    time.sleep(60)


BEHAVIOURS = {
    each.__name__: each
    for each in (
        well,
        lingering,
        bad_exit,
        steady,
        deaf,
        short,
        silent,
        killed,
        crash,
        problem,
        babble,
    )
}


if __name__ == "__main__":
    main()
