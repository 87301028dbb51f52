"""Connections that stay open: WebSocket and Socket.IO, and the messages that go over them."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, Tag, model_validator

from perfspec.spec.answer import BodyCheck, Captures, FileRef, ValueCheck
from perfspec.spec.base import Duration, Strict, Text, by_shape, lacking, only_one, wrong
from perfspec.spec.limits import Slo

SENDS = ("json_", "text", "binary")
CHANNEL_KEYS = ("websocket", "socketio")
ChannelPath = Annotated[
    str,
    Field(
        pattern=r"^(/|wss?://|\{\{|\$\{)\S*.*$",
        json_schema_extra={
            "patternErrorMessage": "Write a path such as /ws, or a URL that begins with wss://"
        },
    ),
]


class WebSocket(Strict):
    """Where a WebSocket is opened."""

    path: ChannelPath = Field(description="Path (or URL) of its handshake. Example: `path: /ws`")
    subprotocols: list[Text] | None = Field(
        None,
        min_length=1,
        description="Protocols that are offered; the server must choose one. "
        "Example: `subprotocols: [graphql-transport-ws]`",
    )


class SocketIo(Strict):
    """Where a Socket.IO session is opened, over a WebSocket from the start."""

    path: ChannelPath = Field(
        "/socket.io/",
        description="Path (or URL) of the server, /socket.io/ when left out. "
        "Example: `path: /live/socket.io/`",
    )
    namespace: str = Field(
        "/",
        pattern=r"^/[^,?\s]*$",
        description="Namespace, / when left out. Example: `namespace: /voice`",
        json_schema_extra={"patternErrorMessage": "Write a namespace such as /voice"},
    )
    auth: Any = Field(
        None,
        description="What the server is given when the namespace is entered. "
        'Example: `auth: { token: "{{ token }}" }`',
    )


WebSocketShape = Annotated[
    Annotated[ChannelPath, Tag("<text>")] | Annotated[WebSocket, Tag("<map>")],
    by_shape("a path such as /ws, or a mapping with path and subprotocols"),
]


class Answer(Strict):
    """What an incoming message looks like."""

    event: Text | None = Field(None, description="Its event in Socket.IO. Example: `event: ready`")
    json_: dict[Text, ValueCheck] | None = Field(
        None,
        alias="json",
        description="What stands at JSON paths of it. Example: `json: { $.type: ready }`",
    )
    body: BodyCheck | None = Field(
        None, description="What stands in it as text. Example: `body: { contains: ready }`"
    )

    @model_validator(mode="after")
    def _some_condition(self) -> Self:
        if not self.model_fields_set:
            text = "write one of event, json, body"
            raise lacking(text)
        return self


class Ack(Strict):
    """An incoming message that acknowledges one that was sent."""

    event: Text | None = Field(
        None, description="Its event in Socket.IO. Example: `event: chunk_ack`"
    )
    match: dict[Text, Any] | None = Field(
        None,
        min_length=1,
        description="What stands at JSON paths of it, to tell which message it belongs to. "
        'Example: `match: { $.seq: "{{ seq }}" }`',
    )

    @model_validator(mode="after")
    def _some_condition(self) -> Self:
        if not self.model_fields_set:
            text = "write one of event, match"
            raise lacking(text)
        return self


AckWord = Annotated[
    str,
    Field(
        pattern="^(callback|next)$",
        json_schema_extra={
            "patternErrorMessage": "Write callback, next, or a mapping with event and match",
            "examples": ["callback", "next"],
        },
    ),
]
AckShape = Annotated[
    Annotated[AckWord, Tag("<text>")] | Annotated[Ack, Tag("<map>")],
    by_shape("callback, next, or a mapping with event and match"),
]


class SentFile(FileRef):
    """A file as message."""


Binary = Annotated[
    Annotated[Text, Tag("<text>")] | Annotated[SentFile, Tag("<map>")],
    by_shape("a template that gives bytes, or a file"),
]


class Send(Strict):
    """What one message of a WebSocket carries."""

    json_: Any = Field(
        None, alias="json", description="JSON, as text. Example: `json: { type: ping }`"
    )
    text: str | None = Field(None, description="Text as it is. Example: `text: ping`")
    binary: Binary | None = Field(
        None,
        description="Bytes: a file, or what a template gives. Example: `binary: { from: photos }`",
    )

    @model_validator(mode="after")
    def _one_content(self) -> Self:
        only_one(self, SENDS, "a message")
        return self


class Message(Strict):
    """One kind of message, ENDPOINT.MESSAGE in steps and selectors."""

    emit: Text | None = Field(
        None, description="The event that is sent, in Socket.IO. Example: `emit: tool_call`"
    )
    json_: Any = Field(
        None, alias="json", description="What is emitted with it. Example: `json: { page: 1 }`"
    )
    send: Send | None = Field(
        None,
        description="What is sent, in a WebSocket; left out: the audio of a stream. "
        "Example: `send: { json: { type: ping } }`",
    )
    ack: AckShape | None = Field(
        None,
        description="How the server acknowledges it: by `callback` (Socket.IO's own), with "
        "whatever comes `next`, or with a message that is described. Example: `ack: next`",
    )
    timeout: Duration | None = Field(
        None,
        description="How long the acknowledgement may take. Example: `timeout: 5s`",
    )
    expect: Answer | None = Field(
        None,
        description="What a right acknowledgement looks like. "
        "Example: `expect: { json: { $.ok: true } }`",
    )
    capture: Captures | None = Field(
        None,
        description="Variables that are taken from the acknowledgement. "
        "Example: `capture: { question: $.id }`",
    )
    tags: list[Text] | None = Field(
        None,
        description="Words by which objectives and tests choose messages. "
        "Example: `tags: [critical]`",
    )
    slo: Slo | None = Field(
        None,
        description="Limits of these messages, from sending to acknowledgement. "
        "Example: `slo: { p95: 300ms }`",
    )
    description: str | None = Field(
        None, description="For readers. Example: `description: An answer is stored`"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        written = self.model_fields_set
        if {"emit", "send"} <= written:
            only_one(self, ("emit", "send"), "a message")
        if "json_" in written and "emit" not in written:
            text = "json belongs beside emit; in a WebSocket write send: { json: … }"
            raise wrong(text)
        if "ack" not in written and written & {"expect", "capture", "timeout"}:
            word = next(each for each in ("expect", "capture", "timeout") if each in written)
            text = f"{word} is about the acknowledgement: write ack, too"
            raise wrong(text)
        return self
