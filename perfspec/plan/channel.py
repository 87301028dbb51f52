"""Connections that stay open: how one is made, and the messages that go over it."""

from __future__ import annotations

from typing import Literal

from perfspec.plan.base import JsonValue, Place, Value
from perfspec.plan.request import Capture, JsonBody, JsonCheck, TextBody, TextCheck


class BinaryBody(Value, frozen=True, kw_only=True, tag="binary"):
    """Bytes: a file as ``{from: FILE_SET}`` or ``{path, type}``, or what a template gives."""

    content: str | dict[str, str]


class Answer(Value, frozen=True, kw_only=True):
    """What an incoming message looks like; ``event`` is Socket.IO's name of it."""

    event: str | None = None
    json: tuple[JsonCheck, ...] = ()
    texts: tuple[TextCheck, ...] = ()


class Ack(Value, frozen=True, kw_only=True):
    """How the server acknowledges a message.

    ``callback`` is Socket.IO's own, ``next`` whatever comes next and nobody else waits for.
    ``match``: the value at each JSON path equals that of a template.
    """

    kind: Literal["callback", "next", "match"]
    event: str | None = None
    match: dict[str, JsonValue] = {}


class Message(Value, frozen=True, kw_only=True):
    """One kind of message; ``name`` is ENDPOINT.MESSAGE, ``emit`` the event of Socket.IO.

    Without a ``body`` it carries what a stream gives it, or nothing. ``expect`` and ``captures``
    look at the acknowledgement, which may take ``timeout_s``.
    """

    name: str
    emit: str | None = None
    body: JsonBody | TextBody | BinaryBody | None = None
    ack: Ack | None = None
    expect: Answer = Answer()
    captures: tuple[Capture, ...] = ()
    timeout_s: float = 30.0
    tags: tuple[str, ...] = ()
    description: str | None = None
    place: Place


class Channel(Value, frozen=True, kw_only=True):
    """A WebSocket or Socket.IO connection; ``url`` as an endpoint's.

    ``credentials`` are what Socket.IO calls ``auth``: sent when the namespace is entered.
    ``timeout_s`` is that of connecting.
    """

    name: str
    protocol: Literal["websocket", "socketio"]
    url: str
    query: dict[str, JsonValue] = {}
    headers: dict[str, str] = {}
    auth: bool = True
    namespace: str = "/"
    credentials: JsonValue = None
    subprotocols: tuple[str, ...] = ()
    timeout_s: float = 30.0
    messages: tuple[Message, ...] = ()
    tags: tuple[str, ...] = ()
    description: str | None = None
    place: Place

    def message(self, name: str) -> Message:
        """Raises KeyError for a name that the channel does not have."""
        for each in self.messages:
            if each.name == name:
                return each
        raise KeyError(name)


def channel_of(name: str) -> str:
    """The channel of a message or of anything else that is named after it."""
    return name.partition(".")[0]
