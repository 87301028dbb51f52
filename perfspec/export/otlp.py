"""OpenTelemetry: gauges over OTLP/HTTP, sent by OpenTelemetry's own exporter.

So every variable that it knows is obeyed: ``OTEL_EXPORTER_OTLP_ENDPOINT``, ``…_HEADERS``,
``…_CERTIFICATE``, ``…_TIMEOUT``, ``OTEL_RESOURCE_ATTRIBUTES``, ``OTEL_SERVICE_NAME``.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from opentelemetry.exporter.otlp.proto.http import metric_exporter
from opentelemetry.sdk.metrics.export import (
    Gauge,
    Metric,
    MetricExportResult,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
)
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from perfspec import __version__
from perfspec.export.sending import NotSentError
from perfspec.report.escape import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfspec.export.lines import Line
    from perfspec.export.lines import Metric as Kind

SERVICE: Final = "perfspec"
MOST_POINTS: Final = 5_000  # of a request


def send(lines: Sequence[Line]) -> str:
    """Send them where the environment says, and return to where.

    Raises NotSentError when nobody takes them.
    """
    exporter = metric_exporter.OTLPMetricExporter(max_export_batch_size=MOST_POINTS)
    address = exporter._endpoint  # noqa: SLF001  (nothing else says what it made of the variables)
    said = _Said()
    logger = logging.getLogger(metric_exporter.__name__.partition(".")[0])
    logger.addHandler(said)
    was, logger.propagate = logger.propagate, False
    try:
        outcome = exporter.export(metrics_data(lines))
    finally:
        logger.propagate = was
        logger.removeHandler(said)
        exporter.shutdown()
    if outcome is not MetricExportResult.SUCCESS:
        msg = f"{address} did not take it: {said.last}"
        raise NotSentError(msg)
    return str(address)


def metrics_data(lines: Iterable[Line]) -> MetricsData:
    """All lines as OpenTelemetry's SDK would have collected them."""
    by_kind: dict[Kind, list[Line]] = defaultdict(list)
    for each in lines:
        by_kind[each.metric].append(each)
    scope = ScopeMetrics(
        scope=InstrumentationScope("perfspec", __version__),
        metrics=[
            Metric(name=kind.name, description=kind.text, unit=kind.unit, data=_gauge(found))
            for kind, found in by_kind.items()
        ],
        schema_url="",
    )
    ours = Resource({"service.name": SERVICE, "service.version": __version__})
    resource = ours.merge(OTELResourceDetector().detect())
    return MetricsData([ResourceMetrics(resource=resource, scope_metrics=[scope], schema_url="")])


def _gauge(lines: Iterable[Line]) -> Gauge:
    return Gauge(
        [
            NumberDataPoint(
                attributes=dict(line.labels),
                start_time_unix_nano=0,
                time_unix_nano=round(at * 1e9),
                value=value,
            )
            for line in lines
            for at, value in line.points
        ]
    )


class _Said(logging.Handler):
    """Keeps what the exporter says last: its result is a mere yes or no."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = "no reason was given"

    def emit(self, record: logging.LogRecord) -> None:
        self.last = one_line(record.getMessage())
