"""The worker processes of ``--workers``: started fresh, never forked, and watched."""

from __future__ import annotations

import signal
from time import perf_counter
from typing import TYPE_CHECKING

import gevent
from gevent import subprocess

from perfspec.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from locust.runners import MasterRunner

_CONNECT_S = 60.0  # to start Python and say hello
_END_S = 10.0  # to end after the master has said so
_LOOK_S = 0.02


class WorkerProcesses:
    """Each has a pipe as its input, and ends when that closes: none outlives this process.

    ``on_loss`` is told the process and a sentence when one ends before ``stop``.
    """

    def __init__(
        self, command: Sequence[str], count: int, on_loss: Callable[[int, str], None]
    ) -> None:
        self._on_loss = on_loss
        self._ending = False
        self._processes = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=2) for _ in range(count)
        ]
        self._watchers = [gevent.spawn(self._watch, each) for each in self._processes]

    def wait_for(self, runner: MasterRunner) -> None:
        """Return when all have connected. Raises RunError when one does not."""
        deadline = perf_counter() + _CONNECT_S
        while len(runner.clients.ready) < len(self._processes):
            dead = [each for each in self._processes if each.poll() is not None]
            if dead:
                msg = (
                    f"a load generator worker {_how(dead[0].returncode)} at its start, see the log"
                )
                raise RunError(msg)
            if perf_counter() > deadline:
                msg = f"not all load generator workers were there after {_CONNECT_S:g} s"
                raise RunError(msg)
            gevent.sleep(_LOOK_S)

    def kill(self, process: int) -> None:
        """End one that was given up: it may still be sending."""
        for each in self._processes:
            if each.pid == process and each.poll() is None:
                each.kill()

    def may_end(self) -> None:
        """From now on it is no loss when one ends."""
        self._ending = True

    def stop(self) -> None:
        """Wait for all to end, and end those that do not."""
        self.may_end()
        for each in self._processes:
            if each.stdin is not None:
                each.stdin.close()
        gevent.joinall(self._watchers, timeout=_END_S)
        for each in self._processes:
            if each.poll() is None:
                each.kill()
        gevent.joinall(self._watchers)

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        code = process.wait()
        if not self._ending:
            self._on_loss(process.pid, _how(code))


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        return f"was killed ({signal.Signals(-code).name})"
    return f"ended with code {code}"
