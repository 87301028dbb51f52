"""Limits on monitors: their unit is that of the series, so it is read before it is known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final, Literal, NamedTuple, Self

from pydantic import Field, PlainValidator, Tag, WithJsonSchema, model_validator

from perfspec import units
from perfspec.spec.base import (
    VARIABLE,
    Duration,
    Strict,
    by_shape,
    lacking,
    substitute,
    unfit,
    wrong,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic_core.core_schema import ValidationInfo

Kind = Literal["share", "duration", "size", "rate", "transfer", "count"]
Unit = Literal["percent", "ratio", "ms", "s", "bytes", "count", "per_s", "bytes_per_s"]
UNITS: Final[dict[Unit, tuple[Kind, str, str]]] = {
    "percent": ("share", "A percentage: 100 is all", "70%"),
    "ratio": ("share", "A share: 1 is all", "70%"),
    "ms": ("duration", "Milliseconds", "300ms"),
    "s": ("duration", "Seconds", "300ms"),
    "bytes": ("size", "Bytes", "500MB"),
    "count": ("count", "A number of things", "15"),
    "per_s": ("rate", "Events a second", "10/s"),
    "bytes_per_s": ("transfer", "Bytes a second", "10MB/s"),
}
"""Units of series, each with the kind of its limits, its meaning and how a limit is written."""

_FITS: Final = "a limit in the unit of its series, such as 70%, 300ms, 500MB, 10/s, 10MB/s or 15"
_NUMBER: Final = r"[0-9]+(\.[0-9]+)?"
_SIZE: Final = r"(B|KB|MB|GB|KiB|MiB|GiB)"
_ANY: Final = (
    rf"({_NUMBER}(ms|s|m|h|d))+|{_NUMBER}\s*{_SIZE}(\s*/\s*s)?|{_NUMBER}\s*/\s*(s|min|h)"
    rf"|([0-9]{{1,2}}(\.[0-9]+)?|100(\.0+)?|0+[0-9]{{1,2}}(\.[0-9]+)?)\s*%"
)
_NAMED: Final = r"\$\{[A-Za-z_][A-Za-z0-9_]*"


class Level(NamedTuple):
    """A number in base units; ``kind`` is None while the variable that it stands in is unknown."""

    value: float
    kind: Kind | None


def read_level(value: object, info: ValidationInfo) -> Level:
    """A share, duration, size, rate, transfer rate or count."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value < 0:
            text = f"{value} is below 0: write {_FITS}"
            raise unfit(text)
        return Level(float(value), "count")
    if not isinstance(value, str):
        text = f"this is no quantity: write {_FITS}"
        raise unfit(text)
    if VARIABLE.search(value):
        known = substitute(value, info.context or {})
        if known is None:
            return Level(1.0, None)
        value = known
    for kind, pattern, parse in _READERS:
        if re.fullmatch(pattern, value):
            try:
                return Level(parse(value), kind)
            except ValueError as error:
                raise unfit(str(error)) from None
    text = f"{value!r} is no quantity: write {_FITS}"
    raise unfit(text)


def _memory(text: str) -> float:
    return units.parse_size(text, 10**18)


def _transfer(text: str) -> float:
    return _memory(text.rpartition("/")[0])


_READERS: Final[tuple[tuple[Kind, str, Callable[[str], float]], ...]] = (
    ("share", r"[^%]+%\s*", units.parse_share),
    ("transfer", r".*B\s*/\s*s\s*", _transfer),
    ("rate", r".+/.+", units.parse_rate),
    ("size", rf".*{_SIZE}\s*", _memory),
    ("count", rf"\s*{_NUMBER}\s*", float),
    ("duration", r".*(ms|s|m|h|d)\s*", units.parse_duration),
)

AnyLevel = Annotated[
    Level,
    PlainValidator(read_level),
    WithJsonSchema(
        {
            "type": ["string", "number"],
            "minimum": 0,
            "pattern": rf"^\s*({_ANY}|{_NUMBER})\s*$|(^|[^$]){_NAMED}\}}"
            rf"|^\s*{_NAMED}:-\s*({_ANY}|{_NUMBER})\s*\}}\s*$",
            "patternErrorMessage": f"Write {_FITS}",
            "examples": ["70%", "300ms", "500MB", 15],
        }
    ),
]


class MonitorLevels(Strict):
    """A limit on a series in two levels, or one that it must reach."""

    warn: AnyLevel | None = Field(None, description="Beyond this: a warning. Example: `warn: 70%`")
    fail: AnyLevel | None = Field(None, description="Beyond this: a failure. Example: `fail: 90%`")
    min: AnyLevel | None = Field(None, description="At least this. Example: `min: 4`")
    within: Duration | None = Field(
        None,
        description="So long after the ramp to the highest level begins, `min` must be reached. "
        "Example: `within: 90s`",
    )

    @model_validator(mode="after")
    def _some_level(self) -> Self:
        if not self.model_fields_set & {"warn", "fail", "min"}:
            text = "write warn, fail or min"
            raise lacking(text)
        if "within" in self.model_fields_set and "min" not in self.model_fields_set:
            text = "within says when min must be reached: write min, or leave within out"
            raise wrong(text)
        return self


MonitorLimit = Annotated[
    Annotated[AnyLevel, Tag("<text>")] | Annotated[MonitorLevels, Tag("<map>")],
    by_shape("a limit such as 70%, or { warn: 70%, fail: 90% }, or { min: 4 }"),
]
STATISTICS: Final = ("mean", "max", "min", "p50", "p75", "p90", "p95", "p99")
_WORD: Final = "[a-z][a-z0-9_]*"
GrowingSeries = Annotated[
    str,
    Field(
        pattern=rf"^{_WORD}\.{_WORD}$",
        max_length=130,
        json_schema_extra={
            "patternErrorMessage": "Write MONITOR.SERIES, such as api.memory: a trend is of the "
            "readings themselves"
        },
    ),
]
SeriesName = Annotated[
    str,
    Field(
        pattern=rf"^{_WORD}\.{_WORD}(\.({'|'.join(STATISTICS)}))?$",
        max_length=140,
        json_schema_extra={
            "patternErrorMessage": "Write MONITOR.SERIES, such as api.cpu, or "
            "MONITOR.SERIES.STATISTIC, such as api.cpu.p95"
        },
    ),
]
