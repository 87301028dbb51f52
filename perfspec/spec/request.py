"""Endpoints: how one request is built, checked and read."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from perfspec.spec.answer import Captures, Expect, FileRef, Status
from perfspec.spec.base import (
    Count,
    Duration,
    Name,
    Scalar,
    Size,
    Strict,
    Text,
    only_one,
    wrong,
)
from perfspec.spec.budget import Budget
from perfspec.spec.channel import CHANNEL_KEYS, Message, SocketIo, WebSocketShape
from perfspec.spec.headers import Headers
from perfspec.spec.limits import Slo

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
RequestLine = Annotated[
    str,
    Field(
        pattern=rf"^({'|'.join(METHODS)}) +(/|https?://|\{{\{{|\$\{{)\S*.*$",
        description="Method and path (or URL). Example: `request: GET /books/{book_id}`",
        json_schema_extra={
            "patternErrorMessage": "Write a method and a path, such as GET /books/{book_id}",
            "examples": ["GET /", "POST /", "PUT /", "PATCH /", "DELETE /"],
        },
    ),
]
OF_REQUESTS = (
    "json_", "form", "multipart", "cbor", "msgpack", "text", "file",
    "redirects", "expect", "capture", "retry", "poll",
)  # fmt: skip
"""Keys that an open connection does not have."""
BODIES = ("json_", "form", "multipart", "cbor", "msgpack", "text", "file")


class Retry(Strict):
    """Tries again, as the client of the plan's system does."""

    status: Status = Field(description="After these statuses. Example: `status: [429, 503]`")
    attempts: Count = Field(
        3, description="How many in all, 3 when left out. Example: `attempts: 5`"
    )
    backoff: Duration = Field(
        0.5,
        description="Pause before the second attempt, doubled each time, 500ms when left out. "
        "Example: `backoff: 1s`",
    )


class Poll(Strict):
    """Asks until a job is done. Its duration is the endpoint NAME.done."""

    request: RequestLine
    headers: Headers | None = Field(
        None, description="Headers of its requests. Example: `headers: { Accept: text/plain }`"
    )
    until: Expect = Field(
        description="How the answer looks once the job is done. "
        "Example: `until: { json: { $.status: done } }`"
    )
    fail_if: Expect | None = Field(
        None,
        description="How the answer looks when the job failed. "
        "Example: `fail_if: { json: { $.status: failed } }`",
    )
    every: Duration = Field(
        1.0, description="Pause between requests, 1s when left out. Example: `every: 2s`"
    )
    timeout: Duration = Field(
        60.0, description="How long the job may take, 1m when left out. Example: `timeout: 5m`"
    )
    wait: bool = Field(
        default=True,
        description="Whether the user waits; with false it goes on meanwhile. "
        "Example: `wait: false`",
    )
    capture: Captures | None = Field(
        None, description="Variables from the last answer. Example: `capture: { url: $.url }`"
    )
    slo: Slo | None = Field(
        None, description="Limits of completing the job. Example: `slo: { p95: 60s }`"
    )
    budget: Budget | None = Field(
        None,
        description="How much longer completing it may take. Example: `budget: { p95: +20% }`",
    )


class Endpoint(Strict):
    """One kind of request, or a connection with its messages."""

    request: RequestLine | None = Field(
        None, description="Method and path (or URL). Example: `request: GET /books/{book_id}`"
    )
    websocket: WebSocketShape | None = Field(
        None,
        description="Path (or URL) of a WebSocket, instead of a request. Example: `websocket: /ws`",
    )
    socketio: SocketIo | None = Field(
        None,
        description="A Socket.IO session, instead of a request. "
        "Example: `socketio: { namespace: /voice }`",
    )
    messages: dict[Name, Message] | None = Field(
        None,
        min_length=1,
        description="Messages over the connection, each with a name. "
        "Example: `messages: { ping: { send: { text: ping }, ack: next } }`",
    )
    description: str | None = Field(
        None, description="For readers. Example: `description: Sign in`"
    )
    query: dict[Text, Scalar | list[Scalar]] | None = Field(
        None, description="Query parameters. Example: `query: { page: 1 }`"
    )
    path: dict[Name, Scalar] | None = Field(
        None,
        description='Values of {name} in the path. Example: `path: { id: "{{ ids | random }}" }`',
    )
    headers: Headers | None = Field(
        None,
        description="Headers of the request, beside those of `defaults`. "
        "Example: `headers: { X-Trace: abc }`",
    )
    auth: Literal["none"] | None = Field(
        None, description="Sends it without the persona's credentials. Example: `auth: none`"
    )
    json_: Any = Field(None, alias="json", description="A JSON body. Example: `json: { page: 1 }`")
    form: dict[Text, Scalar | list[Scalar]] | None = Field(
        None, description="A form body. Example: `form: { user: ann }`"
    )
    multipart: dict[Text, Any] | None = Field(
        None,
        description="Parts; a file is a mapping. Example: `multipart: { photo: { from: photos } }`",
    )
    cbor: Any = Field(None, description="A CBOR body. Example: `cbor: { id: 1 }`")
    msgpack: Any = Field(None, description="A MessagePack body. Example: `msgpack: { id: 1 }`")
    text: str | None = Field(None, description="A text body. Example: `text: hello`")
    file: FileRef | None = Field(
        None, description="A file as body. Example: `file: { from: photos }`"
    )
    timeout: Duration | None = Field(
        None, description="How long the whole answer may take. Example: `timeout: 10s`"
    )
    redirects: int | None = Field(
        None,
        ge=0,
        le=50,
        description="How many redirects are followed, 10 when left out. Example: `redirects: 0`",
    )
    expect: Expect | None = Field(
        None, description="What a right answer looks like. Example: `expect: { status: 201 }`"
    )
    capture: Captures | None = Field(
        None,
        description="Variables that are taken from the answer. "
        "Example: `capture: { token: $.token }`",
    )
    retry: Retry | None = Field(
        None,
        description="Tries again after some statuses. "
        "Example: `retry: { status: 503, attempts: 3 }`",
    )
    poll: Poll | None = Field(
        None,
        description="Asks until a job that the request started is done. "
        'Example: `poll: { request: "GET /jobs/{job}", until: { json: { $.status: done } } }`',
    )
    tags: list[Text] | None = Field(
        None,
        description="Words by which objectives and tests choose endpoints. "
        "Example: `tags: [critical]`",
    )
    slo: Slo | None = Field(
        None, description="Limits of this endpoint's requests. Example: `slo: { p95: 300ms }`"
    )
    budget: Budget | None = Field(
        None,
        description="Replaces the root's and the test's for this endpoint, metric by metric. "
        "Example: `budget: { p95: +15% }`",
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kind = only_one(self, ("request", *CHANNEL_KEYS), "an endpoint")
        ill = (
            "messages"
            if kind == "request"
            else next((each for each in OF_REQUESTS if each in self.model_fields_set), None)
        )
        if ill is not None and ill in self.model_fields_set:
            text = f"{ill.rstrip('_')} does not belong to {kind}"
            raise wrong(text)
        return self

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        if self.model_fields_set & set(BODIES):
            only_one(self, BODIES, "a body")
        return self


class FileClass(Strict):
    """One kind of file."""

    size: Size | None = Field(
        None, description="So many generated bytes, the same in every run. Example: `size: 50KB`"
    )
    path: Text | None = Field(None, description="A file beside the spec. Example: `path: a.wav`")
    weight: Annotated[float, Field(gt=0)] = Field(
        1.0, description="How often it is drawn, 1 when left out. Example: `weight: 26`"
    )
    type: Text = Field(
        "application/octet-stream",
        description="Media type, application/octet-stream when left out. "
        "Example: `type: audio/m4a`",
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        only_one(self, ("size", "path"), "a file")
        return self
