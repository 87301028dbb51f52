"""What the charts of a test draw: numbers by time and subject; the page holds them as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from perfspec.judge.select import by_window, joined
from perfspec.judge.wording import level_text
from perfspec.plan.base import Value
from perfspec.plan.load import Span, phases
from perfspec.plan.metrics import QUANTILES
from perfspec.report.escape import one_line
from perfspec.report.html.chart import Bound, Chart, Line, rounded
from perfspec.report.html.columns import added_up, coarser, columns, edges_of, in_columns
from perfspec.report.html.distribution import Distribution, Heat, distribution_of, heat_of
from perfspec.report.html.ladder import ladder_charts, rungs
from perfspec.report.html.overlays import Overlays
from perfspec.report.html.whole import whole_charts
from perfspec.report.tables import TOTAL, subjects
from perfspec.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfspec.judge.model import TestVerdict
    from perfspec.measure.histogram import Histogram
    from perfspec.measure.model import TestResult, Window
    from perfspec.plan.limits import Subject
    from perfspec.plan.model import Plan, Test
from perfspec.report.html.columns import Column

DRAWN = ("p50", "p95", "p99")
MOST_VALUES = 40_000  # of all charts of a page: some 200 KB
MOST_COLUMNS, FEWEST_COLUMNS = 600, 60
MOST_HEAT_COLUMNS = 120
MOST_SUBJECTS = 60  # of all tests together
LINES_OF_A_SUBJECT = 6


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

    ``charts`` are of the test as a whole: users, generator. ``ladder`` has one value for each of
    ``levels``, in users.
    """

    test: str
    edges: tuple[float, ...]
    heat_edges: tuple[float, ...]
    bands: tuple[Band, ...]
    judged: tuple[tuple[float, float], ...]
    subjects: tuple[SubjectCharts, ...]
    charts: tuple[Chart, ...]
    levels: tuple[int, ...] = ()
    ladder: tuple[Chart, ...] = ()


class Drawing:
    """The numbers of one test as a page draws them, where it shows ``tests``.

    ``result`` has them in as many windows as there is room for.
    """

    def __init__(
        self, plan: Plan, test: Test, result: TestResult, verdict: TestVerdict, *, tests: int
    ) -> None:
        self.test = test
        self.verdict = verdict
        self.subjects = busiest(plan, result, max(MOST_SUBJECTS // tests, 8))
        room = MOST_VALUES // tests // (LINES_OF_A_SUBJECT * len(self.subjects))
        most = min(max(room, FEWEST_COLUMNS), MOST_COLUMNS)
        self.axis = columns(test, result, verdict.judged, most)
        self.result = in_columns(result, self.axis)
        base = msgspec.structs.replace(result, series=result.base)
        self.base = in_columns(base, self.axis) if result.base else None
        self.overlays = Overlays(test, result, verdict.findings)
        self._original = result

    def charts(self) -> TestCharts:
        """Everything that is drawn over time, and the distributions."""
        warm = coarser(self.axis, MOST_HEAT_COLUMNS)
        levels = rungs(self.verdict.capacity)
        return TestCharts(
            test=self.test.name,
            edges=edges_of(self.axis),
            heat_edges=edges_of(warm),
            bands=tuple(bands(self.test)),
            judged=tuple((each.start_s, each.end_s) for each in joined(self.verdict.judged)),
            subjects=tuple(self._subject(each, warm) for each in self.subjects),
            levels=tuple(each.users for each in levels),
            ladder=tuple(ladder_charts(self.test, levels)),
            charts=tuple(whole_charts(self.test, self._original, self.axis, self.overlays)),
        )

    def windows(self, subject: Subject) -> list[Window]:
        """What the subject did in each column."""
        return by_window(self.result, subject, self._whole)

    @property
    def _whole(self) -> tuple[Span]:
        return (Span(start_s=0, end_s=self.result.edges[-1]),)

    def _subject(self, subject: Subject, warm: Sequence[Column]) -> SubjectCharts:
        windows = self.windows(subject)
        charts = [
            self._latency(windows, subject),
            _throughput(windows, self.axis),
        ]
        if any(each.errors for each in windows):
            charts.append(_errors(windows, self.axis))
        return SubjectCharts(
            name=one_line(str(subject)),
            charts=tuple(charts),
            distribution=distribution_of(self.result, subject, self.verdict.judged),
            heat=heat_of(added_up(windows, self.axis, warm)),
        )

    def _latency(self, windows: Sequence[Window], subject: Subject) -> Chart:
        lines = [
            Line(
                name=each,
                values=tuple(_ms(one.latency.quantile(QUANTILES[each])) for one in windows),
            )
            for each in DRAWN
        ]
        lines += self.overlays.drift(subject, self.axis, lines)
        if self.base is not None:  # of a duet
            other = by_window(self.base, subject, self._whole)
            values = tuple(_ms(_p95(each.latency)) for each in other)
            lines.append(Line(name="p95 of the base", values=values, dashed=True))
        if any(each.service for each in windows):  # of arrivals, whose latency holds waiting too
            values = tuple(_ms(_p95(each.service)) for each in windows)
            lines.append(Line(name="p95 of service time", values=values))
        bounds = (
            Bound(name=f"{each.metric.name} limit", value=rounded(each.fail * 1000) or 0)
            for each in self.verdict.findings
            if each.subject == subject and each.metric.name in DRAWN and each.fail is not None
        )
        return Chart(
            title="Latency",
            unit="ms",
            lines=tuple(lines),
            bounds=tuple(bounds),
            stretches=tuple(self.overlays.recovery(subject)),
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


def bands(test: Test) -> Iterator[Band]:
    """The ramps and holds of a test."""
    for each in phases(test.stages):
        length = format_duration(each.end_s - each.start_s)
        word = "ramp to" if each.kind == "ramp" else "hold"
        label = f"{word} {level_text(test, each.level_to)}, {length}"
        yield Band(kind=each.kind, start_s=each.start_s, end_s=each.end_s, label=label)


def _throughput(windows: Sequence[Window], axis: Sequence[Column]) -> Chart:
    rates = (rounded(each.count / at.seconds) for each, at in zip(windows, axis, strict=True))
    line = Line(name="requests", values=tuple(rates))
    return Chart(title="Throughput", unit="per_s", lines=(line,))


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


def _p95(times: Histogram | None) -> float | None:
    return None if times is None else times.quantile(QUANTILES["p95"])


def _ms(seconds: float | None) -> float | None:
    return rounded(None if seconds is None else seconds * 1000)
