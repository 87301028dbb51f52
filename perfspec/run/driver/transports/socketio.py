"""Socket.IO 5 over one WebSocket (Engine.IO 4), without the long polling before it.

The packets are python-socketio's, all but the events that go out. Its client starts three threads
a user and times acknowledgements by when one of them wakes up.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Final

import gevent
import msgspec
from gevent.event import Event
from socketio import packet
from socketio.packet import Packet

from perfspec.measure.errors import ErrorClass
from perfspec.run.driver.transports.channels import Channel
from perfspec.run.driver.transports.events import encode_event
from perfspec.run.driver.transports.mailbox import Incoming
from perfspec.run.driver.transports.origins import RefusedError

if TYPE_CHECKING:
    from perfspec.run.driver.transports.mailbox import Mailbox
    from perfspec.run.driver.transports.websocket import Wire

ENGINE_IO: Final = {"EIO": "4", "transport": "websocket"}  # what the URL's query says
_OPEN, _CLOSE, _PING, _PONG, _MESSAGE, _NOOP = (b"0", b"1", b"2", b"3", b"4", b"6")
_EVENTS = frozenset({packet.EVENT, packet.BINARY_EVENT})
_ACKS = frozenset({packet.ACK, packet.BINARY_ACK})
_MOST_SILENCE_S = 60.0  # where the server does not say how often it pings
_NO_PACKET = (
    ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError,
    msgspec.MsgspecError,
)  # fmt: skip


class _Json:
    """What a packet writes and reads its data with, as python-socketio asks for it."""

    @staticmethod
    def dumps(data: object, **_: object) -> str:
        return msgspec.json.encode(data).decode()

    loads = staticmethod(msgspec.json.decode)


class _Packet(Packet):  # type: ignore[misc]  # python-socketio has no types
    json = _Json


class SocketIo(Channel):
    """One namespace of one connection."""

    def __init__(self, wire: Wire, mailbox: Mailbox, namespace: str) -> None:
        super().__init__(wire, mailbox)
        self._namespace = namespace
        self._open = Event()
        self._answered = Event()
        self._refused: str | None = None
        self._calls = 0
        self._partial: tuple[Packet, int] | None = None  # with the bytes that came of it
        self._silence_s = _MOST_SILENCE_S
        self._watch: gevent.Greenlet[..., None] | None = None

    def join(self, credentials: object, timeout_s: float) -> None:
        """Enter the namespace. Raises RefusedError when the server does not let us in, in time."""
        late = perf_counter() + timeout_s
        self.wire.listen(self)
        self._open.wait(timeout_s)
        if self._open.is_set() and self.lost is None:
            greeting = _Packet(packet.CONNECT, credentials, self._namespace).encode()
            self.wire.send(_MESSAGE + greeting.encode(), timeout_s)
            self._answered.wait(max(late - perf_counter(), 0.0))
        if self._refused is not None:
            raise RefusedError(ErrorClass.CONNECT, f"the server refused: {self._refused}")
        if self.lost is not None:
            raise RefusedError(*self.lost)
        if not self._answered.is_set():
            msg = f"no Socket.IO session within {timeout_s:g} s"
            raise RefusedError(ErrorClass.TIMEOUT, msg)

    def next_call(self) -> int:
        """The number of the next emission that the server is to acknowledge by itself."""
        self._calls += 1
        return self._calls

    def emit(self, event: str, data: object, timeout_s: float, call: int | None = None) -> None:
        """Send an event with one argument, or none where ``data`` is null."""
        arguments = [event] if data is None else [event, data]
        text, attachments = encode_event(arguments, self._namespace, call)
        self.wire.send_with(_MESSAGE + text, attachments, timeout_s)

    def frame(self, content: bytes, at: float, *, binary: bool) -> None:
        """What the wire received: a packet of Engine.IO, or an attachment of the last one."""
        try:
            if binary:
                self._attachment(content, at)
            else:
                self._text(content, at)
        except _NO_PACKET:
            self.wire.lose(ErrorClass.RESET, "the server sent what is no Socket.IO packet")

    def ended(self) -> None:
        """The wire is closed: nobody need wait any longer."""
        if self._watch is not None:
            self._watch.kill(block=False)
        self._open.set()
        self._answered.set()
        super().ended()

    def _text(self, content: bytes, at: float) -> None:
        kind, rest = content[:1], content[1:]
        if kind == _MESSAGE:
            found = _Packet(encoded_packet=rest.decode())
            if found.attachment_count:
                self._partial = found, len(content)
            else:
                self._packet(found, at, len(content))
        elif kind == _PING:
            self._alive()
            self.wire.answer(_PONG + rest)
        elif kind == _OPEN:
            terms = msgspec.json.decode(rest)
            self._silence_s = (terms["pingInterval"] + terms["pingTimeout"]) / 1000
            self._alive()
            self._open.set()
        elif kind == _CLOSE:
            self.wire.lose(ErrorClass.RESET, "the server closed the session")
        elif kind not in {_PONG, _NOOP}:
            msg = "an unknown packet"
            raise ValueError(msg)

    def _attachment(self, content: bytes, at: float) -> None:
        if self._partial is None:
            msg = "an attachment of nothing"
            raise ValueError(msg)
        found, size = self._partial
        self._partial = found, size + len(content)
        if found.add_attachment(content):
            self._partial = None
            self._packet(found, at, size + len(content))

    def _packet(self, found: Packet, at: float, size: int) -> None:
        if (found.namespace or "/") != self._namespace:
            return
        kind, data = found.packet_type, found.data
        if kind in _EVENTS:
            event = Incoming(at, size, event=str(data[0]), document=_single(data[1:]))
            self.mailbox.put(event)
        elif kind in _ACKS:
            self.mailbox.put(Incoming(at, size, call=found.id, document=_single(data)))
        elif kind == packet.CONNECT:
            self._answered.set()
        elif kind == packet.CONNECT_ERROR:
            told = data.get("message") if isinstance(data, dict) else data
            self._refused = str(told)[:80]
            self._answered.set()
        elif kind == packet.DISCONNECT:
            self.wire.lose(ErrorClass.RESET, "the server closed the session")

    def _alive(self) -> None:
        if self._watch is not None:
            self._watch.kill(block=False)
        self._watch = gevent.spawn_later(self._silence_s, self._silent)

    def _silent(self) -> None:
        self.wire.lose(ErrorClass.RESET, f"no ping from the server for {self._silence_s:g} s")


def _single(arguments: list[object]) -> object:
    """One argument by itself, none as null, several as a list."""
    if len(arguments) > 1:
        return arguments
    return arguments[0] if arguments else None
