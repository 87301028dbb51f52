"""Small drawings inside tables: geometry in a box of fixed size, drawn as SVG by the template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.judge.model import Change, Finding

SPARK_WIDTH, SPARK_HEIGHT, SPARK_MARGIN = 120, 28, 2
GAUGE_WIDTH = 140
HEADROOM = 1.15


@dataclass(frozen=True, slots=True)
class Gauge:
    """Positions from 0 to ``GAUGE_WIDTH``: the limit, what was measured and its interval."""

    limit: float
    value: float
    low: float
    high: float


def spark_path(values: Sequence[float | None]) -> str:
    """An SVG path from zero to the highest value; it breaks off where there is none."""
    top = max((each for each in values if each is not None), default=0) or 1
    step = (SPARK_WIDTH - 2 * SPARK_MARGIN) / max(len(values) - 1, 1)
    height = SPARK_HEIGHT - 2 * SPARK_MARGIN
    parts, pen = [], "M"
    for index, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        x = SPARK_MARGIN + index * step
        y = SPARK_MARGIN + height * (1 - value / top)
        parts.append(f"{pen}{x:.1f} {y:.1f}")
        pen = "L"
    return "".join(parts)


def gauge(finding: Finding) -> Gauge | None:
    """None where nothing was measured. A share is drawn as its distance from the perfect one."""
    if finding.observed is None:
        return None
    whole = 1.0 if finding.metric.unit == "ratio" and finding.metric.at_least else 0.0
    value, limit = abs(whole - finding.observed), abs(whole - finding.limit)
    low = value if finding.low is None else abs(whole - finding.low)
    high = value if finding.high is None else abs(whole - finding.high)
    end = max(value, limit, low, high) * HEADROOM or 1.0
    low, high = sorted((low, high))
    return Gauge(*(round(each / end * GAUGE_WIDTH, 1) for each in (limit, value, low, high)))


def change_gauge(change: Change) -> Gauge | None:
    """None without a change. The box reaches from the lowest to the highest of all, and zero."""
    if change.change is None or change.fail is None:
        return None
    limit = -change.fail if change.metric.at_least else change.fail
    low = change.change if change.low is None else change.low
    high = change.change if change.high is None else change.high
    marks = (limit, change.change, low, high)
    start, end = min(0.0, *marks), max(0.0, *marks)
    length = (end - start) * HEADROOM or 1.0
    return Gauge(*(round((each - start) / length * GAUGE_WIDTH, 1) for each in marks))
