"""What is read beside the load: each monitor with its source and its series."""

from __future__ import annotations

from typing import Literal

from perfspec.plan.base import Place, Value
from perfspec.plan.limits import Scale


class ProcessSource(Value, frozen=True, kw_only=True, tag="process"):
    """A process with all its children: a service of the environment, or by its pid file."""

    service: str | None = None
    pid_file: str | None = None


class HostSource(Value, frozen=True, kw_only=True, tag="host"):
    """The machine that perfspec runs on."""


class PostgresSource(Value, frozen=True, kw_only=True, tag="postgres"):
    """``dsn`` may hold ``${NAME}``: a connection string is always secret."""

    dsn: str


class PrometheusSource(Value, frozen=True, kw_only=True, tag="prometheus"):
    """A Prometheus server, asked by range queries."""

    url: str
    headers: dict[str, str] = {}


class CloudWatchSource(Value, frozen=True, kw_only=True, tag="cloudwatch"):
    """Metrics of one namespace and set of dimensions."""

    namespace: str
    region: str
    dimensions: dict[str, str] = {}
    profile: str | None = None
    endpoint: str | None = None


class HttpSource(Value, frozen=True, kw_only=True, tag="http"):
    """A URL that answers with JSON or Prometheus' text format."""

    url: str
    headers: dict[str, str] = {}


Source = (
    ProcessSource | HostSource | PostgresSource | PrometheusSource | CloudWatchSource | HttpSource
)


class MonitorSeries(Value, frozen=True, kw_only=True):
    """One number over time. What is read, times ``factor``, is in ``unit``.

    ``read`` says what is read (PromQL, the name of a metric, ``METRIC.STATISTIC``, a JSON path);
    empty where the monitor knows by itself.
    """

    name: str
    unit: Scale
    factor: float = 1.0
    read: str = ""
    form: Literal["own", "query", "stat", "json"] = "own"


class Monitor(Value, frozen=True, kw_only=True):
    """``absent`` says why there is nothing to read in this environment, None where there is."""

    name: str
    source: Source
    every_s: float
    series: tuple[MonitorSeries, ...]
    absent: str | None = None
    place: Place
