"""One WebSocket: websocket-client shakes hands, then frames go over a line that never blocks."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol
from urllib.parse import quote

import gevent
from websocket import WebSocket, WebSocketBadStatusException, WebSocketException
from websocket._handshake import CookieJar

from perfspec.measure.errors import ErrorClass, class_of_status
from perfspec.run.driver.transports.coding import MAX_BODY
from perfspec.run.driver.transports.exchange import URL_CHARACTERS
from perfspec.run.driver.transports.frames import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    FrameError,
    Frames,
    MessageTooLargeError,
    masked,
)
from perfspec.run.driver.transports.handles import checked_lines
from perfspec.run.driver.transports.line import Line
from perfspec.run.driver.transports.origins import Origin, RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gevent import socket

    from perfspec.run.driver.transports.dial import Dialer

_GOING_S: Final = 1.0  # for the last frame, where the server has stopped reading
_MOST_ANSWERS: Final = 65_536  # bytes that wait for a server that asks and does not read
_NORMAL: Final = struct.pack("!H", 1000)
_WORDS = {1000: "normal", 1001: "going away", 1009: "message too big", 1011: "internal error"}


class Opening(NamedTuple):
    """What a connection begins with; ``url`` is http or https, ``headers`` are lines."""

    url: str
    headers: Sequence[str]
    subprotocols: Sequence[str]
    timeout_s: float


class Reader(Protocol):
    """Who is told what comes: mostly in the hub, so that it must not wait for anything."""

    def frame(self, content: bytes, at: float, *, binary: bool) -> None: ...

    def ended(self) -> None: ...


class Wire:
    """``lost`` says why nothing goes over it any more, None while it is open.

    ``sent`` and ``received`` are bytes of messages.
    """

    def __init__(self, dialer: Dialer, opening: Opening) -> None:
        """Raises RefusedError when there is no connection within the time."""
        self.lost: tuple[ErrorClass, str] | None = None
        self.sent = self.received = 0
        self._reader: Reader | None = None
        self._frames = Frames()
        self._answers = 0  # bytes of them that may not have gone yet
        limit = gevent.Timeout(opening.timeout_s)
        limit.start()
        try:
            sock = _open(dialer, opening)
        except gevent.Timeout as timeout:
            if timeout is not limit:
                raise
            msg = f"not connected within {opening.timeout_s:g} s"
            raise RefusedError(ErrorClass.TIMEOUT, msg) from None
        finally:
            limit.close()
        self._line = Line(sock, dialer.stamps, self._take, self._break)
        self._dialer = dialer
        dialer.open_connections += 1

    def listen(self, reader: Reader) -> None:
        """Hand every message to ``reader`` from now on."""
        self._reader = reader
        self._line.start()

    def send(self, content: bytes, timeout_s: float, *, binary: bool = False) -> None:
        """Send one message, or lose the connection: look at ``lost`` afterwards."""
        self._write(masked(BINARY if binary else TEXT, content), len(content), timeout_s)

    def send_with(self, content: bytes, attachments: Sequence[bytes], timeout_s: float) -> None:
        """Send a text and then bytes, in one go."""
        frames = [masked(TEXT, content), *[masked(BINARY, each) for each in attachments]]
        size = len(content) + sum(map(len, attachments))
        self._write(b"".join(frames), size, timeout_s)

    def answer(self, content: bytes, opcode: int = TEXT) -> None:
        """Send without waiting, in the hub: what does not fit goes as soon as it can."""
        if self.lost is not None:
            return
        frame = masked(opcode, content)
        try:
            gone = self._line.write(frame)
        except OSError as error:
            self._break(error)
            return
        self._answers = 0 if gone else self._answers + len(frame)
        if self._answers > _MOST_ANSWERS:
            self.lose(ErrorClass.RESET, "the server does not read the answers to its pings")

    def lose(self, error: ErrorClass, message: str) -> None:
        """Give the connection up; the first reason counts."""
        if self.lost is None:
            self.lost = error, message
            self._dialer.open_connections -= 1
            self._line.close()
            if self._reader is not None:
                self._reader.ended()

    def close(self) -> None:
        """Say goodbye, without waiting for the server's."""
        if self.lost is None:
            try:
                with suppress(OSError), gevent.Timeout(_GOING_S, OSError):
                    if not self._line.write(masked(CLOSE, _NORMAL)):
                        self._line.drain()
            finally:
                self.lose(ErrorClass.GENERATOR, "the session is closed")

    def _write(self, frames: bytes, size: int, timeout_s: float) -> None:
        if self.lost is not None:
            return
        try:
            if not self._line.write(frames):
                self._drain(timeout_s)
        except OSError as error:
            self._break(error)
        if self.lost is None:
            self.sent += size

    def _drain(self, timeout_s: float) -> None:
        limit = gevent.Timeout(timeout_s)
        limit.start()
        try:
            self._line.drain()
        except gevent.Timeout as timeout:
            self.lose(ErrorClass.TIMEOUT, f"the message could not be sent within {timeout_s:g} s")
            if timeout is not limit:
                raise
        except BaseException:  # killed in the middle of a frame: the next one would be garbage
            self.lose(ErrorClass.GENERATOR, "a message was cut off")
            raise
        finally:
            limit.close()

    def _take(self, data: bytes) -> None:
        at = self._line.at
        if not data:
            self.lose(ErrorClass.RESET, "the server closed the connection without a word")
            return
        try:
            for opcode, content in self._frames.feed(data):
                self._frame(opcode, content, at)
                if self.lost is not None:
                    break
        except FrameError as error:
            self.lose(ErrorClass.RESET, f"the connection broke: {error}")
        except MessageTooLargeError:
            self.lose(ErrorClass.GENERATOR, f"a message is larger than {MAX_BODY >> 20} MiB")
        except Exception as error:  # of the reader's: what follows of the data is gone with it
            self.lose(ErrorClass.GENERATOR, f"{type(error).__name__}: {error}")
            raise

    def _frame(self, opcode: int, content: bytes, at: float) -> None:
        if opcode < CLOSE:
            self.received += len(content)
            if self._reader is not None:
                self._reader.frame(content, at, binary=opcode == BINARY)
        elif opcode == PING:
            self.answer(content, PONG)
        elif opcode == CLOSE:
            with suppress(OSError):
                self._line.write(masked(CLOSE, _NORMAL))
            self.lose(ErrorClass.RESET, _goodbye(content))

    def _break(self, error: OSError) -> None:
        self.lose(ErrorClass.RESET, f"the connection broke: {_reason(error)}")


def _open(dialer: Dialer, opening: Opening) -> socket.socket:
    origin, lines = Origin.of(opening.url), checked_lines(opening.headers)
    url = quote(opening.url, URL_CHARACTERS)
    line = dialer.dial(origin, opening.timeout_s)
    try:
        _shake(line, "ws" + url.removeprefix("http"), lines, opening.subprotocols)
    except WebSocketBadStatusException as error:
        status = error.status_code
        raise RefusedError(class_of_status(status), f"status {status}, expected 101") from None
    except (OSError, WebSocketException, ValueError, AttributeError) as error:
        msg = f"the answer is no WebSocket handshake: {_reason(error)}"
        raise RefusedError(ErrorClass.RESET, msg) from None
    return line


def _shake(
    line: socket.socket, url: str, lines: Sequence[bytes], subprotocols: Sequence[str]
) -> None:
    """The opening handshake; closes the line where that fails."""
    CookieJar.jar.clear()  # all WebSockets of a process share it: users would share cookies
    try:
        WebSocket().connect(
            url,
            socket=line,
            header=[each.decode() for each in lines],
            subprotocols=list(subprotocols) or None,
            suppress_origin=any(each.lower().startswith(b"origin:") for each in lines),
            redirect_limit=0,
        )
    except BaseException:
        line.close()
        raise


def _goodbye(data: bytes) -> str:
    if len(data) < 2:
        return "the server closed the session"
    (code,) = struct.unpack("!H", data[:2])
    words = data[2:].decode("utf-8", "replace") or _WORDS.get(code, "")
    return f"the server closed the session ({code}{' ' if words else ''}{words})"


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return text or type(error).__name__
