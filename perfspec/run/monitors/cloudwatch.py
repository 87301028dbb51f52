"""Metrics of Amazon CloudWatch, by boto3; credentials come from where the AWS tools find them.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from perfspec.run.monitors.source import History, ReadError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.plan.monitor import CloudWatchSource, MonitorSeries

_TIMEOUT_S: Final = 5


class CloudWatchHistory(History):
    """Numbers come minutes after their time; the period is the monitor's ``every``."""

    late = True

    def __init__(
        self,
        series: Sequence[MonitorSeries],
        step: float,
        start: float,
        source: CloudWatchSource,
    ) -> None:
        super().__init__(series, step, start)
        self._source = source
        self._client: Any = None

    def fetch(self, start: float, end: float) -> dict[str, dict[float, float]]:
        client = self._client = self._client or self._connect()
        found: dict[str, dict[float, float]] = {each.name: {} for each in self.series}
        pages = client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=[self._query(each) for each in self.series],
            StartTime=datetime.fromtimestamp(start, UTC),
            EndTime=datetime.fromtimestamp(end + self.step, UTC),
        )
        for page in pages:
            for each in page["MetricDataResults"]:
                times = (time.timestamp() for time in each["Timestamps"])
                found[each["Id"]].update(zip(times, each["Values"], strict=True))
        return found

    def _query(self, series: MonitorSeries) -> dict[str, Any]:
        metric, _, statistic = series.read.partition(".")
        dimensions = [{"Name": k, "Value": v} for k, v in self._source.dimensions.items()]
        return {
            "Id": series.name,
            "MetricStat": {
                "Metric": {
                    "Namespace": self._source.namespace,
                    "MetricName": metric,
                    "Dimensions": dimensions,
                },
                "Period": round(self.step),
                "Stat": statistic,
            },
        }

    def _connect(self) -> Any:  # noqa: ANN401  (boto3 makes its clients at run time)
        try:
            import boto3  # noqa: PLC0415  (an extra)
            from botocore.config import Config  # noqa: PLC0415
        except ImportError:
            msg = "boto3, which reads it, is not installed: pip install perfspec[aws]"
            raise ReadError(msg) from None
        session = boto3.Session(profile_name=self._source.profile, region_name=self._source.region)
        config = Config(
            connect_timeout=_TIMEOUT_S, read_timeout=_TIMEOUT_S, retries={"max_attempts": 2}
        )
        return session.client("cloudwatch", endpoint_url=self._source.endpoint, config=config)
