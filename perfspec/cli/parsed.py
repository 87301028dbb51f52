"""Values of options as the language writes them, with the language's own words on what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from perfspec.units import parse_duration, parse_share

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Parsed(click.ParamType[T]):
    """A text that ``parse`` understands; the ValueError that it raises is shown."""

    def __init__(self, name: str, parse: Callable[[str], T]) -> None:
        self.name = name
        self._parse = parse

    def convert(
        self,
        value: Any,  # noqa: ANN401  (click's signature)
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> T:
        if not isinstance(value, str):
            parsed: T = value
            return parsed
        try:
            return self._parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _some_share(text: str) -> float:
    share = parse_share(text)
    if share == 0:
        msg = "0% leaves no time at all"
        raise ValueError(msg)
    return share


DURATION: Final = Parsed("duration", parse_duration)
PERCENT: Final = Parsed("percentage", _some_share)
