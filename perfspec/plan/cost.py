"""What a run costs: its usage times its prices, before it and after it by one calculation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perfspec.plan.base import Value
from perfspec.plan.expect import Forecast, bytes_sent
from perfspec.plan.load import duration_s

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.plan.model import Plan
    from perfspec.plan.prices import Prices

GB = 1e9
HOUR_S, MINUTE_S = 3600.0, 60.0


class Usage(Value, frozen=True, kw_only=True):
    """``requests`` by endpoint, ``instance_s`` (instances times seconds) by series, bytes."""

    load_s: float
    wall_s: float
    requests: dict[str, float] = {}
    sent: float = 0.0
    received: float = 0.0
    instance_s: dict[str, float] = {}


class CostItem(Value, frozen=True, kw_only=True):
    """One line: ``quantity`` of ``what`` and their price; ``grows`` with the load."""

    what: str
    quantity: float
    amount: float
    grows: bool


class Cost(Value, frozen=True, kw_only=True):
    """All lines that are not nothing."""

    currency: str
    items: tuple[CostItem, ...]

    def at(self, times: float) -> float:
        """The total if there were ``times`` as much load for as long, on as many instances."""
        return sum(each.amount * (times if each.grows else 1.0) for each in self.items)

    @property
    def total(self) -> float:
        return self.at(1.0)


def planned_usage(plan: Plan) -> Usage:
    """By the plan's forecast, signing in not counted; what is received nobody knows before."""
    seconds = sum(duration_s(test.stages) for test in plan.tests)
    requests: dict[str, float] = {}
    for test in plan.tests:
        for name, n in Forecast(test).requests().items():
            requests[name] = requests.get(name, 0.0) + n
    return Usage(load_s=seconds, wall_s=seconds, requests=requests, sent=bytes_sent(plan, requests))


def cost_of(prices: Prices, usage: Usage) -> Cost:
    """Every price times what was used of it."""
    items = tuple(each for each in _items(prices, usage) if each.amount > 0)
    return Cost(currency=prices.currency, items=items)


def _items(prices: Prices, usage: Usage) -> Iterator[CostItem]:
    for name, price in prices.endpoints.items():
        n = usage.requests.get(name, 0.0)
        yield CostItem(what=f"requests of {name}", quantity=n, amount=n * price, grows=True)
    for what, size, price in (
        ("GB sent", usage.sent / GB, prices.sent_gb),
        ("GB received", usage.received / GB, prices.received_gb),
    ):
        yield CostItem(what=what, quantity=size, amount=size * price, grows=True)
    for name, price in prices.instance_hours.items():
        hours = usage.instance_s.get(name, 0.0) / HOUR_S
        what = f"instance h of {name}"
        yield CostItem(what=what, quantity=hours, amount=hours * price, grows=False)
    hours, minutes = usage.load_s / HOUR_S, math.ceil(usage.wall_s / MINUTE_S)
    amount = hours * prices.generator_hour
    yield CostItem(what="h of the generator", quantity=hours, amount=amount, grows=False)
    amount = minutes * prices.ci_minute
    yield CostItem(what="min of CI", quantity=minutes, amount=amount, grows=False)
