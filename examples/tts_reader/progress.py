"""Progress over a WebSocket (RFC 6455), as much of it as this server needs: short text messages."""

from __future__ import annotations

import json
import struct
from base64 import b64encode
from hashlib import sha1
from typing import TYPE_CHECKING, BinaryIO

import gevent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend import TtsReader

STEPS = 4  # of a job, from text to audio
TEXT, CLOSE = 1, 8
GOING_AWAY = 1001
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class WebSocket:
    """The server's side of one connection."""

    def __init__(self, sock: gevent.socket.socket, stream: BinaryIO) -> None:
        self.sock = sock
        self.stream = stream

    def accept(self, key: str) -> None:
        """Answer the handshake."""
        proof = b64encode(sha1((key + _GUID).encode(), usedforsecurity=False).digest()).decode()
        self.sock.sendall(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {proof}\r\n\r\n".encode()
        )

    def send(self, value: object, kind: int = TEXT) -> None:
        """A message of at most 125 bytes."""
        content = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.sock.sendall(bytes([0x80 | kind, len(content)]) + content)

    def receive(self) -> dict[str, str] | None:
        """The next message of at most 125 bytes; None when the client closes."""
        head = self.stream.read(2)
        if len(head) < 2 or head[0] & 0x0F == CLOSE:
            return None
        mask = self.stream.read(4)
        masked = self.stream.read(head[1] & 0x7F)
        return json.loads(bytes(byte ^ mask[at % 4] for at, byte in enumerate(masked)))

    def close(self, code: int, reason: str) -> None:
        """Say goodbye."""
        self.send(struct.pack(">H", code) + reason.encode(), CLOSE)


def follow(reader: TtsReader, socket: WebSocket, headers: Mapping[str, str]) -> None:
    """Tell each job's progress from 0 to 100 percent, until the client closes."""
    socket.accept(headers["HTTP_SEC_WEBSOCKET_KEY"])
    while (asked := socket.receive()) is not None:
        job = asked["job"]
        socket.send({"type": "watching", "job": job})
        for step in range(1, STEPS + 1):
            gevent.sleep(reader.jobs.get(job, 0) / STEPS)
            if "progress" in reader.troubles and step == 3:
                socket.close(GOING_AWAY, "the worker was restarted")
                return
            socket.send({"type": "progress", "job": job, "percent": 100 * step // STEPS})
    socket.close(1000, "")
