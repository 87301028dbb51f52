"""The worker processes of ``--workers``: started fresh, never forked, and watched."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import gevent
from gevent import subprocess

from perfspec.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_END_S = 10.0  # to end after the master has said so


class WorkerProcesses:
    """Each has a pipe as its input, and ends when that closes: none outlives this process.

    ``on_loss`` is told the process and a sentence when one ends before ``stop``.
    """

    def __init__(
        self,
        command: Sequence[str],
        variables: Mapping[str, str],
        count: int,
        on_loss: Callable[[int, str], None],
    ) -> None:
        self._on_loss = on_loss
        self._ending = False
        self._processes = [
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=variables
            )
            for _ in range(count)
        ]
        self._watchers = [gevent.spawn(self._watch, each) for each in self._processes]

    def check(self) -> None:
        """Raises RunError when one has ended already."""
        dead = [each for each in self._processes if each.poll() is not None]
        if dead:
            msg = f"a load generator worker {_how(dead[0].returncode)} at its start, see the log"
            raise RunError(msg)

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
