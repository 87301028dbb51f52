"""What a page shows beside limits: budgets against the baseline, and the ladder of a capacity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfspec.report.answers import level_cells
from perfspec.report.changes import GRAVEST_FIRST, change_rows
from perfspec.report.html.graphics import (
    GAUGE_WIDTH,
    Gauge,
    HistoryDrawing,
    change_gauges,
    history_drawing,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.judge.model import Capacity, Comparison
    from perfspec.report.changes import ChangeRow


@dataclass(frozen=True, slots=True)
class BudgetView:
    """One budget, its change beside the others', and the runs before it."""

    row: ChangeRow
    gauge: Gauge | None
    history: HistoryDrawing | None


@dataclass(frozen=True, slots=True)
class LevelView:
    """One level; ``bar`` is the length of its p95 in a box of ``GAUGE_WIDTH``."""

    cells: tuple[str, ...]
    kept: bool | None
    bar: float


def budgets(comparison: Comparison | None) -> Iterator[BudgetView]:
    """The gravest first, as their rows are; none without a comparison."""
    if comparison is None:
        return
    changes = sorted(comparison.changes, key=lambda each: GRAVEST_FIRST.index(each.outcome))
    gauges = change_gauges(changes)
    for row, change, gauge in zip(change_rows(changes), changes, gauges, strict=True):
        yield BudgetView(row, gauge, history_drawing(change))


def ladder(capacity: Capacity | None) -> Iterator[LevelView]:
    """The levels in the order in which they were held."""
    if capacity is None:
        return
    longest = max((each.p95 or 0.0 for each in capacity.levels), default=0.0) or 1.0
    for each in capacity.levels:
        bar = round((each.p95 or 0.0) / longest * GAUGE_WIDTH, 1)
        yield LevelView(level_cells(each), each.kept, bar)
