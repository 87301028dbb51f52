"""Monitors: what is read beside the load, from the target and around it."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self, get_args

from pydantic import Field, model_validator

from perfspec.spec.base import Duration, Name, Strict, Text, lacking, literally, only_one, wrong
from perfspec.spec.headers import Headers
from perfspec.spec.levels import UNITS, Unit

KINDS: Final = ("process", "host", "postgres", "prometheus", "cloudwatch", "http")
OWN_SERIES: Final[dict[str, dict[str, Unit]]] = {
    "process": {
        "cpu": "ratio", "memory": "ratio", "rss": "bytes", "fds": "count", "threads": "count",
        "restarts": "count", "disk_read": "bytes_per_s", "disk_written": "bytes_per_s",
    },
    "host": {
        "cpu": "ratio", "memory": "ratio", "swap": "ratio", "load": "count", "disk": "ratio",
        "disk_read": "bytes_per_s", "disk_written": "bytes_per_s",
        "network_sent": "bytes_per_s", "network_received": "bytes_per_s",
    },
    "postgres": {
        "connections_active": "count", "connections_idle": "count",
        "connections_idle_in_transaction": "count", "connections_total": "count",
        "connections_used": "ratio", "slow_queries": "count", "lock_waits": "count",
        "query_duration_max": "s",
    },
}  # fmt: skip
"""Series that a monitor has without being told, with their units."""
READ_BY: Final = {"prometheus": ("query",), "cloudwatch": ("stat",), "http": ("json", "query")}
"""The key that says what a series is, by the kind of its monitor."""
_CLOUDWATCH_EVERY: Final = 60.0

Address = Annotated[
    str,
    Field(
        pattern=r"^(https?://[^\s/]+|\$\{)\S*$",
        json_schema_extra={"patternErrorMessage": "Write a URL such as http://127.0.0.1:9090"},
    ),
]
Watched = Annotated[
    str,
    Field(
        pattern=r"^(services\.[a-z][a-z0-9_]*|\S.*\.pid)$",
        json_schema_extra={
            "patternErrorMessage": "Write services.NAME, or the path of a file such as run/api.pid"
        },
    ),
]
IfAbsent = Annotated[
    Literal["inconclusive", "skip"],
    Field(
        json_schema_extra={
            "markdownEnumDescriptions": [
                "Limits on it cannot be decided",
                "Limits on it are skipped",
            ]
        }
    ),
]


class MonitorSeries(Strict):
    """One number over time."""

    query: Text | None = Field(
        None,
        description="PromQL, or the name of a metric in Prometheus' text format. "
        "Example: `query: sum(rate(http_requests_total[1m]))`",
    )
    stat: Annotated[str, Field(pattern=r"^[^.\s]+\.\S+$")] | None = Field(
        None,
        description="Metric and statistic of CloudWatch. Example: `stat: CPUUtilization.Average`",
        json_schema_extra={"patternErrorMessage": "Write METRIC.STATISTIC, such as Latency.p99"},
    )
    json_: Text | None = Field(
        None,
        alias="json",
        description="Where the number stands in a JSON answer. Example: `json: $.pool.active`",
    )
    unit: Unit = Field(
        description="What the numbers are. Example: `unit: percent`",
        json_schema_extra={"markdownEnumDescriptions": [UNITS[each][1] for each in get_args(Unit)]},
    )

    @model_validator(mode="after")
    def _one_reading(self) -> Self:
        only_one(self, ("query", "stat", "json_"), "a series")
        return self


class CloudWatch(Strict):
    """Where metrics stand in Amazon CloudWatch."""

    namespace: Text = Field(description="Of the metrics. Example: `namespace: AWS/AppRunner`")
    region: Text = Field(description="Where they are kept. Example: `region: eu-west-1`")
    dimensions: dict[Text, Text] = Field(
        {}, description="Which of them. Example: `dimensions: { ServiceName: portal }`"
    )
    profile: Text | None = Field(
        None,
        description="Of the credentials in ~/.aws; those of the environment when left out. "
        "Example: `profile: staging`",
    )
    endpoint: Address | None = Field(
        None,
        description="Instead of Amazon's own address. Example: `endpoint: http://127.0.0.1:5000`",
    )


class Monitor(Strict):
    """Something that is read at intervals while a test runs."""

    process: Watched | None = Field(
        None,
        description="A service of the environment, or a process by its pid file, with all its "
        "children. Example: `process: services.api`",
    )
    host: Annotated[Literal[True], literally(expected=True)] | None = Field(
        None, description="The machine that perfspec runs on. Example: `host: true`"
    )
    postgres: Text | None = Field(
        None,
        description="A PostgreSQL server by its connection string; needs perfspec[postgres]. "
        'Example: `postgres: "${DATABASE_URL}"`',
    )
    prometheus: Address | None = Field(
        None,
        description="A Prometheus server. Example: `prometheus: http://127.0.0.1:9090`",
    )
    cloudwatch: CloudWatch | None = Field(
        None,
        description="Metrics of Amazon CloudWatch; needs perfspec[aws]. "
        "Example: `cloudwatch: { namespace: AWS/AppRunner, region: eu-west-1 }`",
    )
    http: Address | None = Field(
        None,
        description="A URL that answers with JSON or Prometheus' text format. "
        "Example: `http: http://127.0.0.1:8800/metrics`",
    )
    headers: Headers | None = Field(
        None,
        description="Sent with each request of prometheus and http. "
        'Example: `headers: { Authorization: "Bearer ${METRICS_TOKEN}" }`',
    )
    every: Duration | None = Field(
        None,
        description="Time between two readings: 5s when left out, 1m for cloudwatch. "
        "Example: `every: 1s`",
    )
    series: dict[Name, MonitorSeries] | None = Field(
        None,
        min_length=1,
        description="What is read: needed for prometheus, cloudwatch and http. "
        "Example: `series: { instances: { query: count(up), unit: count } }`",
    )
    if_absent: IfAbsent = Field(
        "inconclusive",
        description="What becomes of limits in an environment that has no such thing, "
        "inconclusive when left out. Example: `if_absent: skip`",
    )

    @property
    def kind(self) -> str:
        """Which of ``KINDS`` is written."""
        return next(each for each in KINDS if each in self.model_fields_set)

    @property
    def every_s(self) -> float:
        """Seconds between two readings."""
        usual = _CLOUDWATCH_EVERY if self.kind == "cloudwatch" else 5.0
        return usual if self.every is None else self.every

    @property
    def units(self) -> dict[str, Unit]:
        """The unit of each series that it has."""
        own = OWN_SERIES.get(self.kind)
        return own or {name: each.unit for name, each in (self.series or {}).items()}

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        kind = only_one(self, KINDS, "a monitor")
        written = self.model_fields_set
        if kind in READ_BY and "series" not in written:
            text = f"{kind} needs series: say what is read"
            raise lacking(text)
        if kind in OWN_SERIES and "series" in written:
            text = f"{kind} has series of its own: leave series out"
            raise wrong(text)
        if kind not in {"prometheus", "http"} and "headers" in written:
            text = "headers belong to prometheus and http: leave them out"
            raise wrong(text)
        return self
