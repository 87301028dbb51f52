"""What requests did: one append for each, folded once a second into windows."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

from perfspec.measure.histogram import Histogram
from perfspec.measure.model import ErrorGroup, Journeys, JourneyWindow, Series, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from perfspec.measure.errors import ErrorClass
    from perfspec.measure.model import Key
    from perfspec.run.driver.breath import Breathe

MAX_GROUPS = 50  # of errors that read alike, for one series
MAX_MESSAGE = 200
OTHER = "other messages"
_PART = 64  # samples that are put into windows at a time: a tenth of a millisecond
T = TypeVar("T")

Sample: TypeAlias = tuple[float, int, int, int, int, int, int]
"""When it started (``perf_counter``), latency and time to first byte in µs, bytes sent and
received, connections made, further attempts."""


Listener: TypeAlias = "Callable[[SeriesBuffer, Sequence[Sample], Sequence[Failure]], None]"


class Failure(NamedTuple):
    """Why the sample with the same start failed; ``body`` is how the answer began, if it is new."""

    started: float
    error: ErrorClass
    message: str
    users: int
    body: str | None = None


class SeriesBuffer:
    """Samples of one key since the last fold; ``record`` takes a ``Sample``.

    ``late`` takes when a request or a message of a stream was due, and by how many µs the generator
    missed it; ``serve`` when a request counts from, and how many µs it really took. Samples that
    are not ``timed`` have no latency: nobody learns how long they took.

    The lists stay the same objects for good, so that compiled journeys can hold their ``append``.
    """

    __slots__ = (
        "failures", "key", "late", "lateness", "messages", "quoted", "record", "samples", "serve",
        "service", "timed", "windows",
    )  # fmt: skip

    def __init__(self, key: Key, *, timed: bool = True) -> None:
        self.key = key
        self.timed = timed
        self.samples: list[Sample] = []
        self.record: Callable[[Sample], None]
        self.record = self.samples.append
        self.lateness: list[tuple[float, int]] = []
        self.late = self.lateness.append
        self.service: list[tuple[float, int]] = []
        self.serve = self.service.append
        self.failures: list[Failure] = []
        self.messages: set[str] = set()
        self.quoted: set[str] = set()  # messages of which the answer is known
        self.windows: dict[int, Window] = {}  # of samples that were settled

    def to_quote(self, message: str) -> bool:
        """Whether an answer is wanted that shows what the message is about: of each the first."""
        if message in self.quoted or len(self.quoted) >= MAX_GROUPS:
            return False
        self.quoted.add(message)
        return True

    def clear(self) -> None:
        self.samples.clear()
        self.lateness.clear()
        self.service.clear()
        self.failures.clear()
        self.messages.clear()
        self.quoted.clear()
        self.windows.clear()


class JourneyBuffer:
    """Journeys of one persona since the last fold: when each began, or should have."""

    __slots__ = ("completed", "cut_off", "dropped", "failed")

    def __init__(self) -> None:
        self.completed: list[float] = []
        self.failed: list[float] = []
        self.cut_off: list[float] = []
        self.dropped: list[float] = []

    @property
    def fates(self) -> dict[str, list[float]]:
        """The lists by what became of the journeys in them."""
        return {name: getattr(self, name) for name in self.__slots__}


class Folded(NamedTuple):
    """Everything since the last fold; all counts are deltas."""

    series: list[Series]
    errors: list[ErrorGroup]
    journeys: list[Journeys]
    overrun: int


def _at_once() -> None:
    """Go on."""


class Recorder:
    """All series of one process.

    ``zero`` is when the test's clock began, in seconds of ``time.perf_counter``, which samples are
    stamped with; ``users`` is the load that a failure remembers.
    """

    def __init__(self, edges: Sequence[float]) -> None:
        self.users = 0
        self.overrun = 0
        self.zero = 0.0
        self._edges = edges
        self._series: dict[Key, SeriesBuffer] = {}
        self._journeys: dict[str, JourneyBuffer] = {}

    def series(self, key: Key, *, timed: bool = True) -> SeriesBuffer:
        """The buffer of a key, the same one each time."""
        return self._series.setdefault(key, SeriesBuffer(key, timed=timed))

    def journeys(self, persona: str) -> JourneyBuffer:
        """Where journeys of a persona are noted, the same buffer each time."""
        return self._journeys.setdefault(persona, JourneyBuffer())

    def failed(
        self,
        series: SeriesBuffer,
        started: float,
        error: ErrorClass,
        message: str,
        body: str | None = None,
    ) -> None:
        """Add why the sample that began at ``started`` failed; the sample is recorded beside it."""
        series.failures.append(Failure(started, error, message, self.users, body))

    def clear(self) -> None:
        """Forget everything: a new test begins in the same process."""
        self.fold()
        for series in self._series.values():
            series.clear()

    def settle(self, tell: Listener | None = None) -> Iterator[None]:
        """Put the samples of busy series into windows, some at a time.

        All those of a second at once would stop the hub for so long that each hundredth latency has
        it in it: whoever calls lets others go on between the parts.
        """
        for each in list(self._series.values()):
            for _ in range(len(each.samples) // _PART):
                self._settle_part(each, tell)
                yield

    def fold(self, tell: Listener | None = None, breathe: Breathe = _at_once) -> Folded:
        """Take what came in since the last fold; ``tell`` hears of each series' samples before.

        ``breathe`` is called between two series. What comes in meanwhile belongs to this fold or to
        the next one.
        """
        series: list[Series] = []
        errors: list[ErrorGroup] = []
        for each in list(self._series.values()):
            while each.samples or (each.windows and (each.lateness or each.service)):
                self._settle_part(each, tell)
            if each.windows:
                series.append(Series(key=each.key, windows=self._windows(each)))
                errors += _groups(each, self.zero)
            breathe()
        journeys = [self._taken(*each) for each in self._journeys.items()]
        overrun, self.overrun = self.overrun, 0
        return Folded(series, errors, [each for each in journeys if each.windows], overrun)

    def _taken(self, persona: str, buffer: JourneyBuffer) -> Journeys:
        windows: dict[int, JourneyWindow] = {}
        for fate, starts in buffer.fates.items():
            for index, count in self._counted(starts):
                window = windows.setdefault(index, JourneyWindow(index=index))
                setattr(window, fate, count)
            starts.clear()
        return Journeys(persona=persona, windows=[windows[index] for index in sorted(windows)])

    def _counted(self, starts: list[float]) -> Iterator[tuple[int, int]]:
        """Windows with how many of these began in them."""
        ranked, begin = sorted(starts), 0
        while begin < len(ranked):
            index = self._index(ranked[begin])
            end = bisect_right(ranked, index, lo=begin, key=self._index)
            yield index, end - begin
            begin = end

    def _windows(self, series: SeriesBuffer) -> list[Window]:
        windows = series.windows
        for failure in series.failures:
            counts = windows[self._index(failure.started)].errors
            counts[failure.error] = counts.get(failure.error, 0) + 1
        found = [windows[index] for index in sorted(windows)]
        windows.clear()
        return found

    def _settle_part(self, series: SeriesBuffer, tell: Listener | None) -> None:
        if tell is not None:
            tell(series, series.samples[:_PART], series.failures)
        windows = series.windows
        for index, part in self._parts(_cut(series.samples)).items():
            _add(windows.setdefault(index, Window(index=index)), part, timed=series.timed)
        for index, late_us in self._by_window(_cut(series.lateness)):
            window = windows.setdefault(index, Window(index=index))
            window.lateness = window.lateness or Histogram()
            window.lateness.add_all(late_us)
        for index, service_us in self._by_window(_cut(series.service)):
            window = windows.setdefault(index, Window(index=index))
            window.service = window.service or Histogram()
            window.service.add_all(service_us)

    def _parts(self, samples: list[Sample]) -> dict[int, list[Sample]]:
        """By the window that they began in, which is nearly always the same one."""
        if not samples:
            return {}
        first, last = self._index(min(samples)[0]), self._index(max(samples)[0])
        if first == last:
            return {first: samples}
        found: dict[int, list[Sample]] = {}
        for sample in samples:
            found.setdefault(self._index(sample[0]), []).append(sample)
        return found

    def _by_window(self, times: list[tuple[float, int]]) -> Iterable[tuple[int, list[int]]]:
        """The µs of a list by the window that they began in: nearly always the same one."""
        if not times:
            return ()
        first, last = self._index(min(times)[0]), self._index(max(times)[0])
        if first == last:
            return ((first, [us for _, us in times]),)
        found: dict[int, list[int]] = {}
        for started, us in times:
            found.setdefault(self._index(started), []).append(us)
        return found.items()

    def _index(self, started: float) -> int:
        """What begins after the last edge, as an ``on_stop`` does, belongs to the last window."""
        at_s = max(started - self.zero, 0.0)
        return min(bisect_right(self._edges, at_s), len(self._edges) - 1) - 1


def _cut(buffer: list[T]) -> list[T]:
    """Its oldest entries, which it loses."""
    part = buffer[:_PART]
    del buffer[:_PART]
    return part


def _add(window: Window, samples: Sequence[Sample], *, timed: bool) -> None:
    _, latency, ttfb, sent, received, connections, extra = zip(*samples, strict=True)
    if timed:
        window.latency.add_all(latency)
        window.ttfb.add_all(ttfb)
    else:
        window.untimed += len(samples)
    window.bytes_sent += sum(sent)
    window.bytes_received += sum(received)
    window.connections += sum(connections)
    window.extra += sum(extra)


def _groups(series: SeriesBuffer, zero: float) -> list[ErrorGroup]:
    found: dict[tuple[ErrorClass, str], ErrorGroup] = {}
    for failure in series.failures:
        message = _bounded(series, failure.message)
        body = None if message == OTHER else failure.body
        group = found.get((failure.error, message))
        if group is None:
            found[failure.error, message] = ErrorGroup(
                key=series.key,
                error=failure.error,
                message=message,
                count=1,
                first_s=max(failure.started - zero, 0.0),
                first_users=failure.users,
                body=body,
            )
        else:
            group.count += 1
            group.body = group.body or body
    series.failures.clear()
    return list(found.values())


def _bounded(series: SeriesBuffer, message: str) -> str:
    """The message, or ``OTHER`` once a series has shown its number of different ones."""
    short = message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 1] + "…"
    if short in series.messages:
        return short
    if len(series.messages) >= MAX_GROUPS:
        return OTHER
    series.messages.add(short)
    return short
