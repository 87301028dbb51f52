"""Prices of the spec, once lint has seen that they have one currency."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.plan.prices import Prices

if TYPE_CHECKING:
    from perfspec.spec.prices import Prices as Written
    from perfspec.units import Price


def compile_prices(written: Written | None) -> Prices | None:
    """None for a spec without prices."""
    if written is None:
        return None
    plain = ("generator_hour", "ci_minute", "sent_gb", "received_gb")
    single: dict[str, Price | None] = {name: getattr(written, name) for name in plain}
    endpoints, instances = written.endpoints or {}, written.instance_hours or {}
    every = [*single.values(), *endpoints.values(), *instances.values()]
    return Prices(
        currency=next(each.currency for each in every if each is not None),
        **{name: each.amount for name, each in single.items() if each is not None},
        endpoints={name: each.amount for name, each in endpoints.items()},
        instance_hours={name: each.amount for name, each in instances.items()},
    )
