"""The two ends that the parent holds: it reads messages from stdout and gives orders on stdin."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import gevent
from gevent import socket
from gevent.hub import get_hub

from perfspec import jsonio

if TYPE_CHECKING:
    from collections.abc import Callable

    import msgspec

STDIN = 0
_LAST_S = 40  # without a parent: nobody counts what users finish after that


class Pipe:
    """Messages to the parent; whatever else is printed goes to the log."""

    def __init__(self, output: int = 1) -> None:
        self._output = os.dup(output)
        self._on_orphaned: Callable[[], None] = _nothing
        os.dup2(2, output)  # what user code prints must not stand between the messages

    def listen(
        self,
        on_stop: Callable[[], None],
        on_orphaned: Callable[[], None],
        on_users: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Call ``on_stop`` for every line ``stop``, ``on_orphaned`` when the parent is gone.

        ``on_users`` is called with the number of every line ``users 20``.
        """
        self._on_orphaned = on_orphaned

        def obey(line: bytes) -> None:
            word, _, number = line.partition(b" ")
            if word == b"stop":
                on_stop()
            elif word == b"users":
                on_users(int(number))

        gevent.spawn(_listen, obey, on_orphaned)

    def tell(self, message: msgspec.Struct) -> None:
        """Write a message as a line, see ``write``."""
        self.write(jsonio.encode(message))

    def write(self, message: bytes) -> None:
        """Write one line; only the calling greenlet waits for a parent that reads slowly."""
        line = message + b"\n"
        if not get_hub().threadpool.apply(_write, (self._output, line)):
            self._on_orphaned()


def when_closed(on_closed: Callable[[], None]) -> None:
    """Call when the input ends: the parent is gone."""
    gevent.spawn(_listen, lambda _: None, on_closed)


def _listen(obey: Callable[[bytes], None], on_closed: Callable[[], None]) -> None:
    left = b""
    while True:
        socket.wait_read(STDIN)
        piece = os.read(STDIN, 4096)
        *lines, left = (left + piece).split(b"\n")
        for line in lines:
            obey(line.strip())
        if not piece:
            signal.alarm(_LAST_S)  # the system ends what does not end by itself
            on_closed()
            return


def _write(output: int, line: bytes) -> bool:
    """Whether somebody reads it.

    Nothing is raised: gevent prints what its threads raise, and where nobody reads stderr either,
    that fails and whoever waits for the thread does so for ever.
    """
    view = memoryview(line)
    try:
        while view:
            view = view[os.write(output, view) :]
    except BrokenPipeError:
        return False
    return True


def _nothing() -> None:
    """Nobody has asked to be told."""
