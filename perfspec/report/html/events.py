"""What happened in the history of a test: steps of its latency, accepted slowdowns, other plans."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from perfspec.judge.points import TOTAL
from perfspec.judge.steps import DRAWN, segments
from perfspec.report.changes import percent
from perfspec.report.escape import one_line
from perfspec.units import format_latency

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfspec.baseline.record import Acceptance
    from perfspec.judge.points import Point
    from perfspec.judge.steps import Moved, Step

Kind = Literal["slower", "faster", "accepted", "plan"]


@dataclass(frozen=True, slots=True)
class Event:
    """``at`` is the first run that came after it. ``subject`` is empty where it concerns all.

    ``mark`` is a word for the charts, ``text`` a sentence. ``commits`` are those of the run before
    and the one after it, None where a record has none.
    """

    kind: Kind
    at: int
    time: str
    subject: str
    mark: str
    text: str
    commits: tuple[str | None, ...]


def events(
    points: Sequence[Point], found: Sequence[Step], acceptances: Sequence[Acceptance]
) -> list[Event]:
    """The newest first; acceptances are those of every test."""
    every = [*_steps(points, found), *_accepted(points, acceptances), *_plans(points)]
    return sorted(every, key=lambda each: (each.at, each.time), reverse=True)


def _steps(points: Sequence[Point], found: Sequence[Step]) -> Iterator[Event]:
    for each in found:
        first, *others = sorted(each.moved, key=lambda moved: moved.metric != DRAWN)
        text = f"{_moved(first)} ({format_latency(first.before)} to {format_latency(first.after)})"
        text = ", ".join((text, *map(_moved, others)))
        before, after = points[each.at - 1], points[each.at]
        if before.machine != after.machine:
            text += "; the machine changed too"
        yield Event(
            kind="slower" if first.change > 0 else "faster",
            at=each.at,
            time=after.time,
            subject="" if each.subject == TOTAL else one_line(str(each.subject)),
            mark=_moved(first),
            text=text,
            commits=(before.commit, after.commit),
        )


def _accepted(points: Sequence[Point], acceptances: Sequence[Acceptance]) -> Iterator[Event]:
    times = [each.time for each in points]
    for each in acceptances:
        if each.test not in {None, points[0].test}:
            continue
        yield Event(
            kind="accepted",
            at=bisect_right(times, each.time),
            time=each.time,
            subject="",
            mark="accepted",
            text=f"{one_line(each.reason)} ({one_line(each.by)})",
            commits=(each.commit,) if each.commit else (),
        )


def _plans(points: Sequence[Point]) -> Iterator[Event]:
    for first, _ in segments(points)[1:]:
        yield Event(
            kind="plan",
            at=first,
            time=points[first].time,
            subject="",
            mark="other plan",
            text="other load, journeys or data: not compared with the runs before",
            commits=(points[first - 1].commit, points[first].commit),
        )


def _moved(each: Moved) -> str:
    return f"{each.metric} {percent(each.change)}"
