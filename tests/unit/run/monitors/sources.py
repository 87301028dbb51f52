"""Series of monitors as a plan has them, and readings by the names of series."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.plan.monitor import MonitorSeries
from perfspec.spec.monitor import OWN_SERIES

if TYPE_CHECKING:
    from typing import Literal

    from perfspec.measure.monitored import Sample
    from perfspec.plan.limits import Scale


def own(kind: str) -> tuple[MonitorSeries, ...]:
    """Those that a kind of monitor has without being told."""
    return tuple(MonitorSeries(name=name, unit="count") for name in OWN_SERIES[kind])


def series(
    name: str,
    read: str,
    form: Literal["query", "stat", "json"] = "query",
    unit: Scale = "count",
    factor: float = 1.0,
) -> MonitorSeries:
    return MonitorSeries(name=name, unit=unit, factor=factor, read=read, form=form)


def values(samples: list[Sample]) -> dict[str, float | None]:
    """The last value of each series."""
    return {each.series: each.value for each in samples}


def column(samples: list[Sample], name: str) -> list[float | None]:
    return [each.value for each in samples if each.series == name]
