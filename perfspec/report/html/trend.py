"""What the charts of a history draw: numbers by run and endpoint; the page holds them as JSON."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from perfspec.judge.points import LATENCIES, TOTAL
from perfspec.judge.steps import DRAWN, FEWEST_RUNS, levels
from perfspec.plan.base import Value
from perfspec.report.escape import one_line
from perfspec.report.html.chart import Chart, Line, rounded
from perfspec.report.html.events import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfspec.judge.points import Point
    from perfspec.judge.steps import Step
    from perfspec.plan.limits import Subject
    from perfspec.report.html.events import Event

MOST_SUBJECTS = 60


class Mark(Value, frozen=True, kw_only=True):
    """An event: a line before the run ``at``, with a word beside it."""

    at: int
    kind: Kind
    label: str


class SubjectTrend(Value, frozen=True, kw_only=True):
    """One endpoint, or all of them, with what happened to it."""

    name: str
    charts: tuple[Chart, ...]
    marks: tuple[Mark, ...]


class Trend(Value, frozen=True, kw_only=True):
    """One test in one environment. ``runs`` says of each run when, which commit and where.

    ``away`` are spans of runs on another machine than the last one's.
    """

    test: str
    runs: tuple[tuple[str, str, str], ...]
    away: tuple[tuple[int, int], ...]
    subjects: tuple[SubjectTrend, ...]
    charts: tuple[Chart, ...] = ()


def trend(
    points: Sequence[Point],
    found: Sequence[Step],
    happened: Sequence[Event],
    machines: Sequence[str],
) -> Trend:
    """``machines`` are the names that the page has for the machine of each run."""
    return Trend(
        test=f"{points[0].test} {points[0].environment}",
        runs=tuple(
            (short_time(each.time), short_commit(each.commit), machine)
            for each, machine in zip(points, machines, strict=True)
        ),
        away=tuple(_away(machines)),
        subjects=tuple(
            _subject(points, found, happened, each) for each in subjects_of(points)[:MOST_SUBJECTS]
        ),
    )


def subjects_of(points: Sequence[Point]) -> list[Subject]:
    """All requests first, then whatever some run has, the busiest of the last run first."""
    every = dict.fromkeys(each for point in points for each in point.numbers if each != TOTAL)
    ranked = sorted(every, key=lambda each: -points[-1].of(each).requests)
    return [TOTAL, *ranked]


def short_time(time: str) -> str:
    """Of ISO 8601: the day and the minute."""
    return time[:16].replace("T", " ")


def short_commit(commit: str | None) -> str:
    """As people write them; a dash without one."""
    return one_line(commit)[:7] if commit else "-"


def _subject(
    points: Sequence[Point], found: Sequence[Step], happened: Sequence[Event], subject: Subject
) -> SubjectTrend:
    numbers = [each.of(subject) for each in points]
    level = tuple(_ms(each) for each in levels(points, found, subject))
    latency = [
        Line(name=name, values=tuple(_ms(each.latency.get(name)) for each in numbers))
        for name in LATENCIES
    ]
    if len(points) >= FEWEST_RUNS:
        latency.append(Line(name=f"level of {DRAWN}", values=level, dashed=True))
    rates = tuple(rounded(each.rate) for each in numbers)
    throughput = Line(name="requests", values=rates)
    charts = [
        Chart(title="Latency", unit="ms", lines=tuple(latency)),
        Chart(title="Throughput", unit="per_s", lines=(throughput,)),
    ]
    if any(each.failed for each in numbers):
        shares = tuple(rounded(each.error_rate) for each in numbers)
        failed = Line(name="failed", values=shares)
        charts.append(Chart(title="Error rate", unit="share", lines=(failed,)))
    name = one_line(str(subject))
    return SubjectTrend(name=name, charts=tuple(charts), marks=tuple(_marks(happened, subject)))


def _marks(happened: Sequence[Event], subject: Subject) -> Iterator[Mark]:
    """What concerns the subject; all requests together show everything, with whose it is."""
    name = one_line(str(subject))
    for each in happened:
        if subject == TOTAL or each.subject in {"", name}:
            whose = f"{each.subject} " if subject == TOTAL and each.subject else ""
            yield Mark(at=each.at, kind=each.kind, label=f"{whose}{each.mark}")


def _away(machines: Sequence[str]) -> list[tuple[int, int]]:
    found, start = [], 0
    for machine, group in groupby(machines):
        length = sum(1 for _ in group)
        if machine != machines[-1]:
            found.append((start, start + length))
        start += length
    return found


def _ms(seconds: float | None) -> float | None:
    return rounded(None if seconds is None else seconds * 1000)
