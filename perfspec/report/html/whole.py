"""Charts of a test as a whole: its users or journeys, the load generator, what monitors read."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from perfspec.judge.select import journeys_by_window
from perfspec.plan.load import level_at, phases
from perfspec.report.escape import one_line
from perfspec.report.html.chart import Chart, Line, rounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from perfspec.measure.model import Health, TestResult
    from perfspec.measure.monitored import Monitored, SampledSeries
    from perfspec.plan.limits import Scale
    from perfspec.plan.model import Test
    from perfspec.report.html.chart import Unit
    from perfspec.report.html.columns import Column
    from perfspec.report.html.overlays import Overlays

Values = tuple[float | None, ...]


def whole_charts(
    test: Test, result: TestResult, axis: Sequence[Column], overlays: Overlays
) -> Iterator[Chart]:
    """Those that there are numbers for."""
    if test.open_model is not None:
        yield _journeys(test, result, axis)
    if result.health:
        by_index = {each.index: each for each in result.health}
        yield from _generator(
            [
                [by_index[at] for at in range(each.first, each.last) if at in by_index]
                for each in axis
            ]
        )
    for monitor in result.monitors:
        yield from _monitor(monitor, axis, overlays)


def _journeys(test: Test, result: TestResult, axis: Sequence[Column]) -> Chart:
    """Arrivals: journeys begun, those that found no user, and what the plan wanted."""
    windows = journeys_by_window(result)
    curve = phases(test.stages)
    found = [
        (at, [windows[index] for index in range(at.first, at.last) if index in windows])
        for at in axis
    ]
    begun = (rounded(sum(each.begun for each in group) / at.seconds) for at, group in found)
    dropped = (rounded(sum(each.dropped for each in group) / at.seconds) for at, group in found)
    planned = (rounded(level_at(curve, (at.start_s + at.end_s) / 2)) for at in axis)
    return Chart(
        title="Journeys",
        unit="per_s",
        lines=(
            Line(name="begun", values=tuple(begun)),
            Line(name="dropped", values=tuple(dropped)),
            Line(name="planned", values=tuple(planned), dashed=True),
        ),
    )


def _generator(groups: Sequence[Sequence[Health]]) -> Iterator[Chart]:
    users, ready = (_means(groups, each) for each in ("users", "ready"))
    planned = _means(groups, "planned")
    signing_in = () if users == ready else (Line(name="past on_start", values=ready),)
    wanted = Line(name="planned", values=planned, dashed=True)
    connections = Line(name="open connections", values=_means(groups, "open_connections"))
    held = (connections,) if any(connections.values) else ()
    lines = (Line(name="users", values=users), *signing_in, *held, wanted)
    yield Chart(title="Users", unit="count", lines=lines)
    yield Chart(
        title="Load generator: busiest core",
        unit="ratio",
        lines=(
            Line(name="mean", values=_means(groups, "cpu")),
            Line(name="highest second", values=_highest(groups, "cpu_max", 1)),
        ),
    )
    stall = Line(name="stall", values=_highest(groups, "hub_delay_us", 1e-3))
    yield Chart(title="Load generator: longest stall", unit="ms", lines=(stall,))


def _monitor(monitor: Monitored, axis: Sequence[Column], overlays: Overlays) -> Iterator[Chart]:
    """Series of one unit go together."""
    for unit in dict.fromkeys(each.unit for each in monitor.series):
        shown, factor = _shown(unit)
        lines = [
            Line(name=one_line(each.name), values=_sampled(each, axis, factor))
            for each in monitor.series
            if each.unit == unit
        ]
        lines += overlays.growth(monitor.name, axis, lines)
        title = f"Monitor {one_line(monitor.name)}"
        yield Chart(title=title, unit=shown, lines=tuple(lines))


def _shown(unit: Scale) -> tuple[Unit, float]:
    """How a chart shows a number of this unit, and by what it is multiplied for it."""
    match unit:
        case "s":
            return "ms", 1000.0
        case "users":
            return "count", 1.0
        case _:
            return unit, 1.0


def _sampled(series: SampledSeries, axis: Sequence[Column], factor: float) -> Values:
    """The mean of the samples in each column; one that holds none goes on as the last one was.

    A monitor may read less often than a column is long; a sample that failed makes a gap.
    """
    starts = [each.start_s for each in axis]
    groups: list[list[float | None]] = [[] for _ in axis]
    for at, value in zip(series.at_s, series.values, strict=True):
        column = bisect_right(starts, at) - 1
        if column >= 0:
            groups[column].append(value)
    found: list[float | None] = []
    last: float | None = None
    for group in groups:
        if group:
            read = [each for each in group if each is not None]
            last = rounded(sum(read) / len(read) * factor) if read else None
        found.append(last)
    return tuple(found)


def _means(groups: Iterable[Sequence[Health]], field: str) -> Values:
    return tuple(
        rounded(sum(getattr(each, field) for each in group) / len(group)) if group else None
        for group in groups
    )


def _highest(groups: Iterable[Sequence[Health]], field: str, scale: float) -> Values:
    return tuple(
        rounded(max(getattr(each, field) for each in group) * scale) if group else None
        for group in groups
    )
