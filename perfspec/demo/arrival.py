"""When a request reached the machine, as the kernel noted it: before it waited for this process.

A busy server reads late, and the time that a request waits in its socket belongs to the
service time. Linux stamps each segment (``SO_TIMESTAMPNS`` of socket(7)); elsewhere there is
no stamp, and a request counts from the moment at which it was read.
"""

from __future__ import annotations

import io
import struct
import sys
from socket import SOL_SOCKET
from time import perf_counter_ns, time_ns
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import socket

    from _typeshed import WriteableBuffer

_TIMESTAMPNS: Final = 35  # not in Python's socket module
_TIMESPEC: Final = struct.Struct("@ll")
_ROOM: Final = 64


def ask_for_stamps(listener: socket.socket) -> None:
    """Make the kernel stamp what arrives on the connections that this socket accepts."""
    if sys.platform == "linux":
        listener.setsockopt(SOL_SOCKET, _TIMESTAMPNS, 1)


class StampedReader(io.RawIOBase):
    """Reads a socket; ``arrived_ns`` is when what was read first since ``forget`` arrived."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.arrived_ns: int | None = None

    def readable(self) -> bool:
        return True

    def forget(self) -> None:
        self.arrived_ns = None

    def readinto(self, buffer: WriteableBuffer) -> int:
        size, ancillary, _, _ = self._sock.recvmsg_into([buffer], _ROOM)
        if self.arrived_ns is None:
            for level, kind, content in ancillary:
                if (level, kind) == (SOL_SOCKET, _TIMESTAMPNS):
                    self.arrived_ns = _on_our_clock(content)
        return size


def _on_our_clock(timespec: bytes) -> int:
    """The stamp, which is wall-clock time, as a value of ``perf_counter_ns``."""
    seconds, nanoseconds = _TIMESPEC.unpack(timespec)
    ago_ns: int = time_ns() - (seconds * 10**9 + nanoseconds)
    return perf_counter_ns() - max(0, ago_ns)
