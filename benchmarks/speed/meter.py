"""Runs one generator on its cores, and reads off what it does and what it costs."""

from __future__ import annotations

import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from speed.generators import Case
    from speed.target import Target

START_S = 40.0
POLL_S = 0.01
WARM = 200  # requests until a generator counts as started


class TooLateError(RuntimeError):
    """A generator does not do what it should within the time given."""


class Speed(NamedTuple):
    """Requests a second, processor time in ms for 1,000 of them, seconds to the first one."""

    per_s: float
    cpu_ms: float
    first_s: float


@contextmanager
def running(command: list[str], case: Case, cores: str) -> Iterator[psutil.Process]:
    """A generator; it and all that it has started have ended afterwards."""
    words = ["taskset", "-c", cores, *command]
    log = case.folder / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=case.variables,
            cwd=case.folder,
        ) as process,
    ):
        top = psutil.Process(process.pid)
        try:
            yield top
        except TooLateError as error:
            error.add_note(log.read_text(errors="replace")[-2000:])
            raise
        finally:
            everybody = tree(top)
            for each in everybody:
                each.kill()
            psutil.wait_procs(everybody, timeout=10)


def tree(top: psutil.Process) -> list[psutil.Process]:
    """A process and all below it."""
    return [top, *top.children(recursive=True)]


def processor_s(top: psutil.Process) -> float:
    """Seconds that a tree has used."""
    times = [each.cpu_times() for each in tree(top)]
    return sum(each.user + each.system for each in times)


def memory(top: psutil.Process) -> int:
    """Bytes of a tree; pages that its processes share count in each of them."""
    return sum(each.memory_info().rss for each in tree(top))


def measure(
    command: list[str], case: Case, target: Target, *, cores: str, warm_s: float, seconds: float
) -> Speed:
    """What the target saw and the generator used for ``seconds``, once that is warm."""
    quiet_now = target.seen().requests
    started = time.monotonic()
    with running(command, case, cores) as top:
        first_s = wait_until(lambda: target.seen().requests > quiet_now, top) - started
        wait_until(lambda: target.seen().requests > quiet_now + WARM, top)
        time.sleep(warm_s)
        began, used, before = time.monotonic(), processor_s(top), target.seen().requests
        time.sleep(seconds)
        after, spent, ended = target.seen().requests, processor_s(top) - used, time.monotonic()
    count = after - before
    return Speed(count / (ended - began), spent / count * 1e6, first_s)


def crowd_memory(command: list[str], case: Case, target: Target, *, cores: str) -> int:
    """Bytes of a generator whose users have all connected, and think."""
    before = target.seen()
    with running(command, case, cores) as top:
        wait_until(lambda: target.seen().requests >= before.requests + case.users, top)
        last = -1
        while (now := target.seen().requests) != last:  # until nobody sends any more
            last = now
            time.sleep(1.0)
        return memory(top)


def wait_until(condition: Callable[[], bool], top: psutil.Process) -> float:
    """The moment when it became true; raises TooLateError when it does not, or ``top`` ends."""
    deadline = time.monotonic() + START_S
    while not condition():
        if time.monotonic() > deadline or top.status() == psutil.STATUS_ZOMBIE:
            msg = "a generator sends nothing, or has ended"
            raise TooLateError(msg)
        time.sleep(POLL_S)
    return time.monotonic()
