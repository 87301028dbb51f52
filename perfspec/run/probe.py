"""The calibration probe: a fixed piece of work, timed beside the load four times a second.

It tells how fast this machine is while a test runs, whatever the target does: half a millisecond of
hashing in an interpreter and of bytes through a socket. A piece that short gets a processor at once
also on a busy machine (schedulers prefer who slept), so its median follows the clock rate, the
neighbours on the same cores and the time that a hypervisor takes away, and hardly the target's own
load. It runs in the parent, which is idle while the load process measures.
"""

from __future__ import annotations

import hashlib
import socket
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from perfspec.clock import Clock

EVERY_S: Final = 0.25
HASHES, ECHOES, BLOCK = 400, 40, 1024


class Probe:
    """A context, for the sockets that it holds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._near, self._far = socket.socketpair()
        self._due = clock.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._near.close()
        self._far.close()

    def look(self) -> int | None:
        """Microseconds of one piece of work, None while the last one is not long ago."""
        begin = self._clock.monotonic()
        if begin < self._due:
            return None
        self._work()
        end = self._clock.monotonic()
        self._due = end + EVERY_S
        return round((end - begin) * 1e6)

    def _work(self) -> None:
        data = bytes(BLOCK)
        for _ in range(HASHES):
            digest = hashlib.sha256(data).digest()
            data = digest * (BLOCK // len(digest))
        for _ in range(ECHOES):
            self._near.sendall(data)
            self._far.recv(BLOCK)
