"""What operators do: numbers with numbers, text with text, nothing that grows without bound."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Final, cast

from perfspec.expr.errors import ExpressionError
from perfspec.expr.values import MISSING, bounded, describe, kind, short_enough

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    Operation = Callable[[object, object], object]
    Numeric = Callable[[float, float], float]

_ORDERED: Final = frozenset({"number", "text", "time"})


def add(left: object, right: object) -> object:
    """Sum of numbers or concatenation of texts; raises ExpressionError for anything else."""
    if type(left) is str and type(right) is str:
        short_enough(len(left) + len(right))
        return left + right
    return _compute("+", operator.add, left, right)


def negate(value: object) -> object:
    """The number with the other sign; raises ExpressionError for anything else."""
    if kind(value) != "number":
        msg = f"- needs a number, not {describe(value)}"
        raise ExpressionError(msg)
    return bounded(-cast("float", value))


def equal(left: object, right: object) -> bool:
    """Same kind and same value: ``1 == 1.0``, but ``1 != true`` and ``"1" != 1``."""
    one, other = kind(left), kind(right)
    if one != other:
        return False
    return left is right if one == "other" else left == right


def contains(item: object, container: object) -> bool:
    """An element of a list, a key of a mapping, or a part of a text."""
    match kind(container):
        case "text" if kind(item) == "text":
            return cast("str", item) in cast("str", container)
        case "mapping":
            return kind(item) == "text" and item in cast("Container[object]", container)
        case "list":
            return any(equal(item, each) for each in cast("list[object]", container))
        case _:
            msg = f"{describe(item)} cannot be in {describe(container)}"
            raise ExpressionError(msg, hint=_missing(container))


def _compute(sign: str, calculate: Numeric, left: object, right: object) -> object:
    if kind(left) != "number" or kind(right) != "number":
        msg = f"{describe(left)} {sign} {describe(right)} has no meaning"
        hint = _missing(left, right) or "text becomes a number with | int, a number text with | str"
        raise ExpressionError(msg, hint=hint)
    try:
        return bounded(calculate(cast("float", left), cast("float", right)))
    except ZeroDivisionError:
        msg = "division by zero"
    except OverflowError:
        msg = "the result is beyond the numbers that JSON can carry"
    raise ExpressionError(msg)


def _compare(sign: str, compare: Numeric, left: object, right: object) -> bool:
    one, other = kind(left), kind(right)
    if one != other or one not in _ORDERED:
        msg = f"{describe(left)} {sign} {describe(right)} cannot be decided"
        hint = _missing(left, right) or "text becomes a number with | int or | float"
        raise ExpressionError(msg, hint=hint)
    try:
        return bool(compare(cast("float", left), cast("float", right)))
    except TypeError:
        msg = "a time with a zone and one without cannot be compared"
        raise ExpressionError(msg) from None


def _missing(*values: object) -> str | None:
    return MISSING if any(value is None for value in values) else None


def _arithmetic(sign: str, calculate: Numeric) -> Operation:
    def apply(left: object, right: object) -> object:
        return _compute(sign, calculate, left, right)

    return apply


def _ordering(sign: str, compare: Numeric) -> Operation:
    def apply(left: object, right: object) -> object:
        return _compare(sign, compare, left, right)

    return apply


ARITHMETIC: Final[dict[str, Operation]] = {
    "+": add,
    "-": _arithmetic("-", operator.sub),
    "*": _arithmetic("*", operator.mul),
    "/": _arithmetic("/", operator.truediv),
    "//": _arithmetic("//", operator.floordiv),
    "%": _arithmetic("%", operator.mod),
}
COMPARISONS: Final[dict[str, Operation]] = {
    "==": equal,
    "!=": lambda left, right: not equal(left, right),
    "<": _ordering("<", operator.lt),
    "<=": _ordering("<=", operator.le),
    ">": _ordering(">", operator.gt),
    ">=": _ordering(">=", operator.ge),
    "in": contains,
    "not in": lambda left, right: not contains(left, right),
}
