"""What things cost, in one currency."""

from __future__ import annotations

from perfspec.plan.base import Value


class Prices(Value, frozen=True, kw_only=True):
    """For one of each; ``instance_hours`` by ``MONITOR.SERIES``."""

    currency: str
    generator_hour: float = 0.0
    ci_minute: float = 0.0
    sent_gb: float = 0.0
    received_gb: float = 0.0
    endpoints: dict[str, float] = {}
    instance_hours: dict[str, float] = {}
