"""Filters on lists, most of all captured ones: choosing, ordering, joining."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from perfspec.expr.errors import ExpressionError
from perfspec.expr.filters.function import Function, Parameter, pure
from perfspec.expr.values import (
    MAX_ITEMS,
    MAX_TEXT,
    as_bytes,
    as_count,
    as_list,
    as_text,
    describe,
    kind,
    short_enough,
    to_json,
    to_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfspec.expr.filters.function import Implementation
    from perfspec.expr.tools import Tools


def _random(tools: Tools) -> Implementation:
    draw = tools.rng.random

    def random_element(value: object) -> object:
        items = value if type(value) is list else _list_or_empty(value)
        return items[int(draw() * len(items))] if items else None

    return random_element


def _first(value: object) -> object:
    items = _list_or_empty(value)
    return items[0] if items else None


def _last(value: object) -> object:
    items = _list_or_empty(value)
    return items[-1] if items else None


def _length(value: object) -> int:
    match kind(value):
        case "null":
            return 0
        case "text" | "bytes" | "list" | "mapping":
            return len(cast("Sequence[object]", value))
        case _:
            msg = f"needs a list, a mapping, text or bytes, not {describe(value)}"
            raise ExpressionError(msg)


def _extreme(choose: Callable[..., object]) -> Implementation:
    def extreme(value: object) -> object:
        items = _list_or_empty(value)
        _comparable(items)
        return choose(items) if items else None

    return extreme


def _sort(value: object) -> Sequence[object]:
    items = as_list(value)
    _comparable(items)
    return sorted(cast("Sequence[float]", items))


def _unique(value: object) -> list[object]:
    seen: dict[tuple[str, bytes], object] = {}
    for each in as_list(value):
        content = as_bytes(each) if kind(each) == "bytes" else to_json(each)
        seen.setdefault((kind(each), content), each)
    return list(seen.values())


def _slice(value: object, start: object, end: object = None) -> object:
    low = as_count(start, MAX_TEXT, -MAX_TEXT)
    high = None if end is None else as_count(end, MAX_TEXT, -MAX_TEXT)
    if kind(value) in {"text", "bytes", "list"}:
        return cast("Sequence[object]", value)[low:high]
    msg = f"needs a list, text or bytes, not {describe(value)}"
    raise ExpressionError(msg)


def _join(value: object, separator: object = "") -> str:
    between = as_text(separator)
    texts = [to_text(each) for each in as_list(value)]
    short_enough(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


def _split(value: object, separator: object = None) -> list[str]:
    text = as_text(value)
    mark = None if separator is None else as_text(separator)
    if mark == "":
        msg = "the separator is empty"
        raise ExpressionError(msg)
    parts = text.split(mark, MAX_ITEMS)
    if len(parts) > MAX_ITEMS:
        msg = f"the text has more than {MAX_ITEMS} parts"
        raise ExpressionError(msg)
    return parts


def _list_or_empty(value: object) -> Sequence[object]:
    return () if value is None else as_list(value)


def _comparable(items: Sequence[object]) -> None:
    kinds = {kind(each) for each in items}
    if len(kinds) > 1 or not kinds <= {"number", "text", "time"}:
        msg = f"the elements are {' and '.join(sorted(kinds))}, which have no common order"
        raise ExpressionError(msg)


LISTS: Final = (
    Function(
        "random", "One element of a list, all equally likely; null of null or an empty list.",
        '["red", "green", "blue"] | random', "blue", _random,
    ),
    Function(
        "first", "The first element of a list; null of null or an empty list.",
        "project_ids | first", 7, pure(_first),
    ),
    Function(
        "last", "The last element of a list; null of null or an empty list.",
        "project_ids | last", 11, pure(_last),
    ),
    Function(
        "len", "How many elements, keys, characters or bytes; 0 of null.",
        "project_ids | len", 3, pure(_length),
    ),
    Function(
        "min", "The lowest number or text of a list; null of null or an empty list.",
        "[3, 1, 2] | min", 1, pure(_extreme(min)),
    ),
    Function(
        "max", "The highest number or text of a list; null of null or an empty list.",
        "[3, 1, 2] | max", 3, pure(_extreme(max)),
    ),
    Function(
        "sort", "The list from the lowest to the highest; all numbers or all text.",
        "[3, 1, 2] | sort", [1, 2, 3], pure(_sort),
    ),
    Function(
        "unique", "The list without what was there before, in the same order.",
        '["a", "b", "a"] | unique', ["a", "b"], pure(_unique),
    ),
    Function(
        "slice", "A part of a list, text or bytes, from one index (from 0) up to another, "
        "without it; negative indexes count from the end.",
        '"abcdef" | slice(1, 3)', "bc", pure(_slice),
        (Parameter("start"), Parameter("end", optional=True)),
    ),
    Function(
        "join", "The elements of a list as one text, with a separator between them.",
        'project_ids | join(",")', "7,9,11", pure(_join), (Parameter("separator", optional=True),),
    ),
    Function(
        "split", "The parts of a text between a separator, or between white space.",
        '"a,b,c" | split(",")', ["a", "b", "c"], pure(_split),
        (Parameter("separator", optional=True),),
    ),
)  # fmt: skip
