"""Cost in words, the same before a run and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.measure.usage import measured_usage
from perfspec.plan.cost import cost_of, planned_usage
from perfspec.units import format_count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.measure.model import RunResult
    from perfspec.plan.cost import Cost
    from perfspec.plan.model import Plan

TIMES = (2, 10)


def planned_cost(plan: Plan) -> tuple[str, ...]:
    """Nothing for a plan without prices."""
    if plan.prices is None:
        return ()
    return tuple(_lines(cost_of(plan.prices, planned_usage(plan)), "about "))


def measured_cost(plan: Plan, result: RunResult) -> tuple[str, ...]:
    """As above, by what was really used."""
    if plan.prices is None:
        return ()
    return tuple(_lines(cost_of(plan.prices, measured_usage(result))))


def _lines(cost: Cost, about: str = "") -> Iterator[str]:
    parts = [
        f"{format_count(float(f'{each.quantity:.3g}'))} {each.what} for {_money(each.amount, cost)}"
        for each in cost.items
    ]
    yield f"Cost: {about}{_money(cost.total, cost)}{': ' if parts else ''}{', '.join(parts)}."
    if any(each.grows for each in cost.items):
        more = ", ".join(f"{times} x {_money(cost.at(times), cost)}" for times in TIMES)
        yield f"With more load for as long, on as many instances: {more}."


def _money(amount: float, cost: Cost) -> str:
    """Two digits after the point, or as many as a small amount needs."""
    text = f"{amount:,.2f}" if amount >= 1 or not amount else f"{amount:.2g}"
    return f"{text} {cost.currency}"
