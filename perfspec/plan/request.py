"""How one endpoint is called, checked and read: texts are templates, nothing is rendered yet."""

from __future__ import annotations

from typing import Literal

from perfspec.plan.base import JsonValue, Place, Value


class JsonBody(Value, frozen=True, kw_only=True, tag="json"):
    value: JsonValue


class FormBody(Value, frozen=True, kw_only=True, tag="form"):
    fields: dict[str, JsonValue]


class MultipartBody(Value, frozen=True, kw_only=True, tag="multipart"):
    """A part is text, or a mapping ``{from: FILE_SET}`` or ``{path, type}``: a file."""

    parts: dict[str, JsonValue]


class CborBody(Value, frozen=True, kw_only=True, tag="cbor"):
    value: JsonValue


class MsgpackBody(Value, frozen=True, kw_only=True, tag="msgpack"):
    value: JsonValue


class TextBody(Value, frozen=True, kw_only=True, tag="text"):
    text: str


class FileBody(Value, frozen=True, kw_only=True, tag="file"):
    """The whole body is one file: ``{from: FILE_SET}`` or ``{path, type}``."""

    file: dict[str, str]


Body = JsonBody | FormBody | MultipartBody | CborBody | MsgpackBody | TextBody | FileBody


class JsonCheck(Value, frozen=True, kw_only=True):
    """Conditions on the hits of one JSON path; those that are None are not asked.

    ``exists`` False wants no hit at all; every other condition wants a hit that meets it.
    ``equals`` and the list of ``one_of`` may hold templates.
    """

    path: str
    exists: bool | None = None
    equals: tuple[JsonValue, ...] | None = None  # one value; a tuple because null is a value
    one_of: tuple[JsonValue, ...] | None = None
    matches: str | None = None
    min: float | None = None
    max: float | None = None


class TextCheck(Value, frozen=True, kw_only=True):
    """On a header, or on the body if ``name`` is None; values are templates."""

    name: str | None = None
    equals: str | None = None
    contains: str | None = None
    matches: str | None = None
    exists: bool | None = None


class Expect(Value, frozen=True, kw_only=True):
    """``status`` holds ranges, both ends included: ``2xx`` is (200, 299)."""

    status: tuple[tuple[int, int], ...] = ((200, 299),)
    json: tuple[JsonCheck, ...] = ()
    texts: tuple[TextCheck, ...] = ()


class Capture(Value, frozen=True, kw_only=True):
    """Reads a variable from a response; several hits become a list."""

    name: str
    source: Literal["json", "header", "cookie", "regex", "status"]
    query: str = ""  # the path, header name, cookie name or expression
    optional: bool = False


class Retry(Value, frozen=True, kw_only=True):
    """Tries again on these statuses; ``attempts`` counts the first one too."""

    status: tuple[tuple[int, int], ...]
    attempts: int
    backoff_s: float


class Poll(Value, frozen=True, kw_only=True):
    """Asks until done. Its requests are the endpoint ``NAME.poll``, its duration ``NAME.done``."""

    method: str
    url: str
    headers: dict[str, str] = {}
    until: Expect
    fail_if: Expect | None = None
    every_s: float
    timeout_s: float
    wait: bool = True
    captures: tuple[Capture, ...] = ()


class Endpoint(Value, frozen=True, kw_only=True):
    """One request; ``url`` is absolute or begins with ``/``, its ``{name}`` holes are templates."""

    name: str
    method: str
    url: str
    query: dict[str, JsonValue] = {}
    headers: dict[str, str] = {}
    auth: bool = True
    body: Body | None = None
    timeout_s: float = 30.0
    redirects: int = 10
    expect: Expect = Expect()
    captures: tuple[Capture, ...] = ()
    retry: Retry | None = None
    poll: Poll | None = None
    tags: tuple[str, ...] = ()
    description: str | None = None
    place: Place
