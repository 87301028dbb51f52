"""Budgets and baselines: how much worse than before is allowed, and what "before" is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, PlainValidator, Tag, model_validator

from perfspec import units
from perfspec.spec.base import (
    CalledName,
    Duration,
    Strict,
    Text,
    Times,
    by_shape,
    lacking,
    read_quantity,
    written_as,
)

if TYPE_CHECKING:
    from pydantic_core.core_schema import ValidationInfo

_ABOVE_0 = r"([0-9]*[1-9][0-9]*(\.[0-9]+)?|[0-9]+\.[0-9]*[1-9][0-9]*)"
_BETWEEN_0_AND_100 = r"0*([1-9][0-9]?(\.[0-9]+)?|0\.[0-9]*[1-9][0-9]*)"
_RISE_FITS = "how much more is allowed, such as +10%"
_FALL_FITS = "how much less is allowed, such as -5%"
_POINTS_FITS = "how many percentage points more are allowed, such as +0.5pp"


def read_rise(value: object, info: ValidationInfo) -> float:
    """A ratio above 0."""
    return read_quantity(units.parse_rise, value, info, 0.1, _RISE_FITS)


def read_fall(value: object, info: ValidationInfo) -> float:
    """A ratio above 0, of what may be missing."""
    return read_quantity(units.parse_fall, value, info, 0.1, _FALL_FITS)


def read_points(value: object, info: ValidationInfo) -> float:
    """A difference of ratios above 0."""
    return read_quantity(units.parse_points, value, info, 0.01, _POINTS_FITS)


Rise = Annotated[
    float,
    PlainValidator(read_rise),
    written_as(rf"\+{_ABOVE_0}\s*%", _RISE_FITS, ["+10%", "+25%"]),
]
Fall = Annotated[
    float,
    PlainValidator(read_fall),
    written_as(rf"-{_BETWEEN_0_AND_100}\s*%", _FALL_FITS, ["-5%", "-10%"]),
]
Points = Annotated[
    float,
    PlainValidator(read_points),
    written_as(rf"\+{_ABOVE_0}\s*pp", _POINTS_FITS, ["+0.1pp", "+0.5pp"]),
]
_NEEDED = (
    "Requests that a comparison needs, 500 when left out (p99 5000, p99_9 50000). "
    "Example: `min_samples: 1000`"
)
MinSamples = Annotated[int, Field(ge=1, le=10_000_000, description=_NEEDED)]


class _Levels(Strict):
    @model_validator(mode="after")
    def _some_level(self) -> Self:
        if not self.model_fields_set & {"warn", "fail"}:
            text = "write warn, fail or both"
            raise lacking(text)
        return self


class RiseLevels(_Levels):
    """How much slower, in two levels."""

    warn: Rise | None = Field(None, description="Beyond this: a warning. Example: `warn: +10%`")
    fail: Rise | None = Field(None, description="Beyond this: a failure. Example: `fail: +20%`")
    floor: Duration | None = Field(
        None,
        description="It must be slower by this much, too. Example: `floor: 20ms`",
    )
    min_samples: MinSamples | None = None


class FallLevels(_Levels):
    """How much less throughput, in two levels."""

    warn: Fall | None = Field(None, description="Beyond this: a warning. Example: `warn: -5%`")
    fail: Fall | None = Field(None, description="Beyond this: a failure. Example: `fail: -10%`")


class PointsLevels(_Levels):
    """How many more errors, in two levels."""

    warn: Points | None = Field(None, description="Beyond this: a warning. Example: `warn: +0.1pp`")
    fail: Points | None = Field(None, description="Beyond this: a failure. Example: `fail: +0.5pp`")


Slower = Annotated[
    Annotated[Rise, Tag("<text>")] | Annotated[RiseLevels, Tag("<map>")],
    by_shape("how much slower, such as +10%, or { warn: +10%, fail: +20%, floor: 20ms }"),
]
Less = Annotated[
    Annotated[Fall, Tag("<text>")] | Annotated[FallLevels, Tag("<map>")],
    by_shape("how much less, such as -5%, or { warn: -5%, fail: -10% }"),
]
MoreErrors = Annotated[
    Annotated[Points, Tag("<text>")] | Annotated[PointsLevels, Tag("<map>")],
    by_shape("percentage points, such as +0.5pp, or { warn: +0.1pp, fail: +0.5pp }"),
]


class Budget(Strict):
    """How much worse than the baseline each endpoint may be."""

    p50: Slower | None = Field(
        None, description="Latency of half of the requests. Example: `p50: +10%`"
    )
    p75: Slower | None = Field(
        None, description="Latency of 75 % of the requests. Example: `p75: +10%`"
    )
    p90: Slower | None = Field(
        None, description="Latency of 90 % of the requests. Example: `p90: +10%`"
    )
    p95: Slower | None = Field(
        None, description="Latency of 95 % of the requests. Example: `p95: +10%`"
    )
    p99: Slower | None = Field(
        None, description="Latency of 99 % of the requests. Example: `p99: +25%`"
    )
    p99_9: Slower | None = Field(
        None, description="Latency of 99.9 % of the requests. Example: `p99_9: +50%`"
    )
    error_rate: MoreErrors | None = Field(
        None,
        description="Share of requests that failed; +0.1pp when left out. "
        "Example: `error_rate: +0.5pp`",
    )

    @model_validator(mode="after")
    def _some_budget(self) -> Self:
        if not self.model_fields_set:
            text = "write a budget, such as p95: +10%"
            raise lacking(text)
        return self


class TestBudget(Budget):
    """Budgets of every endpoint of a test, and of the test as a whole."""

    __test__ = False  # not one of pytest's

    throughput: Less | None = Field(
        None,
        description="Requests a second of all endpoints together. Example: `throughput: -5%`",
    )


Compare = Annotated[
    Literal["auto", "history", "duet", "none"],
    Field(
        json_schema_extra={
            "markdownEnumDescriptions": [
                "As is best here: as a duet where that can be, else with the runs of the baseline",
                "With the runs of the baseline",
                "With another commit (`--base`) on the same machine at the same time",
                "Not at all; nothing is recorded",
            ]
        }
    ),
]
Day = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
        json_schema_extra={"patternErrorMessage": "Write a day such as 2026-12-31"},
    ),
]
Metric = Literal["p50", "p75", "p90", "p95", "p99", "p99_9", "error_rate"]


class Waiver(Strict):
    """A regression that is known and only warns until a day."""

    endpoint: CalledName = Field(description="Whose budgets. Example: `endpoint: checkout`")
    metric: Metric | None = Field(
        None, description="Only this one, all of them when left out. Example: `metric: p95`"
    )
    until: Day = Field(
        description='The last day that it holds. Example: `until: "2026-12-31"`',
    )
    reason: Text = Field(description="Why it may wait. Example: `reason: new payment provider`")
    owner: Text = Field(description="Who mends it. Example: `owner: team-checkout`")


Store = Annotated[
    str,
    Field(
        pattern=r"^(git:[A-Za-z0-9][A-Za-z0-9._/-]*|dir:\S.*"
        r"|((s3|gs):[a-z0-9][a-z0-9._-]*|az:[a-z0-9]+/[a-z0-9][a-z0-9-]*)(/\S*)?|\$\{.*)$",
        json_schema_extra={
            "patternErrorMessage": "Write git:BRANCH, dir:PATH, s3:BUCKET/PREFIX, gs:BUCKET/PREFIX "
            "or az:ACCOUNT/CONTAINER/PREFIX"
        },
    ),
]


class Baseline(Strict):
    """The runs that a test is compared with."""

    store: Store = Field(
        description="Where records of runs are kept: a branch of this repository, a folder, or a "
        "bucket of Amazon S3 (`s3:`, with perfspec[aws]), Google Cloud Storage (`gs:`, "
        "perfspec[gcp]) or Azure Blob Storage (`az:`, perfspec[azure]). "
        "Example: `store: git:perfspec-baselines`"
    )
    compare_with: Text = Field(
        "main",
        description="The branch whose runs are the baseline, main when left out. "
        "Example: `compare_with: main`",
    )
    runs: Times | None = Field(
        None,
        description="How many runs are wanted and at most used, 5..30 when left out. "
        "Example: `runs: 5..30`",
    )
    missing: Literal["warn", "pass", "fail"] = Field(
        "warn",
        description="What a budget is that the baseline cannot decide, warn when left out. "
        "Example: `missing: fail`",
        json_schema_extra={
            "markdownEnumDescriptions": [
                "A warning: the test goes on to pass",
                "Nothing",
                "A failure",
            ]
        },
    )
    confirm: bool = Field(
        default=True,
        description="Whether a test that fails a budget runs once more and fails only if it does "
        "so again. Example: `confirm: false`",
    )
