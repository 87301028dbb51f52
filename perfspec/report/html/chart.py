"""A chart is data: a title, a unit and lines, one value for each column of the time axis.

So whatever a result measures over time becomes a chart without a line of JavaScript. None is a gap.
"""

from __future__ import annotations

from typing import Literal

from perfspec.plan.base import Value

Unit = Literal["ms", "per_s", "ratio", "share", "count", "bytes", "bytes_per_s"]


class Line(Value, frozen=True, kw_only=True):
    """One value for each column. ``dashed`` is what was wanted, as opposed to measured."""

    name: str
    values: tuple[float | None, ...]
    dashed: bool = False


class Bound(Value, frozen=True, kw_only=True):
    """A limit as a horizontal line, in the unit of its chart."""

    name: str
    value: float


class Stretch(Value, frozen=True, kw_only=True):
    """A time that something took, in seconds of the test."""

    start_s: float
    end_s: float
    label: str


class Chart(Value, frozen=True, kw_only=True):
    """Lines over the time axis of the test, from zero up."""

    title: str
    unit: Unit
    lines: tuple[Line, ...]
    bounds: tuple[Bound, ...] = ()
    stretches: tuple[Stretch, ...] = ()


def rounded(value: float | None, digits: int = 4) -> float | None:
    """Significant digits as the histogram has them; a whole number as such, to save room."""
    if value is None:
        return None
    number = float(f"{value:.{digits}g}")
    return int(number) if number == int(number) else number
