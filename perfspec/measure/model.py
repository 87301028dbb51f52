"""What happened: the result of a run, bounded by endpoints and windows, never by requests.

Times are seconds on the test's own clock (0 is its first user) unless a field says otherwise.
A request belongs to the window in which it was (to be) started, so a stalled target cannot push
its slow answers out of the judged seconds.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

import msgspec

from perfspec.measure.errors import ErrorClass
from perfspec.measure.histogram import Histogram
from perfspec.measure.monitored import Monitored
from perfspec.plan.base import Value
from perfspec.plan.limits import SeriesKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FORMAT: Literal["perfspec/result/1"] = "perfspec/result/1"
TestStatus = Literal["complete", "stopped", "partial", "aborted", "broken", "skipped"]


class Key(Value, frozen=True, kw_only=True):
    """Which samples: those of one endpoint, poll, completion or group, by one persona.

    ``file_class`` is the class of the file that a request sent, None when it sent none.
    """

    kind: SeriesKind
    name: str
    persona: str
    file_class: str | None = None


class Window(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Samples of one series in one window. ``latency`` and ``ttfb`` hold all of them, failed too.

    But for ``untimed`` ones: messages that nobody acknowledges end for nobody, so they have no
    times. A series has them for all of its samples or for none; only sums of several mix them.
    ``extra`` counts the further attempts of ``retry``. ``service`` is what requests took from when
    they were really sent, where latency counts from when they should have been (open model).
    ``lateness`` is how long after its time the generator sent what had one: after think time, or
    as a message of a stream.
    """

    index: int
    latency: Histogram = msgspec.field(default_factory=Histogram)
    untimed: int = 0
    ttfb: Histogram = msgspec.field(default_factory=Histogram)
    service: Histogram | None = None
    lateness: Histogram | None = None
    errors: dict[ErrorClass, int] = {}
    bytes_sent: int = 0
    bytes_received: int = 0
    connections: int = 0
    extra: int = 0

    @property
    def count(self) -> int:
        return self.latency.count + self.untimed

    def merge(self, other: Window) -> None:
        """Add the other's samples to this one; ``index`` stays."""
        self.latency.merge(other.latency)
        self.untimed += other.untimed
        self.ttfb.merge(other.ttfb)
        self.service = _merged(self.service, other.service)
        self.lateness = _merged(self.lateness, other.lateness)
        for each, n in other.errors.items():
            self.errors[each] = self.errors.get(each, 0) + n
        self.bytes_sent += other.bytes_sent
        self.bytes_received += other.bytes_received
        self.connections += other.connections
        self.extra += other.extra

    @classmethod
    def total(cls, parts: Sequence[Window], index: int = -1) -> Window:
        """Everything of all parts, as one window."""
        errors: Counter[ErrorClass] = Counter()
        for each in parts:
            errors.update(each.errors)
        return cls(
            index=index,
            latency=Histogram.total(each.latency for each in parts),
            untimed=sum(each.untimed for each in parts),
            ttfb=Histogram.total(each.ttfb for each in parts),
            service=_total([each.service for each in parts]),
            lateness=_total([each.lateness for each in parts]),
            errors=dict(errors),
            bytes_sent=sum(each.bytes_sent for each in parts),
            bytes_received=sum(each.bytes_received for each in parts),
            connections=sum(each.connections for each in parts),
            extra=sum(each.extra for each in parts),
        )

    def pack(self) -> None:
        """To be called when nothing is added for now."""
        for each in (self.latency, self.ttfb, self.service, self.lateness):
            if each is not None:
                each.pack()


def _merged(mine: Histogram | None, other: Histogram | None) -> Histogram | None:
    if other is not None:
        mine = mine or Histogram()
        mine.merge(other)
    return mine


def _total(parts: Iterable[Histogram | None]) -> Histogram | None:
    known = [each for each in parts if each is not None]
    return Histogram.total(known) if known else None


class Series(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Windows of one key in rising order; a window without samples is left out."""

    key: Key
    windows: list[Window]

    @property
    def timed(self) -> bool:
        """Whether anybody knows how long its samples took."""
        return not any(each.untimed for each in self.windows)


class ErrorGroup(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Failures of one series that read alike; ``first_*`` tell when, at which load it appeared.

    ``body`` is how an early one of the answers began, in one line, where its status was an error.
    """

    key: Key
    error: ErrorClass
    message: str
    count: int
    first_s: float
    first_users: int
    body: str | None = None


class Health(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The generator and its load during one window.

    ``users``, ``ready`` (past ``on_start``) and ``open_connections`` (of WebSocket and Socket.IO)
    are means, ``planned`` what the plan wanted. ``cpu`` is the share of one core that the busiest
    worker used, as mean and as maximum of the seconds; ``busy_s`` how long, up to the window's end,
    some worker has had work for all of a core. ``hub_delay_us`` is the longest iteration
    of an event loop. ``waits`` are samples of how long answers had been there when a worker looked
    at them: the kernel's stamps tell, and latencies are without it. None where the system does not
    stamp: there an iteration of the loop is the uncertainty of a latency.
    """

    index: int
    users: float
    ready: float
    planned: float
    cpu: float
    cpu_max: float
    busy_s: float
    hub_delay_us: int
    workers: int
    open_connections: float = 0.0
    waits: Histogram | None = None


class ProbeWindow(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How long the calibration probe took in one window, each time that it ran."""

    index: int
    took: Histogram


class JourneyWindow(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Journeys that began in one window, or should have: ``dropped`` ones found no user.

    ``cut_off`` were under way when the test ended: no failure.
    """

    index: int
    completed: int = 0
    failed: int = 0
    cut_off: int = 0
    dropped: int = 0

    @property
    def begun(self) -> int:
        return self.completed + self.failed + self.cut_off

    @property
    def due(self) -> int:
        return self.begun + self.dropped

    def merge(self, other: JourneyWindow) -> None:
        """Add the other's counts to this one; ``index`` stays."""
        self.completed += other.completed
        self.failed += other.failed
        self.cut_off += other.cut_off
        self.dropped += other.dropped


class Journeys(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Journeys of one persona, in rising order of windows; one without any is left out."""

    persona: str
    windows: list[JourneyWindow]

    @property
    def completed(self) -> int:
        return sum(each.completed for each in self.windows)

    @property
    def failed(self) -> int:
        return sum(each.failed for each in self.windows)

    @property
    def cut_off(self) -> int:
        return sum(each.cut_off for each in self.windows)

    @property
    def dropped(self) -> int:
        return sum(each.dropped for each in self.windows)


class AbortHit(Value, frozen=True, kw_only=True):
    """The limit of ``abort`` or ``stop_when`` that ended a test; values in the metric's unit.

    ``requests`` is how many there were, or journeys, or readings of a monitor.
    """

    origin: str
    metric: str
    limit: float
    observed: float
    requests: int
    at_s: float


class Try(Value, frozen=True, kw_only=True):
    """A level that a search held, in seconds of the test.

    ``kept`` says whether it kept all of ``stop_when``, None where too few requests tell, or while
    it is held. With ``hit`` it was left when that limit broke.
    """

    users: int
    start_s: float
    end_s: float
    kept: bool | None = None
    hit: AbortHit | None = None


class Worker(Value, frozen=True, kw_only=True):
    """One of several processes that shared the load of a test.

    ``clock_ahead_s`` is its clock (seconds since 1970) less that of the master, known to within
    ``clock_within_s``.
    """

    number: int
    host: str
    process: int
    clock_ahead_s: float
    clock_within_s: float


class TestResult(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One test. ``edges`` has one entry more than there are windows.

    ``probe`` (in rising order of windows) tells how fast the machine was that sent the load; it is
    empty where workers of other machines sent it. ``confirmation`` is the same test run once more
    right after this one, because what this one said of its budgets was in doubt; so may be its own.

    ``measured_s`` is how far the load really got; seconds behind it were not measured. ``reason``
    says in a sentence why the status is not ``complete``; a test that ``stop_when`` ended is
    ``stopped``; one that broke may have done so because a service of the plan ended by itself
    (``target_ended``). ``overrun`` counts requests that were cut off at the end, which are in no
    series. ``base`` is the other side of a duet, in the same windows.
    ``workers`` is empty where one process sent all, ``tries`` in all tests but a search.
    """

    name: str
    status: TestStatus
    reason: str | None = None
    target_ended: bool = False
    started: str
    measured_s: float
    edges: tuple[float, ...]
    series: list[Series] = []
    health: list[Health] = []
    errors: list[ErrorGroup] = []
    base: list[Series] = []
    base_errors: list[ErrorGroup] = []
    journeys: list[Journeys] = []
    monitors: list[Monitored] = []
    overrun: int = 0
    abort: AbortHit | None = None
    workers: tuple[Worker, ...] = ()
    stopped: AbortHit | None = None
    tries: tuple[Try, ...] = ()
    probe: list[ProbeWindow] = []
    confirmation: TestResult | None = None

    @property
    def repeats(self) -> tuple[TestResult, ...]:
        """The runs that followed this one, in their order."""
        again = self.confirmation
        return () if again is None else (again, *again.repeats)

    @property
    def whole(self) -> bool:
        """Whether it ran to the end that its plan has for it."""
        return self.status in {"complete", "stopped"}


class Machine(Value, frozen=True, kw_only=True):
    """Where the load came from: what the soft fingerprint of a baseline compares."""

    cpu: str
    cores: int
    memory: int
    system: str
    python: str
    locust: str
    libcurl: str
    workers: int


class RunResult(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A whole run. ``started`` and ``finished`` are ISO 8601 in UTC.

    ``problem`` is the sentence that explains a run which broke outside its tests (a service never
    ready, a hook failed); ``interrupted`` is true after Ctrl-C.
    """

    format: Literal["perfspec/result/1"] = FORMAT
    tool: str
    run_id: str
    plan_fingerprint: str
    started: str
    finished: str
    machine: Machine
    tests: list[TestResult]
    interrupted: bool = False
    problem: str | None = None
