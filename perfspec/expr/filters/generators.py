"""Functions that make values up: identifiers, numbers and text by the run's seed, and the time."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Final

from perfspec.expr.errors import ExpressionError
from perfspec.expr.filters.function import Function, Parameter
from perfspec.expr.values import HIGHEST, LOWEST, as_count

if TYPE_CHECKING:
    from perfspec.expr.filters.function import Implementation
    from perfspec.expr.tools import Tools

_LETTERS: Final = string.ascii_lowercase + string.digits
_MAX_LENGTH: Final = 2**20


def _uuid(tools: Tools) -> Implementation:
    from uuid import UUID  # noqa: PLC0415  (11 ms, and lint has no use for it)

    bits = tools.rng.getrandbits
    return lambda: str(UUID(int=bits(128), version=4))


def _now(tools: Tools) -> Implementation:
    return tools.now


def _random_int(tools: Tools) -> Implementation:
    draw = tools.rng.randrange

    def random_int(low: object, high: object) -> int:
        lowest = as_count(low, HIGHEST, LOWEST)
        highest = as_count(high, HIGHEST, LOWEST)
        if lowest > highest:
            msg = f"the range from {lowest} to {highest} is empty"
            raise ExpressionError(msg)
        return draw(lowest, highest + 1)

    return random_int


def _random_text(tools: Tools) -> Implementation:
    draw = tools.rng.choices
    return lambda length: "".join(draw(_LETTERS, k=as_count(length, _MAX_LENGTH)))


GENERATORS: Final = (
    Function(
        "uuid", "A random UUID (version 4).",
        "uuid()", "e3e70682-c209-4cac-a29f-6fbed82c07cd", _uuid,
    ),
    Function(
        "now", "The time in UTC; now() | int is in seconds since 1970.",
        "now() | str", "2026-11-21T06:37:00Z", _now,
    ),
    Function(
        "random_int", "A whole number between two others, both included.",
        "random_int(1, 10)", 7, _random_int, (Parameter("low"), Parameter("high")),
    ),
    Function(
        "random_text", "So many random small letters and digits.",
        "random_text(8)", "41pjso2k", _random_text, (Parameter("length"),),
    ),
)  # fmt: skip
