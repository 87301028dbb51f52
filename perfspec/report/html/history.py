"""``perfspec history``: the pages of a small site that shows a baseline store over time.

An index and one page for each test in each environment, which link to each other and to nothing
else but the commits.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from perfspec.judge.points import LATENCIES, TOTAL, Point
from perfspec.judge.steps import DRAWN, FEWEST_RUNS, steps
from perfspec.report.changes import percent
from perfspec.report.escape import one_line
from perfspec.report.html.events import Event, events
from perfspec.report.html.graphics import SPARK_HEIGHT, SPARK_WIDTH, spark_path
from perfspec.report.html.page import render
from perfspec.report.html.trend import (
    Trend,
    short_commit,
    short_time,
    subjects_of,
    trend,
)
from perfspec.report.html.view import Cell
from perfspec.units import counted, format_count, format_latency, format_share, format_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perfspec.baseline.record import Acceptance
    from perfspec.judge.points import Numbers
    from perfspec.judge.steps import Step
    from perfspec.measure.model import Machine

INDEX = "index.html"
SPARK_RUNS = 100
NEWEST_EVENTS = 10
NOTHING = "-"
SIGNS = {"slower": "▲", "faster": "▼", "accepted": "✓", "plan": "≠"}
TONES = {"slower": "fail", "faster": "pass", "accepted": "inconclusive", "plan": "skipped"}


class History(NamedTuple):
    """What a store holds. ``commit_url`` and a commit's hash make the address of its page.

    ``left_out`` are sentences about files that are no records.
    """

    name: str
    points: tuple[Point, ...]
    acceptances: tuple[Acceptance, ...] = ()
    left_out: tuple[str, ...] = ()
    commit_url: str | None = None


@dataclass(frozen=True, slots=True)
class EndpointView:
    """One subject: its last runs, the last of them in numbers, and the change since its step."""

    name: str
    spark: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class RunView:
    """One run of the table."""

    time: str
    commit: str | None
    branch: str
    machine: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class PageView:
    """One test in one environment. ``machines`` are name, description and runs."""

    file: str
    test: str
    environment: str
    count: str
    since: str
    until: str
    events: tuple[Event, ...]
    endpoints: tuple[EndpointView, ...]
    machines: tuple[tuple[str, str, str], ...]
    runs: tuple[RunView, ...]
    chart: Trend


def history_pages(history: History) -> dict[str, str]:
    """Texts by name of file; ``index.html`` is there even for an empty store."""
    pages = list(_pages(history))
    shared = {
        "name": one_line(history.name),
        "commit_url": history.commit_url,
        "short": short_commit,
        "day": short_time,
        "signs": SIGNS,
        "tones": TONES,
        "fewest": FEWEST_RUNS,
        "spark_size": (SPARK_WIDTH, SPARK_HEIGHT),
    }
    newest = sorted(
        ((each, page) for page in pages for each in page.events),
        key=lambda item: item[0].time,
        reverse=True,
    )
    found = {
        INDEX: render(
            "histories.html.j2",
            data=[],
            pages=pages,
            newest=newest[:NEWEST_EVENTS],
            left_out=[one_line(each) for each in history.left_out],
            **shared,
        )
    }
    for page in pages:
        found[page.file] = render("history.html.j2", data=[page.chart], page=page, **shared)
    return found


def _pages(history: History) -> Iterator[PageView]:
    def kind(point: Point) -> tuple[str, str]:
        return point.test, point.environment

    files: set[str] = {INDEX}
    for (test, environment), group in groupby(sorted(history.points, key=kind), key=kind):
        points = sorted(group, key=lambda each: (each.time, each.run_id))
        file = _file(test, environment, files)
        files.add(file)
        found = steps(points)
        happened = events(points, found, history.acceptances)
        names = _machine_names(points)
        machines = [names[each.machine] for each in points]
        counts = Counter(machines)
        yield PageView(
            file=file,
            test=one_line(test),
            environment=one_line(environment),
            count=counted(len(points), "run"),
            since=short_time(points[0].time),
            until=short_time(points[-1].time),
            events=tuple(happened),
            endpoints=tuple(_endpoints(points, found)),
            machines=tuple(
                (name, _described(machine), counted(counts[name], "run"))
                for machine, name in names.items()
            ),
            runs=tuple(map(_run, reversed(points), reversed(machines))),
            chart=trend(points, found, happened, machines),
        )


def _file(test: str, environment: str, taken: set[str]) -> str:
    """A name that is the same every time, and stays one whatever a store says."""
    stem = "-".join(re.sub(r"[^a-z0-9_]+", "_", each.lower()) for each in (test, environment))
    names = (f"{stem}{suffix}.html" for suffix in ("", *(f"-{n}" for n in range(len(taken) + 1))))
    return next(each for each in names if each not in taken)


def _endpoints(points: Sequence[Point], found: Sequence[Step]) -> Iterator[EndpointView]:
    for subject in subjects_of(points):
        shown = [each.of(subject).latency.get(DRAWN) for each in points[-SPARK_RUNS:]]
        last = (each for each in reversed(found) if each.subject in {subject, TOTAL})
        yield EndpointView(
            name=one_line(str(subject)),
            spark=spark_path(shown),
            cells=(*_cells(points[-1].of(subject)), _change(next(last, None))),
        )


def _change(step: Step | None) -> Cell:
    """That of p95, if it moved."""
    if step is None:
        return Cell(NOTHING)
    moved = min(step.moved, key=lambda each: each.metric != DRAWN)
    return Cell(f"{moved.metric} {percent(moved.change)}", moved.change)


def _run(point: Point, machine: str) -> RunView:
    branch = one_line(point.branch or NOTHING)
    cells = tuple(_cells(point.of(TOTAL)))
    return RunView(short_time(point.time), point.commit, branch, machine, cells)


def _cells(found: Numbers) -> Iterator[Cell]:
    """Requests, errors and latencies."""
    yield Cell(format_count(found.requests), found.requests)
    share = found.error_rate
    yield Cell(NOTHING) if share is None else Cell(format_share(share), share)
    for name in LATENCIES:
        seconds = found.latency.get(name)
        yield Cell(NOTHING) if seconds is None else Cell(format_latency(seconds), seconds)


def _machine_names(points: Sequence[Point]) -> Mapping[Machine, str]:
    """Letters in the order of their first run."""
    every = dict.fromkeys(each.machine for each in points)
    return {machine: _letters(index) for index, machine in enumerate(every)}


def _letters(index: int) -> str:
    """A to Z, then AA and so on."""
    rest, last = divmod(index, 26)
    return (_letters(rest - 1) if rest else "") + chr(ord("A") + last)


def _described(machine: Machine) -> str:
    cores = counted(machine.cores, "core")
    processes = counted(machine.workers, "load process", "load processes")
    return one_line(
        f"{machine.cpu}, {cores}, {format_size(machine.memory)}, {machine.system}; {processes};"
        f" Python {machine.python}, Locust {machine.locust}, libcurl {machine.libcurl}"
    )
