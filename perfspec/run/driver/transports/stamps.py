"""The kernel's stamps: how long bytes have been there when somebody at last looks at a socket.

An answer waits for a core, for the turn of the event loop, for what is read before it. That is the
generator's time and not the target's. Linux notes when each packet reaches the machine
(SO_TIMESTAMPNS, socket(7)) and tells whoever peeks, before libcurl or TLS read: 1.7 µs a look.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
import sys
from time import CLOCK_REALTIME, clock_gettime
from typing import Final, NamedTuple, TypeAlias

from perfspec.measure.histogram import Histogram

_HAS_STAMPS: Final = sys.platform.startswith("linux")
_STAMPS: Final = 35  # SO_TIMESTAMPNS of Linux; not in Python's socket module
_PEEK: Final = 0x02 | 0x20 | 0x40  # MSG_PEEK, MSG_TRUNC (copies nothing), MSG_DONTWAIT
_TCP_INFO: Final = 11
_ROUND_TRIP, _SENT_AGAIN = 68, 100  # offsets of tcpi_rtt and tcpi_total_retrans in tcp_info
_MOST: Final = 1 << 30  # bytes of a peek: the stamp is that of the newest of them
_BROKEN: Final = frozenset(  # what a socket that had been connected may say
    {
        errno.ECONNRESET, errno.ECONNABORTED, errno.ETIMEDOUT, errno.EPIPE,
        errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN,
    }
)  # fmt: skip
PIECE: Final = 1400  # bytes; no more are taken for one packet
_ROOM: Final = 64  # bytes for control messages
_KEPT: Final = 500  # waits of a second that are told
_S = struct.calcsize("@nii") // struct.calcsize("@l")  # behind the head of a control message
_NS = _S + 1

# When it was over, and microseconds that the first byte and the newest had been there; 0: none.
Look: TypeAlias = tuple[float, int, int]


class _Part(ctypes.Structure):
    """``struct iovec``."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Message(ctypes.Structure):
    """``struct msghdr``."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("parts", ctypes.c_void_p),
        ("number", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class Looks(NamedTuple):
    """How the socket of one transfer was looked at, moments by ``perf_counter``.

    ``round_trip_us`` is what the kernel measured while it connected, 0 if that is not known.
    """

    earlier: list[Look]
    last: Look
    round_trip_us: int


class Stamps:
    """Those of one process; where the system does not stamp, nothing seems to have waited.

    ``waits_us`` are those of answers, in microseconds, since the last ``take``. ``size`` is how
    many bytes the last look found; -1: it was told of an ``error`` (errno), as nobody else will be.
    """

    def __init__(self) -> None:
        self.waits_us: list[int] = []
        self.size = self.error = 0
        room = bytearray(_ROOM)
        self._room: memoryview[int] = memoryview(room).cast("l")
        address = ctypes.addressof((ctypes.c_char * _ROOM).from_buffer(room))
        self._part = _Part(None, _MOST)
        self._message = _Message(None, 0, ctypes.addressof(self._part), 1, address, _ROOM, 0)
        self._given = ctypes.byref(self._message)
        libc = ctypes.PyDLL(None)  # a look never waits, so that it may keep the interpreter's lock
        self._receive, self._set, self._get = libc.recvmsg, libc.setsockopt, libc.getsockopt
        if _HAS_STAMPS:
            self._errno = libc["__errno_location"]
            self._errno.restype = ctypes.POINTER(ctypes.c_int)
        self._lacking = not _HAS_STAMPS  # bytes came without a stamp

    def begin(self, fd: int) -> None:
        """Ask for stamps on a new socket."""
        if _HAS_STAMPS:
            self._set(fd, socket.SOL_SOCKET, _STAMPS, ctypes.byref(ctypes.c_int(1)), 4)

    def waited_us(self, fd: int) -> int:
        """How long the newest byte to be read has been there, 0 if there is none."""
        message = self._message
        message.control_length = _ROOM
        self.size = size = self._receive(fd, self._given, _PEEK) if _HAS_STAMPS else 0
        if size <= 0:
            if size:
                self._fail(self._errno()[0])
            return 0
        if not message.control_length:
            self._lacking = True
            return 0
        room = self._room
        now = clock_gettime(CLOCK_REALTIME)
        waited_us = int((now - room[_S]) * 1e6) - room[_NS] // 1000
        return max(waited_us, 0)  # the clock may have been set meanwhile

    def _fail(self, number: int) -> None:
        """A look that told nothing: the socket's error, or of a system without such looks."""
        self.error = number if number in _BROKEN else 0
        if not self.error:
            self.size = 0
            self._lacking = self._lacking or number != errno.EAGAIN

    def raise_error(self) -> None:
        """Raise, as OSError, the one that the last look was told of."""
        raise OSError(self.error, os.strerror(self.error))

    def first_waited_us(self, fd: int) -> int:
        """The same of the first byte, if what was found last may be more than one packet."""
        size, self._part.length = self.size, 1
        try:
            return self.waited_us(fd)
        finally:
            self.size, self._part.length = size, _MOST

    def round_trip_us(self, fd: int) -> int:
        """Of a socket that has just been connected, 0 if it is not known."""
        room, size = bytearray(104), ctypes.c_uint32(104)
        given = (ctypes.c_char * len(room)).from_buffer(room)
        if not _HAS_STAMPS or self._get(
            fd, socket.IPPROTO_TCP, _TCP_INFO, given, ctypes.byref(size)
        ):
            return 0
        (round_trip_us,) = struct.unpack_from("@I", room, _ROUND_TRIP)
        (sent_again,) = struct.unpack_from("@I", room, _SENT_AGAIN)
        return 0 if sent_again else int(round_trip_us)

    def take(self) -> Histogram | None:
        """Some of the waits since the last call, in microseconds; None where nobody knows any."""
        waits = self.waits_us.copy()
        self.waits_us.clear()
        lacking, self._lacking = self._lacking, not _HAS_STAMPS
        if lacking and not any(waits):
            return None
        every = max(1, len(waits) // _KEPT)
        return Histogram.of(waits[::every])
