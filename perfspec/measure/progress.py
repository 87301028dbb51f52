"""What the load process tells every second: a delta that the parent adds up into the result.

The parent owns the result, so a load process that dies loses a second, not a run. Each message is
one line of JSON on the pipe.
"""

from __future__ import annotations

import msgspec

from perfspec.measure.histogram import Histogram
from perfspec.measure.model import ErrorGroup, Journeys, Machine, Series, Worker


class Gathering(msgspec.Struct, tag="gathering", kw_only=True, forbid_unknown_fields=True):
    """So many of the workers are there; comes before ``Started``."""

    there: int
    wanted: int


class Started(msgspec.Struct, tag="started", kw_only=True, forbid_unknown_fields=True):
    """All workers are there and the test's clock begins."""

    started: str
    machine: Machine
    workers: tuple[Worker, ...] = ()


class Tick(msgspec.Struct, tag="tick", kw_only=True, forbid_unknown_fields=True):
    """What came in since the last tick. Lists hold deltas: counts since then, not totals.

    ``at_s`` is the time on the test's clock. ``cpu`` is the share of one core of the busiest worker
    since the last tick, ``busy_s`` how long some worker has had work for all of a core.
    ``waits`` are how long answers waited for the load process to look (microseconds, samples), None
    where the system cannot tell. ``base`` is the other side of a duet. ``open_connections`` are
    those that steps opened and that have not been closed or lost.
    """

    at_s: float
    users: int
    ready: int
    planned: int
    workers: int
    cpu: float
    busy_s: float
    hub_delay_us: int
    open_connections: int = 0
    waits: Histogram | None = None
    series: list[Series] = []
    errors: list[ErrorGroup] = []
    journeys: list[Journeys] = []
    overrun: int = 0
    base: list[Series] = []
    base_errors: list[ErrorGroup] = []


class Ended(msgspec.Struct, tag="ended", kw_only=True, forbid_unknown_fields=True):
    """The last message; ``problem`` says what went wrong on the generator's side, if anything."""

    at_s: float
    problem: str | None = None


Message = Gathering | Started | Tick | Ended
