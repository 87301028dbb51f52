"""A Prometheus server by range queries: what one reading missed, the next one brings.

Source: https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import msgspec

from perfspec.run.monitors.source import History, ReadError
from perfspec.run.monitors.web import get

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.plan.monitor import MonitorSeries, PrometheusSource

_TIMEOUT_S: Final = 5.0


class _Line(msgspec.Struct):
    metric: dict[str, str]
    values: list[tuple[float, str]]


class _Data(msgspec.Struct):
    result: list[_Line]


class _Answer(msgspec.Struct):
    data: _Data


class PrometheusHistory(History):
    """Each series is one query, whose result is at most one line."""

    def __init__(
        self,
        series: Sequence[MonitorSeries],
        step: float,
        start: float,
        source: PrometheusSource,
    ) -> None:
        super().__init__(series, step, start)
        self._source = source

    def fetch(self, start: float, end: float) -> dict[str, dict[float, float]]:
        return {each.name: self._fetch(each, start, end) for each in self.series}

    def _fetch(self, series: MonitorSeries, start: float, end: float) -> dict[float, float]:
        query = {"query": series.read, "start": start, "end": end, "step": self.step}
        url = f"{self._source.url}/api/v1/query_range?{urlencode(query)}"
        content = get(url, self._source.headers, _TIMEOUT_S)
        try:
            lines = msgspec.json.decode(content, type=_Answer).data.result
        except msgspec.MsgspecError:
            msg = "its answer is not Prometheus': is the address that of the server itself?"
            raise ReadError(msg) from None
        if len(lines) > 1:
            msg = (
                f"the query of {series.name} gives {len(lines)} series, and one is needed:"
                " add them up with sum(…), or choose one by its labels"
            )
            raise ReadError(msg)
        if not lines:
            self.problem = f"the query of {series.name} gives no series"
        points: list[Any] = lines[0].values if lines else []
        return {time: float(value) for time, value in points}
