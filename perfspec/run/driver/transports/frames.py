"""Frames of RFC 6455 as a client writes and reads them; nothing here knows of sockets."""

from __future__ import annotations

from os import register_at_fork, urandom
from struct import Struct
from typing import TYPE_CHECKING, Final

from perfspec.run.driver.transports.coding import MAX_BODY

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8  # this one and those above it are control frames
PING: Final = 0x9
PONG: Final = 0xA
_LAST: Final = 0x80  # the bit of a message's last fragment
_RESERVED: Final = 0x70
_OPCODE: Final = 0x0F
_WHOLE: Final = frozenset({_LAST | TEXT, _LAST | BINARY})  # first bytes of unfragmented messages
_SHORT: Final = 125  # bytes that the header's second byte can tell
_MASKED: Final = 0x80  # the bit beside them
_MEDIUM, _LONG = Struct("!BBH"), Struct("!BBQ")
_MASK_BYTES: Final = 4
# Each is used once; to ask the system for each by itself would cost a quarter of the whole frame.
_masks: list[bytes] = []
register_at_fork(after_in_child=_masks.clear)


class FrameError(Exception):
    """What the server sent is no frame that may stand there; ``str(error)`` says why."""


class MessageTooLargeError(Exception):
    """A message of more than MAX_BODY bytes; its frame may not be there yet."""


def masked(opcode: int, content: bytes) -> bytes:
    """The one frame of a message or control frame, with a mask of its own (section 5.3)."""
    first, size, mask = _LAST | opcode, len(content), _new_mask()
    if size <= _SHORT:
        head = bytes((first, _MASKED | size))
    elif size < 1 << 16:
        head = _MEDIUM.pack(first, _MASKED | 126, size)
    else:
        head = _LONG.pack(first, _MASKED | 127, size)
    repeated = mask * (size // _MASK_BYTES + 1)  # longer than the content: its rest is cut off
    hidden = int.from_bytes(content, "little") ^ int.from_bytes(repeated, "little")
    return head + mask + hidden.to_bytes(len(repeated), "little")[:size]


def _new_mask() -> bytes:
    if not _masks:
        drawn = urandom(1024 * _MASK_BYTES)
        _masks.extend(drawn[at : at + _MASK_BYTES] for at in range(0, len(drawn), _MASK_BYTES))
    return _masks.pop()


class Frames:
    """Puts a server's bytes together again, however they were cut on their way."""

    def __init__(self) -> None:
        self._kept = bytearray()  # the begin of a frame
        self._needed = 0  # bytes that it must have before another look is worth it
        self._opcode = 0  # of the fragmented message under way
        self._message = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Opcode and content of what is whole now: messages, and control frames between them.

        Raises FrameError and MessageTooLargeError behind those that came before; nothing may be fed
        after that.
        """
        if self._kept:
            self._kept += data
            if len(self._kept) < self._needed:
                return
            data = bytes(self._kept)
            self._kept.clear()
        at, end, self._needed = 0, len(data), 2
        while end - at >= 2:
            first, size = data[at], data[at + 1]
            begin = at + 2
            if size > _SHORT:
                begin, size = _long_head(data, at)
            if first not in _WHOLE or self._opcode or size > MAX_BODY:
                self._check(first, size)
            stop = begin + size
            if stop > end:
                self._needed = stop - at
                break
            at, content = stop, data[begin:stop]
            if first & CLOSE or (first in _WHOLE):
                yield first & _OPCODE, content
                continue
            self._opcode = self._opcode or first & _OPCODE
            self._message += content
            if first & _LAST:
                yield self._opcode, bytes(self._message)
                self._opcode = 0
                self._message.clear()
        self._kept += data[at:]

    def _check(self, first: int, size: int) -> None:
        opcode = first & _OPCODE
        if first & _RESERVED:
            msg = "a frame with reserved bits"
        elif opcode not in {0, TEXT, BINARY, CLOSE, PING, PONG}:
            msg = f"a frame of the unknown kind {opcode}"
        elif opcode & CLOSE and not (first & _LAST and size <= _SHORT):
            msg = "a control frame that is fragmented or too long"
        elif opcode == 0 and not self._opcode:
            msg = "a fragment of no message"
        elif opcode in {TEXT, BINARY} and self._opcode:
            msg = "a message within another one"
        elif len(self._message) + size > MAX_BODY:
            raise MessageTooLargeError
        else:
            return
        raise FrameError(msg)


def _long_head(data: bytes, at: int) -> tuple[int, int]:
    """Where the content begins, and its size: 0 as long as the header is not whole."""
    short = data[at + 1]
    if short & _MASKED:
        msg = "a frame with a mask, which servers must not use"
        raise FrameError(msg)
    head = _MEDIUM if short == 126 else _LONG
    begin = at + head.size
    return begin, head.unpack_from(data, at)[2] if len(data) >= begin else 0
