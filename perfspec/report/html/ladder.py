"""The ladder of a capacity test: latency and throughput by level, and the levels that broke."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.report.html.chart import Bound, Chart, Line, rounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfspec.judge.model import Capacity, Level
    from perfspec.plan.model import Test


def rungs(capacity: Capacity | None) -> list[Level]:
    """Levels with requests, the lowest first; a search tries them in another order."""
    levels = capacity.levels if capacity else ()
    return sorted((each for each in levels if each.requests), key=lambda each: each.users)


def ladder_charts(test: Test, levels: Sequence[Level]) -> Iterator[Chart]:
    """None for a single level. The second line of each has the levels that broke, and no other."""
    if len(levels) < 2:
        return
    p95 = [rounded(None if each.p95 is None else each.p95 * 1000) for each in levels]
    bounds = (
        Bound(name="stop_when p95", value=rounded(each.limit * 1000) or 0)
        for each in test.stop_when
        if each.metric.name == "p95" and not each.series
    )
    lines = _lines("p95", p95, levels)
    yield Chart(title="Latency by level", unit="ms", lines=lines, bounds=tuple(bounds))
    rate = [rounded(each.rate) for each in levels]
    yield Chart(title="Throughput by level", unit="per_s", lines=_lines("requests", rate, levels))


def _lines(name: str, values: Sequence[float | None], levels: Sequence[Level]) -> tuple[Line, Line]:
    broken = (
        value if each.kept is False else None for value, each in zip(values, levels, strict=True)
    )
    return Line(name=name, values=tuple(values)), Line(name="broken", values=tuple(broken))
