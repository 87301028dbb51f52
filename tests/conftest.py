"""What every test stands on: it leaves nothing behind, and it waits for conditions."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import psutil
import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

reported: set[threading.Thread] = set()  # a thread cannot be ended; its test has failed already

# A background job of a shell without a terminal ignores Ctrl-C, and what it starts inherits that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


class NoLocust(MetaPathFinder):
    """Importing Locust patches threads, and those of pytest would hang for good."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "locust":
            reason = "a test runs Locust in a process of its own"
            raise ImportError(reason)


sys.meta_path.insert(0, NoLocust())

settings.register_profile("house", deadline=None)  # a busy machine is no defect
settings.load_profile("house")


class Eventually(Protocol):
    """``eventually(condition)`` returns the first true value of `condition`, or fails the test."""

    def __call__(self, condition: Callable[[], T], /, *, within_s: float = 20) -> T: ...


@pytest.fixture(scope="session")
def eventually() -> Eventually:
    def wait(condition: Callable[[], T], /, *, within_s: float = 20) -> T:
        deadline = time.monotonic() + within_s
        while not (value := condition()):
            if time.monotonic() > deadline:
                pytest.fail(f"still {value!r} after {within_s:g} s")
            time.sleep(0.01)  # noqa: TID251  (the one place that polls)
        return value

    return wait


@pytest.fixture(scope="session", autouse=True)
def session_leaves_nothing_behind() -> Iterator[None]:
    with nothing_left_behind():
        yield


@pytest.fixture(autouse=True)
def leaves_nothing_behind(session_leaves_nothing_behind: None) -> Iterator[None]:  # noqa: ARG001  (order)
    """Fail a test that leaks; what a wider fixture holds is older than the test and its own."""
    with nothing_left_behind():
        yield


@contextmanager
def nothing_left_behind() -> Iterator[None]:
    before = Traces.now()
    yield
    after = Traces.now()
    if after == before:
        return
    threads = [t for t in after.threads - before.threads - reported if not finishes(t)]
    reported.update(threads)
    children = after.children - before.children
    leaks = [f"thread {thread.name}" for thread in threads]
    leaks += [f"process {describe(pid)}" for pid in children]
    leaks += [f"environment variable {name}" for name, _ in after.environment ^ before.environment]
    leaks += [f"folder {after.folder}"] if after.folder != before.folder else []
    clean_up(before, children)
    if leaks:
        pytest.fail("left behind: " + ", ".join(sorted(set(leaks))), pytrace=False)


@dataclass(frozen=True)
class Traces:
    children: frozenset[int]
    threads: frozenset[threading.Thread]
    environment: frozenset[tuple[str, str]]
    folder: str

    @classmethod
    def now(cls) -> Traces:
        environment = {**os.environ, "PYTEST_CURRENT_TEST": ""}
        threads = frozenset(threading.enumerate())
        return cls(children(), threads, frozenset(environment.items()), os.getcwd())  # noqa: PTH109  (ten times the speed)


def children() -> frozenset[int]:
    """Process ids of our children, also of those that ended and were not waited for."""
    tasks = Path("/proc/self/task")
    if not tasks.exists():
        return frozenset(child.pid for child in psutil.Process().children())
    found: set[int] = set()
    for task in tasks.iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that just ended
            found.update(int(pid) for pid in (task / "children").read_text().split())
    return frozenset(found)


def finishes(thread: threading.Thread) -> bool:
    """Whether a thread that was told to stop is only still on its way out."""
    thread.join(timeout=1)
    return not thread.is_alive()


def describe(pid: int) -> str:
    try:
        process = psutil.Process(pid)
        return f"{pid} ({process.name()}, {process.status()})"
    except psutil.NoSuchProcess:
        return str(pid)


def clean_up(before: Traces, children: frozenset[int]) -> None:
    """Take the leak away, so that only the test that made it fails."""
    for pid in children:
        try:
            process = psutil.Process(pid)
            process.kill()
            process.wait(timeout=5)
        except psutil.NoSuchProcess:
            continue
    for name in os.environ.keys() - dict(before.environment).keys():
        del os.environ[name]
    os.environ.update(dict(before.environment) | {"PYTEST_CURRENT_TEST": ""})
    os.chdir(before.folder)
