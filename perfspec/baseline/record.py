"""What a run leaves behind for later comparisons: one record for each of its valid tests."""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec

from perfspec import jsonio
from perfspec.measure.errors import ErrorClass
from perfspec.measure.histogram import Histogram
from perfspec.measure.model import Machine
from perfspec.plan.base import Value
from perfspec.plan.limits import SeriesKind, Subject

FORMAT: Literal["perfspec/record/1"] = "perfspec/record/1"
FAMILY = "perfspec/record/"
T = TypeVar("T", "Record", "Header")


class WindowRecord(Value, frozen=True, kw_only=True):
    """Some 5 s of one series; times are seconds, None without requests."""

    requests: int
    failed: int
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


class SeriesRecord(Value, frozen=True, kw_only=True):
    """One endpoint, poll, completion or group in the judged seconds.

    ``persona`` and ``file_class`` are None where it is that of all of them. ``variance`` is that of
    the logarithm of each percentile (``p95``), from the run's own windows. ``untimed`` are messages
    that nobody acknowledges: they have no latency.
    """

    kind: SeriesKind
    name: str
    persona: str | None = None
    file_class: str | None = None
    latency: Histogram
    untimed: int = 0
    errors: dict[ErrorClass, int]
    windows: tuple[WindowRecord, ...]
    variance: dict[str, float]

    @property
    def subject(self) -> Subject:
        return Subject(
            kind=self.kind, name=self.name, file_class=self.file_class, persona=self.persona
        )

    @property
    def requests(self) -> int:
        return self.latency.count + self.untimed

    @property
    def failed(self) -> int:
        return sum(self.errors.values())


class GeneratorHealth(Value, frozen=True, kw_only=True):
    """The load generator in the judged seconds: share of a core, longest stall, processes."""

    cpu_max: float
    hub_delay_s: float
    workers: int


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a record that lists show; everything else is skipped while it is read.

    ``fingerprint`` is the hard one (what was measured), ``machine`` the soft one (where).
    """

    format: str
    tool: str
    run_id: str
    commit: str | None
    branch: str | None
    time: str
    test: str
    environment: str
    fingerprint: str
    machine: Machine


class Record(Value, frozen=True, kw_only=True):
    """One test of one run. ``time`` is ISO 8601 in UTC; durations are seconds.

    Runs are comparable when they have the same ``fingerprint``: the hash of the test's journeys,
    load, data and environment, and of what a major version of perfspec measures. ``machine`` tells
    which of them had the same conditions. ``probe_s`` is the calibration probe, None where there
    was none. ``parts`` are groups and parts of endpoints that budgets are about: their requests are
    in ``series`` too.
    """

    format: Literal["perfspec/record/1"] = FORMAT
    tool: str
    kind: Literal["history", "duet"] = "history"
    run_id: str
    commit: str | None = None
    branch: str | None = None
    time: str
    test: str
    environment: str
    fingerprint: str
    time_scale: float = 1.0
    seed: int
    warm_up_s: float
    judged_s: float
    machine: Machine
    health: GeneratorHealth
    probe_s: float | None = None
    series: tuple[SeriesRecord, ...]
    parts: tuple[SeriesRecord, ...] = ()

    def find(self, subject: Subject) -> SeriesRecord | None:
        """The series, None where the run has no sample of it."""
        every = (*self.series, *self.parts)
        return next((each for each in every if each.subject == subject), None)


class Acceptance(Value, frozen=True, kw_only=True):
    """From ``time`` on, a test is compared only with runs that came later.

    ``test`` None means every test. ``by`` and ``reason`` are for readers.
    """

    format: Literal["perfspec/acceptance/1"] = "perfspec/acceptance/1"
    time: str
    test: str | None = None
    commit: str | None = None
    by: str
    reason: str


def read_record(content: bytes) -> Record:
    """Raises ValueError that says why the content is no record of this version."""
    return _read(content, Record)


def read_header(content: bytes) -> Header:
    """Like ``read_record`` for the header alone, which is much faster."""
    return _read(content, Header)


class _Format(msgspec.Struct):
    format: str


def _read(content: bytes, kind: type[T]) -> T:
    try:
        found = msgspec.json.decode(content, type=_Format).format
        if found != FORMAT:
            newer = found.startswith(FAMILY)
            msg = f"it is of format {found}" + (", of a newer perfspec" if newer else "")
            raise ValueError(msg)
        return jsonio.decode(content, kind)
    except msgspec.MsgspecError as error:
        msg = f"it is damaged: {error}"
        raise ValueError(msg) from None
