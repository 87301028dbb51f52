"""Endpoints: how one request is built, checked and read."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, Tag, model_validator

from perfspec.spec.base import (
    Count,
    Duration,
    Name,
    Scalar,
    Size,
    Strict,
    Text,
    by_shape,
    lacking,
    literally,
    only_one,
    wrong,
)
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
StatusCode = Annotated[int, Field(ge=100, le=599)]
StatusClass = Annotated[
    str,
    Field(
        pattern=r"^[1-5]xx$",
        json_schema_extra={"patternErrorMessage": "Write a status such as 200, or a class: 2xx"},
    ),
]
OneStatus = StatusCode | StatusClass
Status = Annotated[
    Annotated[OneStatus, Tag("<text>")]
    | Annotated[list[OneStatus], Field(min_length=1), Tag("<list>")],
    by_shape("a status such as 200, a class such as 2xx, or a list of them"),
]
Headers = dict[Text, Scalar]
BODIES = ("json_", "form", "multipart", "cbor", "msgpack", "text", "file")


class _Conditions(Strict):
    @model_validator(mode="after")
    def _some_condition(self) -> Self:
        if not self.model_fields_set:
            names = (name.removesuffix("_") for name in type(self).model_fields)
            text = f"write one of {', '.join(names)}"
            raise lacking(text)
        if "exists" in self.model_fields_set and len(self.model_fields_set) > 1:
            text = "exists stands alone: every other condition needs something that is there"
            raise wrong(text)
        return self


class JsonCheck(_Conditions):
    """Conditions on what a JSON path finds."""

    equals: Any = Field(None, description="Is this value. Example: `equals: done`")
    in_: list[Any] | None = Field(
        None, alias="in", min_length=1, description="Is one of these. Example: `in: [new, done]`"
    )
    matches: str | None = Field(
        None, description="A regular expression finds something. Example: `matches: '^[0-9]+$'`"
    )
    min: float | None = Field(None, description="A number of at least this. Example: `min: 1`")
    max: float | None = Field(None, description="A number of at most this. Example: `max: 100`")
    exists: bool | None = Field(
        None, description="There is a hit, or none. Example: `exists: false`"
    )


class TextCheck(_Conditions):
    """Conditions on a header or the body."""

    equals: str | None = Field(None, description="Is this text. Example: `equals: text/plain`")
    contains: str | None = Field(None, description="Contains this. Example: `contains: Welcome`")
    matches: str | None = Field(
        None, description="A regular expression finds something. Example: `matches: '^W/'`"
    )
    exists: bool | None = Field(None, description="Is there, or not. Example: `exists: true`")


class BodyCheck(_Conditions):
    """Conditions on the body as text."""

    contains: str | None = Field(None, description="Contains this. Example: `contains: Welcome`")
    matches: str | None = Field(
        None, description="A regular expression finds something. Example: `matches: 'id=[0-9]+'`"
    )


HeaderCheck = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[TextCheck, Tag("<map>")],
    by_shape("the header's text, or a mapping with equals, contains, matches or exists"),
]
ValueCheck = Annotated[
    Annotated[Scalar, Tag("<text>")]
    | Annotated[JsonCheck, Tag("<map>")]
    | Annotated[list[Any], Tag("<list>")],
    by_shape("a value, exists, or a mapping with equals, in, matches, min, max or exists"),
]


class Expect(Strict):
    """What a right answer looks like."""

    status: Status | None = Field(
        None, description="Accepted statuses, 2xx when left out. Example: `status: [200, 404]`"
    )
    json_: dict[Text, ValueCheck] | None = Field(
        None,
        alias="json",
        description="What stands at JSON paths of the answer. Example: `json: { $.token: exists }`",
    )
    headers: dict[Text, HeaderCheck] | None = Field(
        None,
        description="What stands in headers of the answer. "
        "Example: `headers: { ETag: { exists: true } }`",
    )
    body: BodyCheck | None = Field(
        None,
        description="What stands in the answer's body as text. "
        "Example: `body: { contains: Welcome }`",
    )


CAPTURES = ("json_", "header", "cookie", "regex", "status")


class Capture(Strict):
    """Where a variable comes from."""

    json_: Text | None = Field(
        None, alias="json", description="What a JSON path finds in the body. Example: `json: $.id`"
    )
    header: Text | None = Field(
        None, description="The value of a header. Example: `header: Location`"
    )
    cookie: Text | None = Field(
        None, description="The value of a cookie. Example: `cookie: session`"
    )
    regex: Text | None = Field(
        None,
        description="What a regular expression finds in the body: its first group, else all. "
        "Example: `regex: 'csrf=(\\w+)'`",
    )
    status: Annotated[Literal[True], literally(expected=True)] | None = Field(
        None, description="The status of the answer. Example: `status: true`"
    )
    optional: bool = Field(
        default=False,
        description="Finding nothing is no error; the variable is null. Example: `optional: true`",
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        only_one(self, CAPTURES, "a capture")
        return self


CaptureSource = Annotated[
    Annotated[Text, Tag("<text>")] | Annotated[Capture, Tag("<map>")],
    by_shape("a JSON path such as $.id, or a mapping with json, header, cookie, regex or status"),
]
Captures = dict[Name, CaptureSource]


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


class FileRef(Strict):
    """A file as body or as part of one."""

    from_: Name | None = Field(
        None, alias="from", description="A data source with files. Example: `from: recordings`"
    )
    path: Text | None = Field(None, description="A file beside the spec. Example: `path: logo.png`")
    type: Text | None = Field(
        None, description="Media type of the file. Example: `type: image/png`"
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        only_one(self, ("from_", "path"), "a file")
        return self


class Endpoint(Strict):
    """One kind of request."""

    request: RequestLine
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
