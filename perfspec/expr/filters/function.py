"""One row of the table of filters and functions: what is checked, run and documented."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, cast

import msgspec

from perfspec.expr.errors import ExpressionError, did_you_mean
from perfspec.expr.tools import Tools
from perfspec.expr.values import describe, kind

Implementation: TypeAlias = Callable[..., object]


class Parameter(msgspec.Struct, frozen=True):
    """One argument in parentheses; ``choices`` are the only texts it may be."""

    name: str
    optional: bool = False
    choices: tuple[str, ...] = ()


class Function(msgspec.Struct, frozen=True):
    """A filter (its first argument is the piped value) or a function.

    ``build`` is called once for each use, when the expression is compiled; what it returns is
    called with the arguments' values and raises ExpressionError for values that do not fit.
    ``example`` is an expression over ``EXAMPLE_SCOPE``, ``gives`` its value.
    """

    name: str
    description: str
    example: str
    gives: object
    build: Callable[[Tools], Implementation]
    parameters: tuple[Parameter, ...] = ()

    @property
    def signature(self) -> str:
        """``pad(width, [fill])``."""
        names = ", ".join(
            f"[{each.name}]" if each.optional else each.name for each in self.parameters
        )
        return f"{self.name}({names})"

    def check_count(self, count: int, at: int) -> None:
        """Raise ExpressionError unless ``count`` arguments fit."""
        least = sum(not each.optional for each in self.parameters)
        if not least <= count <= len(self.parameters):
            msg = f"{self.name} has {count} arguments, which does not fit {self.signature}"
            raise ExpressionError(msg, offset=at)

    def check_literal(self, position: int, value: object, at: int) -> None:
        """Raise ExpressionError when a written argument is none of the parameter's choices."""
        if position < len(self.parameters):
            check_choice(self.parameters[position], value, at)


def check_choice(parameter: Parameter, value: object, at: int | None = None) -> None:
    """Raise ExpressionError unless ``value`` is one of the parameter's choices, if it has any."""
    text = cast("str", value) if kind(value) == "text" else ""
    if parameter.choices and text not in parameter.choices:
        hint = did_you_mean(text, parameter.choices)
        known = ", ".join(parameter.choices)
        msg = f"{parameter.name} is {describe(value)}, not one of {known}"
        raise ExpressionError(msg, offset=at, hint=hint)


def pure(implementation: Implementation) -> Callable[[Tools], Implementation]:
    """For what needs neither tools nor a library that is slow to import."""
    return lambda _tools: implementation
