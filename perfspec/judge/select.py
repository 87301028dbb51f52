"""Which samples a limit looks at: those of its subject, in the judged seconds."""

from __future__ import annotations

from itertools import chain, pairwise
from typing import TYPE_CHECKING

import msgspec

from perfspec.measure.histogram import Histogram
from perfspec.measure.model import JourneyWindow, Window
from perfspec.plan.load import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perfspec.measure.model import Health, Key, TestResult
    from perfspec.plan.limits import Subject

FEWEST_BLOCKS, MOST_BLOCKS, BLOCK_S = 8, 30, 5.0


def measured(result: TestResult, spans: Sequence[Span]) -> tuple[Span, ...]:
    """The parts of the spans in which there was load."""
    end = _end_of_load(result)
    cut = (Span(start_s=each.start_s, end_s=min(each.end_s, end)) for each in spans)
    return tuple(each for each in cut if each.end_s > each.start_s)


def seconds(spans: Sequence[Span]) -> float:
    """How long the spans are together."""
    return sum(each.end_s - each.start_s for each in spans)


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """In order, those that touch as one; spans do not overlap."""
    found: list[Span] = []
    for each in sorted(spans, key=lambda span: span.start_s):
        if found and found[-1].end_s == each.start_s:
            found[-1] = Span(start_s=found[-1].start_s, end_s=each.end_s)
        else:
            found.append(each)
    return tuple(found)


def windows_in(result: TestResult, spans: Sequence[Span]) -> tuple[int, ...]:
    """Indices of the windows that lie in the spans, in order.

    No window crosses the edge of a judged span, so its middle tells where it belongs.
    """
    middles = ((start + end) / 2 for start, end in pairwise(result.edges))
    return tuple(
        index
        for index, middle in enumerate(middles)
        if any(span.start_s <= middle < span.end_s for span in spans)
    )


def samples(result: TestResult, subject: Subject, spans: Sequence[Span]) -> Window:
    """Everything that the subject did in the spans, as one window."""
    whole = Window(index=-1)
    target = dict.fromkeys(windows_in(result, spans), whole.index)
    return gathered(result, subject, target).get(whole.index, whole)


def with_times(result: TestResult) -> TestResult:
    """Only what has latencies: messages that nobody acknowledges would dilute limits on times."""
    timed = [each for each in result.series if each.timed]
    return msgspec.structs.replace(result, series=timed)


def journeys_in(result: TestResult, subject: Subject, spans: Sequence[Span]) -> JourneyWindow:
    """The journeys of the subject that began in the spans, or should have."""
    wanted, total = set(windows_in(result, spans)), JourneyWindow(index=-1)
    for index, window in journeys_by_window(result, subject.persona).items():
        if index in wanted:
            total.merge(window)
    return total


def journeys_by_window(result: TestResult, persona: str | None = None) -> dict[int, JourneyWindow]:
    """Journeys by the index of their window; None: those of all personas."""
    found: dict[int, JourneyWindow] = {}
    for each in result.journeys:
        if persona in {None, each.persona}:
            for window in each.windows:
                found.setdefault(window.index, JourneyWindow(index=window.index)).merge(window)
    return found


def by_window(result: TestResult, subject: Subject, spans: Sequence[Span]) -> list[Window]:
    """One window for each index in the spans, also where the subject did nothing."""
    indices = windows_in(result, spans)
    found = gathered(result, subject, {each: each for each in indices})
    return [found.get(each) or Window(index=each) for each in indices]


def blocks(result: TestResult, subject: Subject, spans: Sequence[Span]) -> list[Window]:
    """Neighbouring windows merged for the jackknife, so that blocks are nearly independent.

    Blocks of 5 s or an eighth of the judged time if that is shorter, and longer ones where there
    would be more than 30; fewer than 8 where there are fewer windows. Blocks without samples are
    left out.
    """
    indices = windows_in(result, spans)
    wanted = min(
        max(int(seconds(spans) / BLOCK_S), FEWEST_BLOCKS), MOST_BLOCKS, max(len(indices), 1)
    )
    block_of = {index: at * wanted // len(indices) for at, index in enumerate(indices)}
    found = gathered(result, subject, block_of)
    return [found[each] for each in sorted(found) if found[each].count]


def merged(windows: Iterable[Window]) -> Window:
    """All of them as one; an empty window without any."""
    return Window.total(list(windows))


def health_in(result: TestResult, spans: Sequence[Span]) -> list[Health]:
    """What the generator said of itself in the spans."""
    wanted = set(windows_in(result, spans))
    return [each for each in result.health if each.index in wanted]


def probe_in(result: TestResult, spans: Sequence[Span]) -> float | None:
    """Seconds that half of the calibration probe's runs in the spans did not exceed."""
    wanted = set(windows_in(result, spans))
    took = Histogram.total(each.took for each in result.probe if each.index in wanted)
    return took.quantile(0.5)


def gathered(result: TestResult, subject: Subject, target: Mapping[int, int]) -> dict[int, Window]:
    """The subject's windows, added up by what ``target`` has for their index, if anything."""
    mine = (each.windows for each in result.series if _concerns(subject, each.key))
    return grouped(chain.from_iterable(mine), target)


def grouped(windows: Iterable[Window], target: Mapping[int, int]) -> dict[int, Window]:
    """Windows added up by what ``target`` has for their index, if anything."""
    found: dict[int, list[Window]] = {}
    for each in windows:
        at = target.get(each.index)
        if at is not None:
            found.setdefault(at, []).append(each)
    return {at: Window.total(parts, at) for at, parts in found.items()}


def _end_of_load(result: TestResult) -> float:
    """When users were told to stop: while they leave, a test that ends early goes on measuring."""
    hit = result.abort or result.stopped
    if hit is not None:
        return min(hit.at_s, result.measured_s)
    if result.status == "complete":
        return result.measured_s
    busy = [each.index for each in result.health if each.users > 0]
    return min(result.edges[max(busy) + 1], result.measured_s) if busy else 0.0


def _concerns(subject: Subject, key: Key) -> bool:
    if subject.persona not in {None, key.persona}:
        return False
    if subject.file_class not in {None, key.file_class}:
        return False
    if subject.kind == "total":
        return key.kind == "request"
    return (subject.kind, subject.name) == (key.kind, key.name)
