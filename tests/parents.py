"""A run as a process of its own, as a shell starts it: to be interrupted and killed."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from perfspec import jsonio
from tests.runs import SCRIPTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.plan.model import Plan

ROOT = Path(__file__).parents[1]
DEADLINE_S = 30


class Parent:
    """A run in a process group of its own, as a shell starts it."""

    def __init__(self, plan: Plan, *arguments: str) -> None:
        path = Path(plan.directory) / "plan.json"
        jsonio.write_json(path, plan)
        command = [sys.executable, str(SCRIPTS / "parent.py"), str(path), *arguments]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self.seen: list[str] = []
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def wait_for(self, start: str) -> str:
        """The first event that begins so; fails when it does not come."""
        while True:
            line = self._lines.get(timeout=DEADLINE_S)
            self.seen.append(line)
            if line.startswith(start):
                return line

    def press(self, number: signal.Signals = signal.SIGINT) -> None:
        """What Ctrl-C does: to every process of the terminal's group."""
        os.killpg(self.process.pid, number)

    def end(self) -> tuple[int, str]:
        """Exit status, and what it wrote to stderr."""
        assert self.process.stderr is not None
        error = self.process.stderr.read()
        status = self.process.wait(timeout=DEADLINE_S)
        self._reader.join()
        while not self._lines.empty():
            self.seen.append(self._lines.get())
        return status, error

    def tree(self) -> list[int]:
        """Every process below the parent."""
        return [each.pid for each in psutil.Process(self.process.pid).children(recursive=True)]


@contextmanager
def parent_of(plan: Plan, behave: str = "steady", *arguments: str) -> Iterator[Parent]:
    parent = Parent(plan, "--behave", behave, *arguments)
    try:
        yield parent
    finally:
        parent.process.kill()
        parent.process.wait()
        parent._reader.join()
        for stream in (parent.process.stdout, parent.process.stderr):
            assert stream is not None
            stream.close()
