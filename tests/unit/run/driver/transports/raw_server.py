"""A server of plain sockets that does what a test writes: also what no server should do."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator


@dataclass(frozen=True)
class Request:
    """What came, and on which connection (counted from 1)."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes
    connection: int

    def header(self, name: str) -> str | None:
        return next((value for each, value in self.headers if each == name), None)


@dataclass
class Peer:
    """The server's side of one connection."""

    connection: int
    socket: socket.socket
    _buffer: bytes = b""

    def send(self, *parts: bytes) -> None:
        self.socket.sendall(b"".join(parts))

    def reply(self, body: bytes = b"", status: str = "200 OK", *fields: str) -> None:
        length = [] if status[:3] in {"204", "304"} else [f"Content-Length: {len(body)}"]
        head = "\r\n".join([f"HTTP/1.1 {status}", *length, *fields, "", ""])
        self.send(head.encode("latin-1"), body)

    def redirect(self, target: str, status: str = "302 Found") -> None:
        self.reply(b"", status, f"Location: {target}")

    @contextmanager
    def in_one_segment(self) -> Iterator[None]:
        """What is sent within arrives at once, a final FIN with it."""
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        yield
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)

    def finish(self) -> None:
        """Say goodbye (FIN)."""
        self.socket.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """Break off (RST)."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def read_request(self) -> Request | None:
        head = self._read_until(b"\r\n\r\n")
        if head is None:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ")
        pairs = [line.partition(":") for line in lines if line]
        headers = [(name.lower(), value.strip()) for name, _, value in pairs]
        length = int(dict(headers).get("content-length", "0"))
        while len(self._buffer) < length:
            more = self.socket.recv(65_536)
            if not more:
                return None
            self._buffer += more
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return Request(method, path, headers, body, self.connection)

    def _read_until(self, end: bytes) -> bytes | None:
        while end not in self._buffer:
            more = self.socket.recv(65_536)
            if not more:
                return None
            self._buffer += more
        head, _, self._buffer = self._buffer.partition(end)
        return head


@dataclass
class RawServer:
    """Calls ``handle(peer, request)`` for each request; keeps the connection until told otherwise."""

    handle: Callable[[Peer, Request], None]
    tls: ssl.SSLContext | None = None
    family: socket.AddressFamily = socket.AF_INET
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    _sockets: list[socket.socket] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        host = "127.0.0.1" if self.family == socket.AF_INET else "::1"
        self._listener = socket.create_server((host, 0), family=self.family, backlog=1024)
        self.port: int = self._listener.getsockname()[1]
        scheme = "https" if self.tls else "http"
        self.origin = f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        for each in [self._listener, *self._sockets]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(timeout=10)

    def paths(self) -> list[str]:
        return [each.path for each in self.requests]

    def _spawn(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._sockets.append(accepted)
            self._spawn(self._serve, accepted, self.connections)

    def _serve(self, accepted: socket.socket, number: int) -> None:
        with suppress(OSError):
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls is not None:
                accepted = self._shake_hands(accepted, self.tls)
            peer = Peer(number, accepted)
            while (request := peer.read_request()) is not None:
                self.requests.append(request)
                self.handle(peer, request)
        with suppress(OSError):
            accepted.close()

    def _shake_hands(self, accepted: socket.socket, tls: ssl.SSLContext) -> ssl.SSLSocket:
        secured = tls.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False)
        try:
            secured.do_handshake()
        except OSError:
            with socket.socket(fileno=secured.detach()) as below:
                below.shutdown(socket.SHUT_WR)
                while below.recv(65_536):  # unread, it would make a reset that overtakes the alert
                    pass
            raise
        self._sockets.append(secured)
        return secured
