"""Filters on text and numbers: letters, rounding, padding, defaults, dates."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Final, cast

from perfspec.expr.errors import ExpressionError
from perfspec.expr.filters.function import Function, Parameter, pure
from perfspec.expr.values import (
    as_count,
    as_number,
    as_text,
    bounded,
    describe,
    kind,
    short_enough,
    to_text,
)

_WHOLE: Final = re.compile(r"\s*[+-]?[0-9]{1,20}\s*")
_DECIMAL: Final = re.compile(r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?\s*")
_MAX_PAD: Final = 1000


def _upper(value: object) -> str:
    return as_text(value).upper()


def _lower(value: object) -> str:
    return as_text(value).lower()


def _trim(value: object) -> str:
    return as_text(value).strip()


def _replace(value: object, old: object, new: object) -> str:
    text, search, put = as_text(value), as_text(old), as_text(new)
    if not search:
        msg = "the text to replace is empty"
        raise ExpressionError(msg)
    short_enough(len(text) + text.count(search) * (len(put) - len(search)))
    return text.replace(search, put)


def _default(value: object, otherwise: object) -> object:
    return otherwise if value is None else value


def _pad(value: object, width: object, fill: object = "0") -> str:
    if kind(value) not in {"number", "text"} or type(value) is float:
        msg = f"needs a whole number or text, not {describe(value)}"
        raise ExpressionError(msg)
    text, size, character = to_text(value), as_count(width, _MAX_PAD), as_text(fill)
    if len(character) != 1:
        msg = f"fills with one character, not {describe(fill)}"
        raise ExpressionError(msg)
    return text.zfill(size) if character == "0" else text.rjust(size, character)


def _int(value: object) -> int | float:
    match kind(value):
        case "bool":
            return int(cast("bool", value))
        case "number" if math.isfinite(cast("float", value)):
            return bounded(int(cast("float", value)))
        case "text" if _WHOLE.fullmatch(cast("str", value)):
            return bounded(int(cast("str", value)))
        case "time":
            return int(cast("datetime", value).timestamp())
        case _:
            msg = f"{describe(value)} is no whole number"
            hint = "| float | int drops what is after the point" if kind(value) == "text" else None
            raise ExpressionError(msg, hint=hint)


def _float(value: object) -> int | float:
    match kind(value):
        case "bool" | "number":
            return bounded(_as_float(cast("float", value)))
        case "text" if _DECIMAL.fullmatch(cast("str", value)):
            return bounded(float(cast("str", value)))
        case "time":
            return cast("datetime", value).timestamp()
        case _:
            msg = f"{describe(value)} is no number"
            raise ExpressionError(msg)


def _round(value: object, digits: object = 0) -> int | float:
    number, places = as_number(value), as_count(digits, 15)
    if not math.isfinite(number):
        return bounded(number)
    return bounded(round(number, places) if places else round(number))


def _abs(value: object) -> int | float:
    return bounded(abs(as_number(value)))


def _date(value: object, form: object) -> str:
    pattern = as_text(form)
    seconds = None if kind(value) == "time" else as_number(value)
    short_enough(len(pattern) * 64)
    try:
        if seconds is None:
            return cast("datetime", value).strftime(pattern)
        return datetime.fromtimestamp(seconds, UTC).strftime(pattern)
    except (ValueError, OverflowError, OSError) as error:
        msg = f"{describe(value)} does not fit {describe(pattern)}: {error}"
        raise ExpressionError(msg) from None


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


_FORM = "%Y-%m-%d"

TEXTS: Final = (
    Function("upper", "Text in capitals.", '"abc" | upper', "ABC", pure(_upper)),
    Function("lower", "Text in small letters.", '"ABC" | lower', "abc", pure(_lower)),
    Function(
        "trim", "Text without white space at its ends.", '"  abc " | trim', "abc", pure(_trim),
    ),
    Function(
        "replace", "Text with every occurrence of one text replaced by another.",
        '"a-b-c" | replace("-", "")', "abc", pure(_replace), (Parameter("old"), Parameter("new")),
    ),
    Function(
        "default", "The value, or another one where it is null.",
        'user.nickname | default("nobody")', "nobody", pure(_default), (Parameter("otherwise"),),
    ),
    Function(
        "pad", "A whole number or text, filled up on its left with zeros or another character.",
        "7 | pad(3)", "007", pure(_pad), (Parameter("width"), Parameter("fill", optional=True)),
    ),
    Function("str", "Text of any value; bytes must be UTF-8.", "12.5 | str", "12.5", pure(to_text)),
    Function(
        "int", "A whole number from text, a number (what is after the point is dropped) or a time "
        "(seconds since 1970).",
        '"42" | int', 42, pure(_int),
    ),
    Function(
        "float", "A number from text, a number, or a time (seconds since 1970).",
        '"2.5" | float', 2.5, pure(_float),
    ),
    Function(
        "round", "A number rounded to so many digits after the point, or to a whole number; a half "
        "goes to the even neighbour.",
        "2.345 | round(1)", 2.3, pure(_round), (Parameter("digits", optional=True),),
    ),
    Function("abs", "A number without its sign.", "-3 | abs", 3, pure(_abs)),
    Function(
        "date", "A time, or seconds since 1970 in UTC, in a form of strftime.",
        f'now() | date("{_FORM}")', "2026-11-21", pure(_date), (Parameter("form"),),
    ),
)  # fmt: skip
