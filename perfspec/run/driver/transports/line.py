"""A connected socket on the hub: read by one watcher that stays, written to at once if possible.

A greenlet that reads would start and stop a watcher for each look at its socket. What the watchers
call runs in the hub, where nobody may wait; only ``drain`` gives way.
"""

from __future__ import annotations

from contextlib import suppress
from socket import SHUT_RDWR
from time import perf_counter
from typing import TYPE_CHECKING, Final

from gevent import ssl
from gevent.event import Event
from gevent.hub import get_hub

if TYPE_CHECKING:
    from collections.abc import Callable

    from gevent import socket

    from perfspec.run.driver.transports.stamps import Stamps

_READ: Final = 1  # libev's EV_READ
_WRITE: Final = 2
_MOST: Final = (
    65_536  # bytes of one look; no record of TLS is longer, so that it keeps nothing back
)


class Line:
    """Plain or TLS; belongs to the process that made it.

    ``at`` is when the newest of what was handed over last reached this machine (``perf_counter``).
    """

    def __init__(
        self,
        sock: socket.socket,
        stamps: Stamps,
        take: Callable[[bytes], None],
        broken: Callable[[OSError], None],
    ) -> None:
        """``take`` gets what comes, nothing for its end; ``broken`` why nothing can come or go."""
        sock.settimeout(0.0)
        self.at = 0.0
        self._socket = sock
        self._stamps = stamps
        self._recv = sock.recv
        self._plain = not isinstance(sock, ssl.SSLSocket)
        self._send = sock.write if isinstance(sock, ssl.SSLSocket) else sock.send
        self._take = take
        self._broken = broken
        self._unsent = bytearray()
        self._drained = Event()
        self._drained.set()
        loop, self._number = get_hub().loop, sock.fileno()
        self._readable, self._writable = (
            loop.io(self._number, _READ),
            loop.io(self._number, _WRITE),
        )

    def start(self) -> None:
        """Hand over what comes from now on, and what TLS has read already."""
        self._readable.start(self._move)
        self._move()

    def write(self, data: bytes) -> bool:
        """Whether everything is gone; what is not goes as soon as it can. Raises OSError."""
        if self._unsent:
            self._unsent += data
            return False
        sent = self._push(data)
        if sent == len(data):
            return True
        self._unsent += data[sent:]
        self._drained.clear()
        return False

    def drain(self) -> None:
        """Wait until everything is gone, or the line is closed."""
        self._drained.wait()

    def close(self) -> None:
        """At once, with what was not sent. To be called once."""
        for watcher in (self._readable, self._writable):
            watcher.stop()  # one that is left on a closed descriptor aborts the process
            watcher.close()
        with suppress(OSError):
            self._socket.shutdown(SHUT_RDWR)
        self._socket.close()
        self._drained.set()

    def _move(self) -> None:
        """Whatever can go out or come in: TLS may need either for both."""
        try:
            if self._unsent:
                self._flush()
            waited_us = self._stamps.waited_us(self._number)
            if self._stamps.size < 0:
                self._stamps.raise_error()
            self.at = perf_counter() - waited_us / 1e6
            known = self._stamps.size if self._plain else 0  # Python makes room for what is asked
            data = self._recv(min(known or _MOST, _MOST))
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except ssl.SSLWantWriteError:
            self._writable.start(self._write_again)
            return
        except OSError as error:
            self._broken(error)
            return
        if data and waited_us:
            self._stamps.waits_us.append(waited_us)
        self._take(data)

    def _write_again(self) -> None:
        self._writable.stop()
        self._move()

    def _flush(self) -> None:
        sent = self._push(self._unsent)
        del self._unsent[:sent]
        if not self._unsent:
            self._drained.set()

    def _push(self, data: bytes | bytearray) -> int:
        """How many bytes went; for the others a watcher waits."""
        try:
            sent = self._send(data)
        except ssl.SSLWantReadError:  # goes on with what comes next
            return 0
        except (BlockingIOError, ssl.SSLWantWriteError):
            sent = 0
        if sent < len(data):
            self._writable.start(self._write_again)
        return sent
