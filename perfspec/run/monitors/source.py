"""What every kind of monitor is made of: it reads a moment, or a span of time."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from perfspec.errors import PerfspecError
from perfspec.measure.monitored import Sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.plan.monitor import MonitorSeries

MOST_PROBLEM: Final = 300  # characters of a sentence
Values = dict[str, float | None]


class ReadError(PerfspecError):
    """Nothing could be read this time; the sentence says why."""


class Source(ABC):
    """One thing that is monitored. ``read`` may raise anything: nothing was read then."""

    problem: str | None = None
    """Why something of the last reading is missing."""

    @abstractmethod
    def read(self, at: float) -> list[Sample]:
        """Everything new up to ``at`` (seconds since 1970)."""

    @abstractmethod
    def missing(self, at: float) -> list[Sample]:
        """What a reading at ``at`` that failed leaves without a value."""

    def begin(self) -> None:  # noqa: B027  (most have nothing to do)
        """Asked once, before the first reading: what is counted since then is counted from here."""

    def finish(self, at: float) -> list[Sample]:
        """Everything up to ``at`` that can still be read; asked at the end of a test."""
        del at
        return []

    def close(self) -> None:  # noqa: B027  (as above)
        """Let go of connections."""


class Gauge(Source):
    """A source that is read at one moment."""

    def __init__(self, series: Sequence[MonitorSeries]) -> None:
        self.series = series

    @abstractmethod
    def values(self) -> Values:
        """Each number as it is now, None for one that is not there."""

    def begin(self) -> None:
        with suppress(Exception):  # the first reading tells
            self.values()

    def read(self, at: float) -> list[Sample]:
        self.problem = None
        found = self.values()
        return [
            Sample(each.name, at, scaled(found.get(each.name), each.factor)) for each in self.series
        ]

    def missing(self, at: float) -> list[Sample]:
        return [Sample(each.name, at, None) for each in self.series]


class History(Source):
    """A source that keeps its numbers, and is asked for spans of time.

    Points stand every ``step`` seconds. With ``late`` the newest ones come later than their time:
    they are waited for until the end of the test.
    """

    late = False

    def __init__(self, series: Sequence[MonitorSeries], step: float, start: float) -> None:
        self.series = series
        self.step = step
        self._first = math.ceil(start / step)
        self._open: dict[str, set[int]] = {each.name: set() for each in series}

    @abstractmethod
    def fetch(self, start: float, end: float) -> dict[str, dict[float, float]]:
        """For each series its numbers by time, both ends included."""

    def read(self, at: float) -> list[Sample]:
        self.problem = None
        self._open_up_to(at)
        waiting = sorted({each for points in self._open.values() for each in points})
        if not waiting:
            return []
        found = self.fetch(waiting[0] * self.step, waiting[-1] * self.step)
        samples: list[Sample] = []
        for each in self.series:
            values = {round(t / self.step): value for t, value in found.get(each.name, {}).items()}
            for point in sorted(self._open[each.name]):
                value = scaled(values.get(point), each.factor)
                if value is not None or not self.late:
                    samples.append(Sample(each.name, self._time(point), value))
                    self._open[each.name].discard(point)
        return samples

    def missing(self, at: float) -> list[Sample]:
        """Nothing yet: the next reading asks for it again."""
        del at
        return []

    def finish(self, at: float) -> list[Sample]:
        try:
            samples = self.read(at)
        except Exception as error:  # noqa: BLE001  (whatever it was: it could not be read)
            samples = []
            self.problem = sentence(error)
        for name, points in self._open.items():
            samples += [Sample(name, self._time(point), None) for point in sorted(points)]
            points.clear()
        return samples

    def _open_up_to(self, at: float) -> None:
        last = math.floor(at / self.step)
        if self.late:
            last -= 1  # the newest span has not ended
        for points in self._open.values():
            points.update(range(self._first, last + 1))
        self._first = max(self._first, last + 1)

    def _time(self, point: int) -> float:
        """A late point is about the whole span that begins with it."""
        return (point + 0.5 if self.late else point) * self.step


def scaled(value: float | None, factor: float) -> float | None:
    """In the unit of the series; what is no number (NaN, infinite) is none."""
    return None if value is None or not math.isfinite(value) else value * factor


def sentence(error: BaseException) -> str:
    """An error in one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    known = isinstance(error, PerfspecError)
    return (text if known else f"{type(error).__name__}: {text}")[:MOST_PROBLEM]
