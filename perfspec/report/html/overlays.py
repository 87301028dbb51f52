"""What analyses found, drawn where they found it: trends over a hold, the way back from a peak."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from perfspec.judge.analyses.degradation import longest_hold
from perfspec.judge.wording import amount
from perfspec.plan.load import peak_of
from perfspec.report.escape import one_line
from perfspec.report.html.chart import Line, Stretch, rounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfspec.judge.model import Finding
    from perfspec.measure.model import TestResult
    from perfspec.plan.limits import Subject
    from perfspec.plan.model import Test
    from perfspec.report.html.columns import Column

Values = tuple["float | None", ...]


class Overlays:
    """Those of one test. ``result`` is the one that was judged."""

    def __init__(self, test: Test, result: TestResult, findings: Sequence[Finding]) -> None:
        self.test = test
        self.hold = longest_hold(test, result)
        self.findings = [each for each in findings if each.observed is not None]

    def drift(self, subject: Subject, axis: Sequence[Column], lines: Sequence[Line]) -> list[Line]:
        """The trend of each percentile of a subject that a limit on ``degradation`` looked at."""
        by_name = {each.name: each.values for each in lines}
        return [
            self._trend(each, each.metric.name.rpartition(".")[2], axis, by_name)
            for each in self.findings
            if each.metric.kind == "degradation" and each.subject == subject
            if each.metric.name.rpartition(".")[2] in by_name
        ]

    def growth(self, monitor: str, axis: Sequence[Column], lines: Sequence[Line]) -> list[Line]:
        """The trend of each series of a monitor that a limit on ``growth`` looked at."""
        by_name = {each.name: each.values for each in lines}
        named = ((each, each.subject.name.partition(".")) for each in self.findings)
        return [
            self._trend(each, one_line(series), axis, by_name)
            for each, (owner, _, series) in named
            if each.metric.kind == "growth" and owner == monitor and one_line(series) in by_name
        ]

    def recovery(self, subject: Subject) -> Iterator[Stretch]:
        """From the end of the peak for as long as it took."""
        peak = peak_of(self.test.stages)
        for each in self.findings:
            if (
                each.metric.kind == "recovery"
                and each.subject == subject
                and peak
                and each.observed
            ):
                start = peak.highest.end_s
                label = f"recovery {amount(each.metric, each.observed)}"
                yield Stretch(start_s=start, end_s=start + each.observed, label=label)

    def _trend(
        self, finding: Finding, name: str, axis: Sequence[Column], lines: dict[str, Values]
    ) -> Line:
        """The change that was judged, laid through the middle of what is drawn."""
        places = [self._place(each) for each in axis]
        rise = [None if each is None else 1 + (finding.observed or 0.0) * each for each in places]
        pairs = zip(lines[name], rise, strict=True)
        starts = [value / factor for value, factor in pairs if value is not None and factor]
        start = median(starts) if starts else 0.0
        values = tuple(rounded(None if each is None else start * each) for each in rise)
        return Line(name=f"trend of {name}", values=values, dashed=True)

    def _place(self, column: Column) -> float | None:
        """Of a column's middle: 0 at the start of the hold, 1 at its end, None outside of it."""
        middle = (column.start_s + column.end_s) / 2
        if self.hold is None or not self.hold.start_s <= middle <= self.hold.end_s:
            return None
        return (middle - self.hold.start_s) / (self.hold.end_s - self.hold.start_s)
