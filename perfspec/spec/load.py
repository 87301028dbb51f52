"""Tests: how much load, and for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, PlainValidator, Tag, model_validator

from perfspec import units
from perfspec.spec.base import (
    Count,
    Duration,
    DurationRange,
    Rate,
    Share,
    Strict,
    Users,
    by_shape,
    lacking,
    only_one,
    read_quantity,
    written_as,
    wrong,
)
from perfspec.spec.budget import Compare, TestBudget
from perfspec.spec.capacity import PartOfCapacity
from perfspec.spec.limits import During, Slo, Tags
from perfspec.spec.persona import Shares

if TYPE_CHECKING:
    from pydantic_core.core_schema import ValidationInfo


class Jitter(Strict):
    """The level moves by chance during the hold."""

    by: Share = Field(description="By at most this share of the level. Example: `by: 10%`")
    every: DurationRange = Field(
        description="A new level is drawn after this. Example: `every: 30s..60s`"
    )


_SEARCH_FITS = "two numbers of users, the lower one first, such as 10..500"


def read_search(value: object, info: ValidationInfo) -> units.Range:
    """The lowest and the highest number of users."""
    return read_quantity(units.parse_users_range, value, info, units.Range(1, 2), _SEARCH_FITS)


class UserSearch(Strict):
    """Looks for the highest number of users that keeps ``stop_when``, by halving."""

    search: Annotated[
        units.Range,
        PlainValidator(read_search),
        written_as(r"0*[1-9][0-9]{0,5}\.\.0*[1-9][0-9]{0,5}", _SEARCH_FITS, ["10..500"]),
    ] = Field(description="From so many users to so many. Example: `search: 10..500`")


Spacing = Annotated[
    Literal["even", "poisson"],
    Field(
        json_schema_extra={
            "markdownEnumDescriptions": [
                "At equal distances",
                "By chance, as people who know nothing of each other come (a Poisson process)",
            ]
        }
    ),
]
_SPACING = "How they are spread, even when left out. Example: `spacing: poisson`"


class ArrivalRate(Strict):
    """How many journeys start in a second, and how they follow each other."""

    rate: Rate = Field(description="Journeys that start. Example: `rate: 10/s`")
    spacing: Spacing = Field("even", description=_SPACING)


class ArrivalLevels(Strict):
    """How many journeys start in a second, in one or several stages."""

    rate: Annotated[
        Annotated[Rate, Tag("<text>")] | Annotated[list[Rate], Field(min_length=1), Tag("<list>")],
        by_shape("a rate such as 10/s, or a list of rates"),
    ] = Field(
        description="Journeys that start, or several levels: a stage for each. "
        "Example: `rate: [10/s, 20/s]`"
    )
    spacing: Spacing = Field("even", description=_SPACING)


_ARRIVALS = "a rate such as 10/s, or { rate: 10/s, spacing: poisson }"


class Stage(Strict):
    """Changes the number of users, or of journeys started a second, then keeps it."""

    users: (
        Annotated[
            Annotated[Users, Tag("<text>")]
            | Annotated[list[Users], Field(min_length=1), Tag("<list>")]
            | Annotated[UserSearch, Tag("<map>")],
            by_shape("a number of users, a list of levels, or { search: 10..500 }"),
        ]
        | None
    ) = Field(
        None,
        description="The level, several (a stage for each), or the levels to search between. "
        "Example: `users: [10, 20, 40]`",
    )
    arrivals: (
        Annotated[
            Annotated[Rate, Tag("<text>")]
            | Annotated[list[Rate], Field(min_length=1), Tag("<list>")]
            | Annotated[ArrivalLevels, Tag("<map>")],
            by_shape(f"{_ARRIVALS}, or a list of rates"),
        ]
        | None
    ) = Field(
        None,
        description="Instead of users: so many journeys start, whatever the target does. "
        "Example: `arrivals: [10/s, 20/s]`",
    )
    ramp: Duration | None = Field(
        None,
        description="How long the change to the level takes, a jump when left out. "
        "Example: `ramp: 2m`",
    )
    hold: Duration | None = Field(
        None, description="How long the level is kept. Example: `hold: 10m`"
    )
    jitter: Jitter | None = Field(
        None,
        description="Lets the level move by chance during the hold. "
        "Example: `jitter: { by: 10%, every: 30s..60s }`",
    )

    @model_validator(mode="after")
    def _one_level(self) -> Self:
        only_one(self, ("users", "arrivals"), "a stage")
        return self


class StepFilter(Strict):
    """Steps by the tags of their endpoints."""

    tags: Tags = Field(description="Tags of endpoints, any of them. Example: `tags: [critical]`")


class Test(Strict):
    """One load on the target."""

    __test__ = False  # not one of pytest's

    description: str | None = Field(None, description="For readers. Example: `description: Peak`")
    users: Users | None = Field(
        None, description="So many users for the duration. Example: `users: 5`"
    )
    arrivals: (
        Annotated[
            Annotated[Rate, Tag("<text>")] | Annotated[ArrivalRate, Tag("<map>")],
            by_shape(_ARRIVALS),
        ]
        | None
    ) = Field(
        None,
        description="Instead of users: so many journeys start for the duration. "
        "Example: `arrivals: 10/s`",
    )
    duration: Duration | None = Field(
        None, description="How long the load is kept. Example: `duration: 2m`"
    )
    spawn_rate: Rate | None = Field(
        None,
        description="Users start at this rate, all at once when left out. "
        "Example: `spawn_rate: 10/s`",
    )
    stages: list[Stage] | None = Field(
        None,
        min_length=1,
        description="Instead of users and duration. "
        "Example: `stages: [{ users: 10, ramp: 2m, hold: 9m }]`",
    )
    max_users: Count | None = Field(
        None,
        description="With arrivals: at most so many users at once; a journey that finds none is "
        "dropped. Example: `max_users: 200`",
    )
    finish_within: Duration | None = Field(
        None,
        description="With arrivals: how long journeys may go on after the last stage, 30s when "
        "left out. Example: `finish_within: 1m`",
    )
    personas: Shares | None = Field(
        None,
        description="Replaces the weights, leaves others out. Example: `personas: { student: 95 }`",
    )
    only: StepFilter | None = Field(
        None, description="Only steps with one of these tags. Example: `only: { tags: [critical] }`"
    )
    without: StepFilter | None = Field(
        None, description="No step with one of these tags. Example: `without: { tags: [slow] }`"
    )
    every_step: bool = Field(
        default=False,
        description="chance counts as 100 %, every entry of a mix runs. "
        "Example: `every_step: true`",
    )
    endpoint_limits: Literal["fail", "warn", "off"] = Field(
        "fail",
        description="What limits on endpoints lead to, fail when left out. "
        "Example: `endpoint_limits: warn`",
        json_schema_extra={
            "markdownEnumDescriptions": [
                "A breach fails the test",
                "A breach makes the test no worse than warn",
                "They are not judged in this test",
            ]
        },
    )
    during: During = Field(
        "hold",
        description="Which seconds are judged, hold when left out. Example: `during: all`",
    )
    warm_up: Duration | None = Field(
        None,
        description="Cut from the start of what is judged, 10s when left out. "
        "Example: `warm_up: 30s`",
    )
    slo: Slo | None = Field(
        None,
        description="Limits of all requests of this test together. "
        "Example: `slo: { error_rate: 1% }`",
    )
    budget: TestBudget | None = Field(
        None,
        description="Replaces the root's, metric by metric. Example: `budget: { p95: +20% }`",
    )
    compare: Compare = Field(
        "auto",
        description="How budgets are compared, auto when left out. Example: `compare: none`",
    )
    abort: Slo | None = Field(
        None,
        description="A limit whose breach ends the test and fails it. "
        "Example: `abort: { error_rate: 10% }`",
    )
    stop_when: Slo | None = Field(
        None,
        description="Limits that this test looks for: the first one that is broken ends it with an "
        "answer. Example: `stop_when: { error_rate: 5%, p95: 5s }`",
    )
    recommend: PartOfCapacity | None = Field(
        None,
        description="How much of the capacity is advised. Example: `recommend: 70% of capacity`",
    )
    say: str | None = Field(
        None, description="Said when it does not pass. Example: `say: Too slow`"
    )
    advice: list[str] | None = Field(
        None, description="Given when it does not pass. Example: `advice: [caching, indexes]`"
    )

    @model_validator(mode="after")
    def _some_load(self) -> Self:
        written = self.model_fields_set
        short = ("users", "arrivals", "duration", "spawn_rate")
        if "stages" in written:
            clash = [each for each in short if each in written]
            if clash:
                text = f"stages excludes {' and '.join(clash)}"
                raise wrong(text)
        elif "duration" not in written or not written & {"users", "arrivals"}:
            text = "a test needs users and duration, arrivals and duration, or stages"
            raise lacking(text)
        elif "arrivals" in written:
            clash = [each for each in ("users", "spawn_rate") if each in written]
            if clash:
                text = f"arrivals excludes {' and '.join(clash)}"
                raise wrong(text)
        if "recommend" in written and "stop_when" not in written:
            text = "recommend is a share of the capacity that stop_when finds: write stop_when, too"
            raise lacking(text)
        return self
