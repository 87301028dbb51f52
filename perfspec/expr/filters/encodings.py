"""Filters between text, bytes and JSON: base64, hex, URL escapes, hashes."""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING, Final, cast

import msgspec

from perfspec.expr.errors import ExpressionError
from perfspec.expr.filters.function import Function, Parameter, check_choice, pure
from perfspec.expr.values import (
    as_bytes,
    as_list,
    as_text,
    describe,
    kind,
    short_enough,
    to_json,
    to_text,
)

if TYPE_CHECKING:
    from perfspec.expr.filters.function import Implementation
    from perfspec.expr.tools import Tools

_SPACE: Final = re.compile(r"\s+")
_URL_SAFE: Final = str.maketrans("+/", "-_")
_STANDARD: Final = str.maketrans("-_", "+/")
_ALPHABET: Final = Parameter("alphabet", optional=True, choices=("standard", "url"))


def decode_base64(text: str) -> bytes:
    """Bytes of base64 in either alphabet, with or without padding; raises ExpressionError."""
    compact = _SPACE.sub("", text).translate(_STANDARD).rstrip("=")
    try:
        return binascii.a2b_base64(compact + "=" * (-len(compact) % 4), strict_mode=True)
    except (binascii.Error, ValueError):  # ValueError: not ASCII
        msg = f"{describe(text)} is no base64"
        raise ExpressionError(msg) from None


def _b64encode(value: object, alphabet: object = "standard") -> str:
    if alphabet != "standard":
        check_choice(_ALPHABET, alphabet)
    content = as_bytes(value)
    short_enough(len(content) * 4 // 3)
    text: str = msgspec.to_builtins(content)  # base64, in half the time of binascii's
    return text.translate(_URL_SAFE).rstrip("=") if alphabet == "url" else text


def _b64decode(value: object) -> bytes:
    return decode_base64(as_text(value))


def _hex(value: object) -> str:
    content = as_bytes(value)
    short_enough(len(content) * 2)
    return content.hex()


def _unhex(value: object) -> bytes:
    text = as_text(value)
    try:
        return binascii.unhexlify(text.strip())
    except (binascii.Error, ValueError):
        msg = f"{describe(text)} is not hexadecimal"
        raise ExpressionError(msg) from None


def _bytes(value: object) -> bytes:
    if kind(value) != "list":
        return as_bytes(value)
    try:
        return bytes(cast("list[int]", as_list(value)))
    except (TypeError, ValueError):
        msg = f"{describe(value)} holds more than whole numbers from 0 to 255"
        raise ExpressionError(msg) from None


def _json(value: object) -> str:
    return to_json(value).decode()


def _from_json(value: object) -> object:
    try:
        return msgspec.json.decode(as_bytes(value))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        msg = f"{describe(value)} is no JSON: {error}"
        raise ExpressionError(msg) from None


def _sha256(_tools: Tools) -> Implementation:
    from hashlib import sha256  # noqa: PLC0415  (lint has no use for it)

    return lambda value: sha256(as_bytes(value)).digest()


def _url_encode(_tools: Tools) -> Implementation:
    from urllib.parse import quote  # noqa: PLC0415  (9 ms, and lint has no use for it)

    def url_encode(value: object) -> str:
        content = as_bytes(value if kind(value) == "bytes" else to_text(value))
        short_enough(len(content) * 3)
        return quote(content, safe="")

    return url_encode


def _path_part(tools: Tools) -> Implementation:
    url_encode = _url_encode(tools)

    def path_part(value: object) -> object:
        if value is None or value in ("", []):
            msg = "a path parameter has no value"
            raise ExpressionError(msg)
        return url_encode(value)

    return path_part


def _uuid_of(_tools: Tools) -> Implementation:
    from uuid import NAMESPACE_URL, uuid5  # noqa: PLC0415  (11 ms, and lint has no use for it)

    return lambda value: str(uuid5(NAMESPACE_URL, to_text(as_bytes(value))))


ENCODINGS: Final = (
    Function(
        "b64encode", 'Base64 text of bytes or text; with "url" in the URL-safe alphabet without '
        "padding.",
        '"hello" | b64encode', "aGVsbG8=", pure(_b64encode), (_ALPHABET,),
    ),
    Function(
        "b64decode", "The bytes of base64 text, of either alphabet, with or without padding.",
        '"aGVsbG8=" | b64decode | str', "hello", pure(_b64decode),
    ),
    Function("hex", "Hexadecimal text of bytes or text.", '"hi" | hex', "6869", pure(_hex)),
    Function(
        "unhex", "The bytes of hexadecimal text.", '"6869" | unhex | str', "hi", pure(_unhex),
    ),
    Function(
        "bytes", "Bytes of text (UTF-8) or of a list of numbers from 0 to 255.",
        "[104, 105] | bytes | str", "hi", pure(_bytes),
    ),
    Function(
        "json", "JSON text of a value.", "{ id: 7, tags: project_ids } | json",
        '{"id":7,"tags":[7,9,11]}', pure(_json),
    ),
    Function(
        "from_json", "The value of JSON text or bytes.", "'[1, 2]' | from_json", [1, 2],
        pure(_from_json),
    ),
    Function(
        "url_encode", "Text as it may stand in a URL, everything reserved escaped.",
        '"a b/c" | url_encode', "a%20b%2Fc", _url_encode,
    ),
    Function(
        "path_part", "A part of a path, escaped; an error when there is no value.",
        '"a b/c" | path_part', "a%20b%2Fc", _path_part,
    ),
    Function(
        "sha256", "The SHA-256 hash of bytes or text, as 32 bytes.", '"hi" | sha256 | hex',
        "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4", _sha256,
    ),
    Function(
        "uuid", "The same UUID for the same text (version 5, URL namespace).",
        '"order-7" | uuid', "604e6870-178a-5a7e-b1db-db3977b9e617", _uuid_of,
    ),
)  # fmt: skip
