"""A URL that tells numbers, as JSON or in Prometheus' text format.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from perfspec.expr import parse_path
from perfspec.run.monitors.source import Gauge, ReadError, Values
from perfspec.run.monitors.web import get

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfspec.plan.monitor import HttpSource, MonitorSeries

_TIMEOUT_S: Final = 5.0
_LABELS: Final = r'[a-zA-Z_][a-zA-Z0-9_]*\s*=\s*"(?:[^"\\]|\\.)*"'
_LINE: Final = re.compile(
    rf"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{{\s*((?:{_LABELS}\s*,?\s*)*)\}})?\s*(\S+)?(?:\s+-?\d+)?\s*"
)
_LABEL: Final = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"')


class EndpointGauge(Gauge):
    """Every series of one answer."""

    def __init__(self, series: Sequence[MonitorSeries], source: HttpSource) -> None:
        super().__init__(series)
        self._source = source
        self._paths = {
            each.name: parse_path(each.read).compile() for each in series if each.form == "json"
        }

    def values(self) -> Values:
        content = get(self._source.url, self._source.headers, _TIMEOUT_S)
        found: Values = {}
        if self._paths:
            document = _json(content)
            for name, find in self._paths.items():
                found[name] = self._number(name, find(document))
        text = content.decode("utf-8", "replace")
        for each in self.series:
            if each.form == "query":
                found[each.name] = metric(text, each.read)
                if found[each.name] is None:
                    self.problem = f"there is no {each.read} in its answer"
        return found

    def _number(self, name: str, hits: Sequence[object]) -> float | None:
        value = hits[0] if len(hits) == 1 else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        what = "one that is no number" if len(hits) == 1 else f"{len(hits)} of them"
        self.problem = f"{name} needs one number, and its path finds {what if hits else 'nothing'}"
        return None


def metric(text: str, selector: str) -> float | None:
    """The sum of all samples of a metric that have the labels of ``selector``; None of none.

    ``selector`` is written as a sample is, without its value: ``up{job="app"}``.
    """
    chosen = _LINE.fullmatch(selector.strip())
    if chosen is None or chosen[3] is not None:
        msg = f'{selector!r} is no name of a metric: write NAME or NAME{{label="value"}}'
        raise ReadError(msg)
    wanted = _labels(chosen[2])
    found: list[float] = []
    for line in text.splitlines():
        match = _LINE.fullmatch(line.strip())
        if match is None or match[1] != chosen[1] or match[3] is None:
            continue
        if wanted.items() <= _labels(match[2]).items():
            found.append(float(match[3]))
    return sum(found) if found else None


def _labels(text: str | None) -> Mapping[str, str]:
    return dict(_LABEL.findall(text or ""))


def _json(content: bytes) -> object:
    try:
        return msgspec.json.decode(content)
    except msgspec.MsgspecError as error:
        msg = f"its answer is no JSON: {error}"
        raise ReadError(msg) from None
