"""What charts draw: numbers by time, by subject; the page holds them as JSON.

A chart is data (a title, a unit, lines), so whatever a result measures over time becomes one
without a line of JavaScript. Times are milliseconds, shares ratios; None is a gap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from perfspec.judge.select import joined
from perfspec.judge.wording import level_text
from perfspec.measure.summary import summarise
from perfspec.plan.base import Value
from perfspec.plan.load import phases
from perfspec.report.escape import one_line
from perfspec.report.html.columns import added_up, by_column, coarser, columns
from perfspec.report.html.distribution import Distribution, Heat, distribution_of, heat_of
from perfspec.report.tables import TOTAL, subjects
from perfspec.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfspec.judge.model import Finding, TestVerdict
    from perfspec.measure.model import Health, TestResult, Window
    from perfspec.measure.summary import Summary
    from perfspec.plan.limits import Subject
    from perfspec.plan.model import Plan, Test
from perfspec.report.html.columns import Column

Unit = Literal["ms", "per_s", "ratio", "count"]
DRAWN = ("p50", "p95", "p99")
MOST_VALUES = 40_000  # of all charts of a page: some 200 KB
MOST_COLUMNS, FEWEST_COLUMNS = 600, 60
MOST_HEAT_COLUMNS = 120
MOST_SUBJECTS = 60  # of all tests together
LINES_OF_A_SUBJECT = 6


class Line(Value, frozen=True, kw_only=True):
    """One value for each column. ``dashed`` is what was wanted, as opposed to measured."""

    name: str
    values: tuple[float | None, ...]
    dashed: bool = False


class Bound(Value, frozen=True, kw_only=True):
    """A limit as a horizontal line, in the unit of its chart."""

    name: str
    value: float


class Chart(Value, frozen=True, kw_only=True):
    """Lines over the time axis of the test, from zero up."""

    title: str
    unit: Unit
    lines: tuple[Line, ...]
    bounds: tuple[Bound, ...] = ()


class Band(Value, frozen=True, kw_only=True):
    """A ramp or a hold, shaded; ``label`` says what it is."""

    kind: Literal["ramp", "hold"]
    start_s: float
    end_s: float
    label: str


class SubjectCharts(Value, frozen=True, kw_only=True):
    """Everything that is drawn about one endpoint, or about all of them."""

    name: str
    charts: tuple[Chart, ...]
    distribution: Distribution | None = None
    heat: Heat | None = None


class TestCharts(Value, frozen=True, kw_only=True):
    """One test. ``edges`` are those of the columns; ``judged`` are pairs of seconds.

    ``charts`` are of the test as a whole: users, generator.
    """

    test: str
    edges: tuple[float, ...]
    heat_edges: tuple[float, ...]
    bands: tuple[Band, ...]
    judged: tuple[tuple[float, float], ...]
    subjects: tuple[SubjectCharts, ...]
    charts: tuple[Chart, ...]


def test_charts(
    plan: Plan, test: Test, result: TestResult, verdict: TestVerdict, *, tests: int
) -> TestCharts:
    """The charts of one test, where a page holds those of ``tests``."""
    shown = busiest(plan, result, max(MOST_SUBJECTS // tests, 8))
    room = MOST_VALUES // tests // (LINES_OF_A_SUBJECT * len(shown))
    axis = columns(test, result, min(max(room, FEWEST_COLUMNS), MOST_COLUMNS))
    warm = coarser(axis, MOST_HEAT_COLUMNS)
    return TestCharts(
        test=test.name,
        edges=_edges(axis),
        heat_edges=_edges(warm),
        bands=tuple(_bands(test)),
        judged=tuple((each.start_s, each.end_s) for each in joined(verdict.judged)),
        subjects=tuple(_subject_charts(result, each, axis, warm, verdict) for each in shown),
        charts=tuple(_health_charts(result, axis)),
    )


def busiest(plan: Plan, result: TestResult, most: int) -> list[Subject]:
    """All requests together, then what has the most samples, in the order of the plan."""
    every = [each for each in subjects(plan, result) if each.file_class is None]
    counts: dict[tuple[str, str], int] = {}
    for series in result.series:
        key = (series.key.kind, series.key.name)
        counts[key] = counts.get(key, 0) + sum(each.count for each in series.windows)
    ranked = sorted(every[1:], key=lambda each: -counts[each.kind, each.name])
    chosen = set(ranked[: most - 1])
    return [TOTAL, *(each for each in every[1:] if each in chosen)]


def rounded(value: float | None, digits: int = 4) -> float | None:
    """Significant digits as the histogram has them; a whole number as such, to save room."""
    if value is None:
        return None
    number = float(f"{value:.{digits}g}")
    return int(number) if number == int(number) else number


def _edges(axis: Sequence[Column]) -> tuple[float, ...]:
    return (*(each.start_s for each in axis), *(each.end_s for each in axis[-1:]))


def _bands(test: Test) -> Iterator[Band]:
    for each in phases(test.stages):
        length = format_duration(each.end_s - each.start_s)
        word = "ramp to" if each.kind == "ramp" else "hold"
        label = f"{word} {level_text(test, each.level_to)}, {length}"
        yield Band(kind=each.kind, start_s=each.start_s, end_s=each.end_s, label=label)


def _subject_charts(
    result: TestResult,
    subject: Subject,
    axis: Sequence[Column],
    warm: Sequence[Column],
    verdict: TestVerdict,
) -> SubjectCharts:
    windows = by_column(result, subject, axis)
    found = [summarise(window, at.seconds) for window, at in zip(windows, axis, strict=True)]
    charts = [_latency(found, subject, verdict.findings), _throughput(found)]
    if any(each.failed for each in found):
        charts.append(_errors(windows, axis))
    return SubjectCharts(
        name=one_line(str(subject)),
        charts=tuple(charts),
        distribution=distribution_of(result, subject, verdict.judged),
        heat=heat_of(added_up(windows, axis, warm)),
    )


def _latency(found: Sequence[Summary], subject: Subject, findings: Sequence[Finding]) -> Chart:
    lines = (
        Line(name=name, values=tuple(_ms(each.quantiles.get(name)) for each in found))
        for name in DRAWN
    )
    bounds = (
        Bound(name=f"{each.metric.name} limit", value=rounded(each.fail * 1000) or 0)
        for each in findings
        if each.subject == subject and each.metric.name in DRAWN and each.fail is not None
    )
    return Chart(title="Latency", unit="ms", lines=tuple(lines), bounds=tuple(bounds))


def _throughput(found: Sequence[Summary]) -> Chart:
    values = tuple(rounded(each.rate or 0.0) for each in found)
    return Chart(title="Throughput", unit="per_s", lines=(Line(name="requests", values=values),))


def _errors(windows: Sequence[Window], axis: Sequence[Column]) -> Chart:
    classes = sorted({each for window in windows for each in window.errors})
    lines = (
        Line(
            name=error,
            values=tuple(
                rounded(window.errors.get(error, 0) / at.seconds)
                for window, at in zip(windows, axis, strict=True)
            ),
        )
        for error in classes
    )
    return Chart(title="Errors by class", unit="per_s", lines=tuple(lines))


def _health_charts(result: TestResult, axis: Sequence[Column]) -> Iterator[Chart]:
    by_index = {each.index: each for each in result.health}
    groups = [
        [by_index[index] for index in range(at.first, at.last) if index in by_index] for at in axis
    ]
    if not by_index:
        return
    yield Chart(
        title="Users",
        unit="count",
        lines=(
            Line(name="users", values=_means(groups, "users")),
            Line(name="past on_start", values=_means(groups, "ready")),
            Line(name="planned", values=_means(groups, "planned"), dashed=True),
        ),
    )
    yield Chart(
        title="Load generator: busiest core",
        unit="ratio",
        lines=(
            Line(name="mean", values=_means(groups, "cpu")),
            Line(name="highest second", values=_highest(groups, "cpu_max", 1)),
        ),
    )
    yield Chart(
        title="Load generator: longest stall",
        unit="ms",
        lines=(Line(name="stall", values=_highest(groups, "hub_delay_us", 1e-3)),),
    )


def _means(groups: Sequence[Sequence[Health]], field: str) -> tuple[float | None, ...]:
    return tuple(
        rounded(sum(getattr(each, field) for each in group) / len(group)) if group else None
        for group in groups
    )


def _highest(
    groups: Sequence[Sequence[Health]], field: str, scale: float
) -> tuple[float | None, ...]:
    return tuple(
        rounded(max(getattr(each, field) for each in group) * scale) if group else None
        for group in groups
    )


def _ms(seconds: float | None) -> float | None:
    return rounded(None if seconds is None else seconds * 1000)
