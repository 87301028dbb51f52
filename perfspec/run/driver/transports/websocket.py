"""One WebSocket: frames out from whoever sends, frames in by a greenlet of its own."""

from __future__ import annotations

import struct
from contextlib import suppress
from socket import SHUT_RDWR
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import quote

import gevent
from gevent.lock import RLock
from websocket import (
    ABNF,
    WebSocket,
    WebSocketBadStatusException,
    WebSocketConnectionClosedException,
    WebSocketException,
)
from websocket._handshake import CookieJar

from perfspec.measure.errors import ErrorClass, class_of_status
from perfspec.run.driver.transports.exchange import URL_CHARACTERS
from perfspec.run.driver.transports.handles import checked_lines
from perfspec.run.driver.transports.origins import Origin, RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gevent import socket

    from perfspec.run.driver.transports.dial import Dialer

_GOING_S = 1.0  # for the last frame, where the server has stopped reading
_WORDS = {1000: "normal", 1001: "going away", 1009: "message too big", 1011: "internal error"}


class Opening(NamedTuple):
    """What a connection begins with; ``url`` is http or https, ``headers`` are lines."""

    url: str
    headers: Sequence[str]
    subprotocols: Sequence[str]
    timeout_s: float


class Reader(Protocol):
    """Who is told what comes; called in the connection's own greenlet."""

    def frame(self, content: bytes, at: float, *, binary: bool) -> None: ...

    def ended(self) -> None: ...


class Wire:
    """``lost`` says why nothing goes over it any more, None while it is open.

    ``connect_us`` is what TCP and TLS took; ``sent`` and ``received`` are bytes of messages.
    """

    def __init__(self, dialer: Dialer, opening: Opening) -> None:
        """Raises RefusedError when there is no connection within the time."""
        self.lost: tuple[ErrorClass, str] | None = None
        self.sent = self.received = 0
        self._greenlet: gevent.Greenlet[..., None] | None = None
        limit = gevent.Timeout(opening.timeout_s)
        limit.start()
        try:
            self._socket = _open(dialer, opening)
        except gevent.Timeout as timeout:
            if timeout is not limit:
                raise
            msg = f"not connected within {opening.timeout_s:g} s"
            raise RefusedError(ErrorClass.TIMEOUT, msg) from None
        finally:
            limit.close()
        self._dialer = dialer
        dialer.open_connections += 1

    def listen(self, reader: Reader) -> None:
        """Hand every message to ``reader`` from now on."""
        self._greenlet = gevent.spawn(self._read, reader)

    def send(self, content: bytes, timeout_s: float, *, binary: bool = False) -> None:
        """Send one message, or lose the connection: look at ``lost`` afterwards."""
        opcode = ABNF.OPCODE_BINARY if binary else ABNF.OPCODE_TEXT
        limit = gevent.Timeout(timeout_s)
        limit.start()
        try:
            self._socket.send(content, opcode)
        except gevent.Timeout as timeout:
            self.lose(ErrorClass.TIMEOUT, f"the message could not be sent within {timeout_s:g} s")
            if timeout is not limit:
                raise
        except (OSError, WebSocketException) as error:
            self.lose(ErrorClass.RESET, f"the connection broke: {_reason(error)}")
        except BaseException:  # killed in the middle of a frame: the next one would be garbage
            self.lose(ErrorClass.GENERATOR, "a message was cut off")
            raise
        else:
            self.sent += len(content)
        finally:
            limit.close()

    def lose(self, error: ErrorClass, message: str) -> None:
        """Give the connection up; the first reason counts."""
        if self.lost is None:
            self.lost = error, message
            self._dialer.open_connections -= 1
            line = self._socket.sock
            if line is not None:  # gevent closes what somebody waits for a little later
                with suppress(OSError):
                    line.shutdown(SHUT_RDWR)
            self._socket.shutdown()

    def close(self) -> None:
        """Say goodbye, without waiting for the server's."""
        if self.lost is None:
            silent = suppress(OSError, WebSocketException)
            with silent, gevent.Timeout(_GOING_S, OSError):
                self._socket.send_close()
            self.lose(ErrorClass.GENERATOR, "the session is closed")
        if self._greenlet is not None:
            self._greenlet.kill(block=False)

    def _read(self, reader: Reader) -> None:
        try:
            while self.lost is None:
                opcode, frame = self._socket.recv_data_frame()
                at = perf_counter()
                if opcode == ABNF.OPCODE_CLOSE:
                    self.lose(ErrorClass.RESET, _goodbye(frame.data))
                    break
                self.received += len(frame.data)
                reader.frame(frame.data, at, binary=opcode == ABNF.OPCODE_BINARY)
        except WebSocketConnectionClosedException:
            self.lose(ErrorClass.RESET, "the server closed the connection without a word")
        except (OSError, WebSocketException, struct.error) as error:
            self.lose(ErrorClass.RESET, f"the connection broke: {_reason(error)}")
        finally:
            reader.ended()


def _open(dialer: Dialer, opening: Opening) -> WebSocket:
    origin, lines = Origin.of(opening.url), checked_lines(opening.headers)
    url = quote(opening.url, URL_CHARACTERS)
    line = dialer.dial(origin, opening.timeout_s)
    try:
        return _shaken(line, "ws" + url.removeprefix("http"), lines, opening.subprotocols)
    except WebSocketBadStatusException as error:
        status = error.status_code
        raise RefusedError(class_of_status(status), f"status {status}, expected 101") from None
    except (OSError, WebSocketException, ValueError, AttributeError) as error:
        msg = f"the answer is no WebSocket handshake: {_reason(error)}"
        raise RefusedError(ErrorClass.RESET, msg) from None


def _shaken(
    line: socket.socket, url: str, lines: Sequence[bytes], subprotocols: Sequence[str]
) -> WebSocket:
    shaken = WebSocket(skip_utf8_validation=True)  # what is no text is no JSON either
    shaken.lock = RLock()  # type: ignore[assignment]  # threading's stops all, where unpatched
    CookieJar.jar.clear()  # all WebSockets of a process share it: users would share cookies
    try:
        shaken.connect(
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
    return shaken


def _goodbye(data: bytes) -> str:
    if len(data) < 2:
        return "the server closed the session"
    (code,) = struct.unpack("!H", data[:2])
    words = data[2:].decode("utf-8", "replace") or _WORDS.get(code, "")
    return f"the server closed the session ({code}{' ' if words else ''}{words})"


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return text or type(error).__name__
