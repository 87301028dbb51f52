"""A Transport in a process of its own, for the tests of this folder."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

Json: TypeAlias = Any
ROOT = Path(__file__).parents[5]
LOCAL = ["127.0.0.1", "::1", "localhost"]
DEADLINE_S = 60
names = count()


class Driver:
    """Orders to the process; see orders.py for what it can do."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def order(self, do: str, **details: Json) -> Json:
        given, taken = self._process.stdin, self._process.stdout
        assert given is not None
        assert taken is not None
        given.write(json.dumps({"do": do, **details}).encode() + b"\n")
        given.flush()
        ready, _, _ = select.select([taken], [], [], DEADLINE_S)
        if not ready:
            pytest.fail(f"{do} hangs")
        line = taken.readline()
        if not line:
            pytest.fail(f"the process died in {do} with {self._process.wait()}")
        return json.loads(line)


class User:
    """One session of the transport."""

    def __init__(self, driver: Driver) -> None:
        self.name = f"user{next(names)}"
        self.driver = driver

    def send(self, url: str, **call: Json) -> Json:
        answer = self.driver.order("send", user=self.name, url=url, **call)
        return SimpleNamespace(**answer)

    def order(self, do: str, **details: Json) -> Json:
        return self.driver.order(do, user=self.name, **details)


@contextmanager
def transport(allowed: list[str] = LOCAL, **options: Json) -> Iterator[Driver]:
    """The process lives as long as the block."""
    command = [sys.executable, "-W", "error", "-m", "tests.unit.run.driver.transports.child"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps({"allowed": allowed, **options}).encode() + b"\n")
            yield Driver(process)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    with transport() as driver:
        yield driver


@pytest.fixture
def user(driver: Driver) -> Iterator[User]:
    user = User(driver)
    yield user
    user.order("leave")
