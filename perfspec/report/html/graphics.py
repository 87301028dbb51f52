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
DOT = 6
MOST_BUDGETS = 5.0


@dataclass(frozen=True, slots=True)
class Gauge:
    """Positions from 0 to ``GAUGE_WIDTH``: the limit, what was measured and its interval.

    ``zero`` is where nothing has changed; None where it is about no change.
    """

    limit: float
    value: float
    low: float
    high: float
    zero: float | None = None


@dataclass(frozen=True, slots=True)
class HistoryDrawing:
    """The baseline in a box as that of a spark, with this run as a point (``now``).

    Paths of the runs ``before`` the last change of level and of those ``counted``; from, to and
    height of their ``level``.
    """

    before: str
    counted: str
    level: tuple[float, float, float] | None
    now: tuple[float, float] | None


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


def change_gauges(changes: Sequence[Change]) -> list[Gauge | None]:
    """None without a change. Changes of one unit share a scale, so that bars can be compared.

    It reaches from the lowest to the highest of all, and zero, but at most to five times the widest
    budget; what lies beyond ends at the edge.
    """
    found: list[Gauge | None] = [None] * len(changes)
    for unit in {each.metric.unit for each in changes}:
        mine = [at for at, each in enumerate(changes) if each.metric.unit == unit]
        marks = {at: _marks(changes[at]) for at in mine}
        known = {at: each for at, each in marks.items() if each is not None}
        if not known:
            continue
        widest = MOST_BUDGETS * max(abs(each[0]) for each in known.values())
        start = max(min(0.0, *(min(each) for each in known.values())), -widest)
        end = min(max(0.0, *(max(each) for each in known.values())), widest)
        margin = (end - start) * (HEADROOM - 1) / 2 or 1.0
        for at, each in known.items():
            shown = (min(max(mark, start), end) for mark in (*each, 0.0))
            length = end - start + 2 * margin
            found[at] = Gauge(
                *(round((mark - start + margin) / length * GAUGE_WIDTH, 1) for mark in shown)
            )
    return found


def history_drawing(change: Change) -> HistoryDrawing | None:
    """None without a history. The box reaches from the lowest value to the highest."""
    values = (*change.history, *(() if change.head is None else (change.head,)))
    if not change.history:
        return None
    low, high = min(values), max(values)
    step = (SPARK_WIDTH - 2 * SPARK_MARGIN - DOT) / max(len(values) - 1, 1)
    tall = SPARK_HEIGHT - 2 * SPARK_MARGIN - DOT

    def y(value: float) -> float:
        share = (value - low) / (high - low) if high > low else 0.5
        return round(SPARK_MARGIN + DOT / 2 + tall * (1 - share), 1)

    points = [(round(SPARK_MARGIN + at * step, 1), y(each)) for at, each in enumerate(values)]
    past, now = points[: len(change.history)], points[len(change.history) :]
    counted = past[change.since :]
    base = None if change.base is None else min(max(change.base, low), high)
    return HistoryDrawing(
        before=_path(past[: change.since + 1]) if change.since else "",
        counted=_path(counted),
        level=None if base is None else (counted[0][0], points[-1][0], y(base)),
        now=now[0] if now else None,
    )


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in points)


def _marks(change: Change) -> tuple[float, float, float, float] | None:
    """Budget, change, and the ends of its interval; None where there is none."""
    if change.change is None or change.fail is None:
        return None
    limit = -change.fail if change.metric.at_least else change.fail
    low = change.change if change.low is None else change.low
    high = change.change if change.high is None else change.high
    return limit, change.change, low, high
