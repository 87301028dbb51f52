"""What monitors read: on the way from their process, and as a test keeps it.

A sample that should be there and is not is None: it was asked for, and nothing came.
"""

from __future__ import annotations

import msgspec

from perfspec.plan.limits import Scale


class Sample(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """One number; ``at`` is the time in seconds since 1970, ``value`` in the unit of the series."""

    series: str
    at: float
    value: float | None


class Reading(msgspec.Struct, tag="reading", kw_only=True, forbid_unknown_fields=True):
    """What one monitor has read since its last message; ``problem`` says why something is None."""

    monitor: str
    samples: list[Sample] = []
    problem: str | None = None


class Flushed(msgspec.Struct, tag="flushed", kw_only=True, forbid_unknown_fields=True):
    """The answer to the order: everything up to it has been told."""


MonitorMessage = Reading | Flushed


class SampledSeries(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One number over time, on the test's clock; ``at_s`` rises, and ``values`` go with it.

    Raises ValueError where they are not as many.
    """

    name: str
    unit: Scale
    at_s: list[float] = []
    values: list[float | None] = []

    def __post_init__(self) -> None:
        if len(self.at_s) != len(self.values):
            msg = f"{self.name!r} has {len(self.values)} values at {len(self.at_s)} moments"
            raise ValueError(msg)


class Monitored(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What one monitor read during one test.

    ``absent`` says why there was nothing to read in this environment. ``problems`` are the
    different sentences about what could not be read, the first one first.
    """

    name: str
    every_s: float
    series: list[SampledSeries] = []
    absent: str | None = None
    problems: list[str] = []
