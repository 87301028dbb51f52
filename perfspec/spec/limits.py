"""Limits: one key for each metric, so that no typo can disarm one."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, Tag, model_validator

from perfspec.spec.base import (
    CalledName,
    Duration,
    Name,
    Rate,
    Share,
    Strict,
    Text,
    by_shape,
    lacking,
)
from perfspec.spec.capacity import UserLevel
from perfspec.spec.levels import GrowingSeries, MonitorLimit, SeriesName

_SAMPLES = "With fewer samples it never passes, 10 when left out. Example: `min_samples: 100`"
MinSamples = Annotated[int, Field(ge=1, le=1_000_000, description=_SAMPLES)]
During = Annotated[
    Literal["hold", "ramp", "all"],
    Field(
        json_schema_extra={
            "markdownEnumDescriptions": [
                "Every hold, up to and including the highest level",
                "Only the ramps",
                "The whole test",
            ]
        }
    ),
]
_NO_LEVEL = "write warn, fail or both"


class _Levels(Strict):
    @model_validator(mode="after")
    def _some_level(self) -> Self:
        if not self.model_fields_set & {"warn", "fail"}:
            raise lacking(_NO_LEVEL)
        return self


class LatencyLevels(_Levels):
    """A latency limit in two levels."""

    warn: Duration | None = Field(
        None, description="Beyond this: a warning. Example: `warn: 500ms`"
    )
    fail: Duration | None = Field(
        None, description="Beyond this: a failure. Example: `fail: 700ms`"
    )
    min_samples: MinSamples = 10


class ShareLevels(_Levels):
    """A limit on a share in two levels."""

    warn: Share | None = Field(None, description="Beyond this: a warning. Example: `warn: 1%`")
    fail: Share | None = Field(None, description="Beyond this: a failure. Example: `fail: 2%`")
    min_samples: MinSamples = 10


class RateLevels(_Levels):
    """A limit on a rate in two levels."""

    warn: Rate | None = Field(None, description="Below this: a warning. Example: `warn: 50/s`")
    fail: Rate | None = Field(None, description="Below this: a failure. Example: `fail: 40/s`")
    min_samples: MinSamples = 10


class UsersLevels(_Levels):
    """A limit on a number of users in two levels."""

    warn: UserLevel | None = Field(
        None, description="Below this: a warning. Example: `warn: 80 users`"
    )
    fail: UserLevel | None = Field(
        None, description="Below this: a failure. Example: `fail: 60 users`"
    )


LatencyLimit = Annotated[
    Annotated[Duration, Tag("<text>")] | Annotated[LatencyLevels, Tag("<map>")],
    by_shape("a duration such as 300ms, or { warn: 300ms, fail: 500ms }"),
]
ShareLimit = Annotated[
    Annotated[Share, Tag("<text>")] | Annotated[ShareLevels, Tag("<map>")],
    by_shape("a percentage such as 1%, or { warn: 1%, fail: 2% }"),
]
RateLimit = Annotated[
    Annotated[Rate, Tag("<text>")] | Annotated[RateLevels, Tag("<map>")],
    by_shape("a rate such as 50/s, or { warn: 60/s, fail: 50/s }"),
]
PERCENTILES = {
    "p50": "half", "p75": "75 %", "p90": "90 %", "p95": "95 %", "p99": "99 %", "p99_9": "99.9 %",
}  # fmt: skip
UsersLimit = Annotated[
    Annotated[UserLevel, Tag("<text>")] | Annotated[UsersLevels, Tag("<map>")],
    by_shape("a number of users such as 60 users, or { warn: 80 users, fail: 60 users }"),
]
ERROR_CLASSES = {
    "connect": "No connection: refused, or not answered",
    "dns": "The host's name was not found",
    "tls": "The certificate or the handshake was refused",
    "reset": "The connection broke off",
    "timeout": "No whole answer within the timeout",
    "throttled": "Status 429",
    "auth": "Status 401 or 403",
    "payment": "Status 402",
    "client": "Any other status from 400 to 499 that was not expected",
    "server": "Status 500 to 599",
    "check": "An expectation or a capture that failed",
    "message": "A message that was not acknowledged",
    "generator": "What the load generator itself could not do",
}
ErrorName = Annotated[
    Literal[
        "connect", "dns", "tls", "reset", "timeout", "throttled", "auth", "payment", "client",
        "server", "check", "message", "generator",
    ],
    Field(
        json_schema_extra={
            "markdownEnumDescriptions": [
                f"{text}. Example: `{name}: 5%`" for name, text in ERROR_CLASSES.items()
            ]
        }
    ),
]  # fmt: skip


Percentile = Annotated[
    Literal["p50", "p75", "p90", "p95", "p99", "p99_9"],
    Field(
        json_schema_extra={
            "markdownEnumDescriptions": [
                f"Growth of the latency of {share} of the requests. Example: `{name}: 15%`"
                for name, share in PERCENTILES.items()
            ]
        }
    ),
]


class Slo(Strict):
    """Service level objectives: a limit for each metric that matters."""

    p50: LatencyLimit | None = Field(
        None, description="Latency of half of the requests, at most. Example: `p50: 100ms`"
    )
    p75: LatencyLimit | None = Field(
        None, description="Latency of 75 % of the requests, at most. Example: `p75: 150ms`"
    )
    p90: LatencyLimit | None = Field(
        None, description="Latency of 90 % of the requests, at most. Example: `p90: 200ms`"
    )
    p95: LatencyLimit | None = Field(
        None, description="Latency of 95 % of the requests, at most. Example: `p95: 300ms`"
    )
    p99: LatencyLimit | None = Field(
        None, description="Latency of 99 % of the requests, at most. Example: `p99: 500ms`"
    )
    p99_9: LatencyLimit | None = Field(
        None, description="Latency of 99.9 % of the requests, at most. Example: `p99_9: 1s`"
    )
    mean: LatencyLimit | None = Field(
        None, description="Mean latency, at most. Example: `mean: 120ms`"
    )
    max: LatencyLimit | None = Field(
        None, description="Latency of the slowest request, at most. Example: `max: 5s`"
    )
    ttfb_p50: LatencyLimit | None = Field(
        None,
        description="Time to the first byte of half of the requests, at most. "
        "Example: `ttfb_p50: 80ms`",
    )
    ttfb_p90: LatencyLimit | None = Field(
        None,
        description="Time to the first byte of 90 % of the requests, at most. "
        "Example: `ttfb_p90: 150ms`",
    )
    ttfb_p95: LatencyLimit | None = Field(
        None,
        description="Time to the first byte of 95 % of the requests, at most. "
        "Example: `ttfb_p95: 200ms`",
    )
    ttfb_p99: LatencyLimit | None = Field(
        None,
        description="Time to the first byte of 99 % of the requests, at most. "
        "Example: `ttfb_p99: 400ms`",
    )
    error_rate: ShareLimit | None = Field(
        None,
        description="Share of requests that failed (transport error, timeout, unexpected status, "
        "failed expectation), at most. Example: `error_rate: 1%`",
    )
    success_rate: ShareLimit | None = Field(
        None,
        description="Share of requests that did not fail, at least. Example: `success_rate: 99%`",
    )
    server_error_rate: ShareLimit | None = Field(
        None,
        description="Only 5xx, timeouts and transport errors, at most. "
        "Example: `server_error_rate: 0.1%`",
    )
    availability: ShareLimit | None = Field(
        None,
        description="1 less the server_error_rate, at least. Example: `availability: 99.9%`",
    )
    errors: dict[ErrorName, ShareLimit] | None = Field(
        None,
        min_length=1,
        description="Share of requests that failed in one class of errors, at most. "
        "Example: `errors: { throttled: 5% }`",
    )
    throughput: RateLimit | None = Field(
        None, description="Requests a second, at least. Example: `throughput: 50/s`"
    )
    recovery_time: LatencyLimit | None = Field(
        None,
        description="From the end of the highest level until the target is as it was before it, at "
        "most. Example: `recovery_time: 5m`",
    )
    growth: dict[GrowingSeries, ShareLimit] | None = Field(
        None,
        min_length=1,
        description="Growth of a monitor's series over the longest hold, as a share of its start, "
        "at most. Example: `growth: { api.memory: 10% }`",
    )
    degradation: dict[Percentile, ShareLimit] | None = Field(
        None,
        min_length=1,
        description="Growth of a percentile over the longest hold, as a share of its start, at "
        "most. Example: `degradation: { p95: 15% }`",
    )

    capacity: UsersLimit | None = Field(
        None,
        description="Users that the target bears before `stop_when` is broken, at least. "
        "Example: `capacity: 60 users`",
    )
    journeys: RateLimit | None = Field(
        None, description="Completed journeys a second, at least. Example: `journeys: 9.5/s`"
    )
    journey_error_rate: ShareLimit | None = Field(
        None,
        description="Share of journeys that a failed step cut short, at most. "
        "Example: `journey_error_rate: 1%`",
    )
    dropped: ShareLimit | None = Field(
        None,
        description="Share of journeys that could not start, at most. Example: `dropped: 0%`",
    )
    lateness: LatencyLimit | None = Field(
        None,
        description="How late the load generator itself was in 99 % of what it began, at most. "
        "Example: `lateness: 20ms`",
    )

    monitors: dict[SeriesName, MonitorLimit] | None = Field(
        None,
        min_length=1,
        description="Limits on series of monitors: at most, unless `min` is written; the mean of "
        "shares and rates, the maximum of everything else, unless a statistic follows the name. "
        "Example: `monitors: { api.cpu: 90%, db.connections_active.p95: 15 }`",
    )

    @model_validator(mode="after")
    def _some_limit(self) -> Self:
        if not self.model_fields_set:
            text = "write a limit, such as p95: 300ms"
            raise lacking(text)
        return self


Names = Annotated[
    Annotated[Name, Tag("<text>")] | Annotated[list[Name], Field(min_length=1), Tag("<list>")],
    by_shape("a name or a list of names"),
]
CalledNames = Annotated[
    Annotated[CalledName, Tag("<text>")]
    | Annotated[list[CalledName], Field(min_length=1), Tag("<list>")],
    by_shape("a name or a list of names"),
]
Tags = Annotated[
    Annotated[Text, Tag("<text>")] | Annotated[list[Text], Field(min_length=1), Tag("<list>")],
    by_shape("a tag or a list of tags"),
]


def as_names(value: str | list[str] | None) -> tuple[str, ...]:
    """A name or list of names as a tuple; nothing written is an empty one."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)
