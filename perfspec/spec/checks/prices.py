"""Prices: of things that there are, in one currency."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.spec.checks.context import Context
    from perfspec.spec.prices import Prices
    from perfspec.spec.tree import Path
    from perfspec.units import Price


def check_prices(context: Context) -> None:
    """Endpoints, series and currencies."""
    prices = context.spec.prices
    if prices is None:
        return
    for name in prices.endpoints or ():
        context.expect("endpoint", name, ("prices", "endpoints", name))
    for name in prices.instance_hours or ():
        _series(context, name)
    written = [(path, price) for path, price in _prices(prices) if price.currency]
    for path, price in written[1:]:
        first = written[0][1].currency
        if price.currency != first:
            message = f"this price is in {price.currency}, and the one before in {first}"
            context.findings.error(context.value(path), "PS376", message, f"write it in {first}")


def _series(context: Context, name: str) -> None:
    monitor, series, *_ = name.split(".")
    spec = context.spec
    groups = [spec.monitors, *(each.monitors or {} for each in spec.environments.values())]
    known = any(monitor in group and series in group[monitor].units for group in groups)
    if not known and context.complete("monitors") and context.complete("environments"):
        message = f"there is no monitor with the series {name!r}"
        place = context.key(("prices", "instance_hours", name))
        context.findings.error(place, "PS215", message, "write MONITOR.SERIES")


def _prices(prices: Prices) -> Iterator[tuple[Path, Price]]:
    """Every price with its path, in the order of the keys."""
    for key in type(prices).model_fields:
        value = getattr(prices, key)
        if isinstance(value, dict):
            yield from ((("prices", key, name), each) for name, each in value.items())
        elif value is not None:
            yield ("prices", key), value
