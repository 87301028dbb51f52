"""What values an expression can hold, what they are called, and how each becomes text.

A value is null, true or false, a number, text, bytes, a list, a mapping or a time. Everything here
looks at ``type(value)`` only: an object that user code put into the scope is never asked anything.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from perfspec.expr.errors import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MAX_TEXT: Final = 16 * 2**20  # characters or bytes that an expression may build
MAX_ITEMS: Final = 1_000_000
LOWEST: Final = -(2**63)  # what JSON and CBOR libraries of every language can carry
HIGHEST: Final = 2**64 - 1
MISSING: Final = "a value that may be missing takes | default(…)"

_SHOWN: Final = 40  # longer text is not quoted: an excerpt of a secret would escape the masking
_KINDS: Final = {
    type(None): "null", bool: "bool", int: "number", float: "number", str: "text",
    bytes: "bytes", list: "list", tuple: "list", dict: "mapping", datetime: "time",
}  # fmt: skip


def kind(value: object) -> str:
    """``null bool number text bytes list mapping time``, or ``other`` for a Python object."""
    found = _KINDS.get(type(value))
    if found is None:
        bases = type(value).__mro__
        found = next((_KINDS[base] for base in bases if base in _KINDS), "other")
    return found


def is_true(value: object) -> bool:
    """False for null, false, 0, empty text, bytes, lists and mappings; true for everything else."""
    return kind(value) == "other" or bool(value)


def describe(value: object) -> str:
    """The value in a message: short text whole, everything else by kind and size."""
    describer = _DESCRIBERS.get(kind(value))
    return describer(value) if describer else f"a Python object ({type(value).__name__})"


def to_text(value: object) -> str:
    """Text of any value: null is empty, lists and mappings are JSON, bytes must be UTF-8.

    Raises ExpressionError for bytes that are no text and for Python objects.
    """
    writer = _WRITERS.get(kind(value))
    if writer is None:
        msg = f"{describe(value)} cannot be written as text"
        raise ExpressionError(msg)
    return writer(value)


def to_json(value: object) -> bytes:
    """JSON of a value; times as RFC 3339, bytes inside lists and mappings as base64.

    Raises ExpressionError for what JSON cannot hold.
    """
    if kind(value) in {"bytes", "other"}:
        msg = f"{describe(value)} cannot be written as JSON"
        raise ExpressionError(msg, hint="bytes become text with | b64encode or | hex")
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        msg = f"{describe(value)} cannot be written as JSON: {error}"
        raise ExpressionError(msg) from None


def as_text(value: object) -> str:
    """The text that ``value`` is; raises ExpressionError for every other kind."""
    if kind(value) == "text":
        return cast("str", value)
    raise _unfit(value, "text", "other values become text with | str, bytes also with | b64encode")


def as_bytes(value: object) -> bytes:
    """Bytes as they are, text as UTF-8; raises ExpressionError for others."""
    if type(value) is bytes:  # a stream's, in each of its messages
        return value
    match kind(value):
        case "bytes":
            return cast("bytes", value)
        case "text":
            try:
                return cast("str", value).encode()
            except UnicodeEncodeError:
                raise _unfit(value, "text that UTF-8 can hold") from None
        case _:
            raise _unfit(value, "text or bytes")


def as_list(value: object) -> Sequence[object]:
    """The list that ``value`` is; raises ExpressionError for every other kind."""
    if kind(value) == "list":
        return cast("Sequence[object]", value)
    raise _unfit(value, "a list")


def as_mapping(value: object) -> Mapping[str, object]:
    """The mapping that ``value`` is; raises ExpressionError for every other kind."""
    if kind(value) == "mapping":
        return cast("Mapping[str, object]", value)
    raise _unfit(value, "a mapping")


def as_number(value: object) -> int | float:
    """The number that ``value`` is; raises ExpressionError for every other kind."""
    if kind(value) == "number":
        return cast("int | float", value)
    raise _unfit(value, "a number", "text becomes a number with | int or | float")


def as_count(value: object, highest: int, lowest: int = 0) -> int:
    """A whole number within bounds; raises ExpressionError."""
    if type(value) is int and lowest <= value <= highest:
        return value
    raise _unfit(value, f"a whole number from {lowest} to {highest}")


def bounded(number: float) -> int | float:
    """``number`` itself; raises ExpressionError if it is beyond 64 bits, infinite or no number."""
    if type(number) is int:
        if LOWEST <= number <= HIGHEST:
            return number
    elif math.isfinite(number):
        return number
    msg = "the number is beyond what JSON can carry"
    raise ExpressionError(msg)


def short_enough(length: int) -> None:
    """Raise ExpressionError before a text or bytes of ``length`` would be built."""
    if length > MAX_TEXT:
        msg = f"the result would be longer than {MAX_TEXT // 2**20} MiB"
        raise ExpressionError(msg)


def _unfit(value: object, wanted: str, hint: str | None = None) -> ExpressionError:
    if value is None:
        hint = MISSING
    return ExpressionError(f"needs {wanted}, not {describe(value)}", hint=hint)


def _bool_text(value: object) -> str:
    return "true" if value else "false"


def _number_text(value: float) -> str:
    try:
        return str(value)
    except ValueError:  # Python refuses to print integers of more than 4,300 digits
        msg = f"{describe(value)} cannot be written as text"
        raise ExpressionError(msg) from None


def _bytes_text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        msg = f"{describe(value)} are no text"
        hint = "write them as text with | b64encode or | hex"
        raise ExpressionError(msg, hint=hint) from None


def _json_text(value: object) -> str:
    return to_json(value).decode()


def _time_text(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _described_number(value: float) -> str:
    return f"the number {value:.12g}" if abs(value) < 1e300 else "a very large number"


def _described_text(value: str) -> str:
    return f"the text {value!r}" if len(value) <= _SHOWN else f"a text of {len(value)} characters"


_WRITERS: Final[Mapping[str, Callable[[Any], str]]] = {
    "null": lambda _: "",
    "bool": _bool_text,
    "number": _number_text,
    "text": lambda value: value,
    "bytes": _bytes_text,
    "list": _json_text,
    "mapping": _json_text,
    "time": _time_text,
}
_DESCRIBERS: Final[Mapping[str, Callable[[Any], str]]] = {
    "null": lambda _: "null",
    "bool": _bool_text,
    "number": _described_number,
    "text": _described_text,
    "bytes": lambda value: f"bytes of length {len(value)}",
    "list": lambda value: f"a list of {len(value)}",
    "mapping": lambda value: f"a mapping of {len(value)}",
    "time": lambda _: "a time",
}
