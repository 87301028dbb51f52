"""Likely causes that show in latencies: a target that starts first, and one with a single track.

They are looked for only where a limit on latency was not kept: what is slow within its limits is
nobody's problem.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from perfspec.judge.model import Diagnosis, Outcome
from perfspec.judge.select import by_window, measured, samples, seconds
from perfspec.measure.model import Window
from perfspec.plan.limits import Subject
from perfspec.plan.load import Span, judged
from perfspec.units import format_count, format_duration, format_latency

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfspec.judge.model import Finding
    from perfspec.measure.model import TestResult
    from perfspec.plan.model import Test

FEWEST: Final = 10  # requests of an endpoint, without which it says nothing
COLD_TIMES, COLD_S, COLD_SHARE = 5.0, 0.3, 1 / 3
WAITING_TIMES: Final = 4.0
LATENCIES: Final = frozenset({"quantile", "mean", "max"})


def of_latencies(
    test: Test, result: TestResult, findings: Sequence[Finding]
) -> Iterator[Diagnosis]:
    """At most one: requests after a cold start wait for one another, too."""
    broken = {Outcome.WARN, Outcome.FAIL}
    slow = any(each.metric.kind in LATENCIES and each.outcome in broken for each in findings)
    if slow or _stopped_by_latency(test, result):
        found = _cold_start(result) or _one_track(test, result)
        if found is not None:
            yield found


def _stopped_by_latency(test: Test, result: TestResult) -> bool:
    hit = result.stopped or result.abort
    limits = (*test.stop_when, *test.abort)
    return hit is not None and any(
        each.origin == hit.origin and each.metric.kind in LATENCIES for each in limits
    )


def _cold_start(result: TestResult) -> Diagnosis | None:
    """Endpoints whose first requests took far longer than all later ones.

    The first windows in which half of the requests took five times what half of those of the
    test's second half did; none may come later, and they are at most a third of the test.
    """
    whole = measured(result, [Span(start_s=0.0, end_s=result.measured_s)])
    begun = [each for each in by_window(result, Subject(kind="total"), whole) if each.count]
    if not begun:
        return None
    later = _half(_joined(begun[len(begun) // 2 :]))
    limit = max(COLD_S, COLD_TIMES * later)
    hot = [_half(each) > limit for each in begun]
    first = hot.index(False) if False in hot else len(hot)
    if not first or any(hot[first:]):
        return None
    until_s = result.edges[begun[first - 1].index + 1]
    if until_s > COLD_SHARE * result.measured_s or not _same_endpoints(result, until_s, limit):
        return None
    cold = _joined(begun[:first])
    return Diagnosis(
        cause="A cold start: the first requests waited until the target had started (an instance"
        " from zero, a cache, a pool).",
        advice="keep one instance running or warm the target up in the hook `before`; if users"
        " never meet it cold, write `warm_up`",
        evidence=f"half of the {format_count(cold.count)} requests of the first"
        f" {format_duration(round(until_s, 1))} took {format_latency(_half(cold))}, half of those"
        f" in the second half of the test {format_latency(later)}",
    )


def _same_endpoints(result: TestResult, until_s: float, limit: float) -> bool:
    """Whether what was slow at first was not slow later: otherwise it is by its nature."""
    early = [Span(start_s=0.0, end_s=until_s)]
    rest = [Span(start_s=until_s, end_s=result.measured_s)]
    for name in _endpoints(result):
        subject = Subject(kind="request", name=name)
        first, again = samples(result, subject, early), samples(result, subject, rest)
        if first.count and again.count and _half(first) > limit >= _half(again):
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Wait:
    """Of one endpoint: seconds of its median and of its fastest request, and requests a second."""

    name: str
    half: float
    fastest: float
    rate: float

    @property
    def work(self) -> float:
        """How many of its requests are really worked on at a time, by Little's law."""
        return self.rate * self.fastest


def _one_track(test: Test, result: TestResult) -> Diagnosis | None:
    """All endpoints wait: half of the requests of each took four times its fastest one.

    What the fastest request took is what the work takes without waiting. Requests a second times
    that is how many are worked on at a time (Little 1961); the rest of those under way wait.
    """
    holds = judged(test.stages, "hold", test.warm_up_s)
    spans = measured(result, holds or judged(test.stages, "all", test.warm_up_s))
    length = seconds(spans)
    waits = []
    for name in _endpoints(result):
        subject = Subject(kind="request", name=name)
        some = samples(result, subject, spans)
        if some.count >= FEWEST:
            every = samples(result, subject, [Span(start_s=0.0, end_s=result.measured_s)])
            fastest = every.latency.at_rank(1)
            waits.append(_Wait(name, _half(some), fastest, some.count / length))
    if len(waits) < 2 or any(each.half < WAITING_TIMES * each.fastest for each in waits):
        return None
    most = max(waits, key=lambda each: each.work)
    least = max(waits, key=lambda each: each.half / max(each.fastest, 1e-6))
    at_once = max(1, round(sum(each.work for each in waits)))
    said = {each.name: each for each in (least, most)}.values()
    return Diagnosis(
        cause=f"Requests wait for one another: the target works on about {at_once} at a time, most"
        f" of all on {most.name}. A blocked event loop, a lock or too few workers do that.",
        advice=f"look at what {most.name} does while it waits for others: blocking calls belong in"
        " threads; then give the target more workers",
        evidence="; ".join(
            f"half of the requests of {each.name} took {format_latency(each.half)}, the fastest"
            f" {format_latency(each.fastest)}"
            for each in said
        ),
    )


def _endpoints(result: TestResult) -> Sequence[str]:
    names = (each.key.name for each in result.series if each.key.kind == "request")
    return tuple(dict.fromkeys(names))


def _joined(windows: Sequence[Window]) -> Window:
    total = Window(index=-1)
    for each in windows:
        total.merge(each)
    return total


def _half(window: Window) -> float:
    return window.latency.quantile(0.5) or 0.0
