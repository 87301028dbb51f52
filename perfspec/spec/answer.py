"""Answers: what they should look like, what is read from them; and files that are sent."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, Tag, model_validator

from perfspec.spec.base import (
    Name,
    Scalar,
    Strict,
    Text,
    by_shape,
    lacking,
    literally,
    only_one,
    wrong,
)
from perfspec.spec.headers import HeaderName

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
    matches: Text | None = Field(
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
    contains: Text | None = Field(None, description="Contains this. Example: `contains: Welcome`")
    matches: Text | None = Field(
        None, description="A regular expression finds something. Example: `matches: '^W/'`"
    )
    exists: bool | None = Field(None, description="Is there, or not. Example: `exists: true`")


class BodyCheck(_Conditions):
    """Conditions on the body as text."""

    contains: Text | None = Field(None, description="Contains this. Example: `contains: Welcome`")
    matches: Text | None = Field(
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
    headers: dict[HeaderName, HeaderCheck] | None = Field(
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
    header: HeaderName | None = Field(
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
