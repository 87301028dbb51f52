"""Likely causes that show in latencies: a target that starts first, and one with a single track.

They are looked for only where a limit on requests was not kept: what is slow within its limits is
nobody's problem, but for a cold start of a second or more, which people meet again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from perfspec.judge.model import Diagnosis, Outcome
from perfspec.judge.select import by_window, samples, with_times
from perfspec.measure.model import Window
from perfspec.plan.limits import Subject
from perfspec.plan.load import Span
from perfspec.units import counted, format_duration, format_latency

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfspec.judge.model import Finding
    from perfspec.measure.model import TestResult

FEWEST: Final = 10  # requests of an endpoint, without which it says nothing
COLD_TIMES, COLD_S, COLD_SHARE = 4.0, 0.3, 0.5
COLD_ANYWAY_S: Final = 1.0
WAITING_TIMES, WAITING_S, OF_THE_WORK, OF_THE_OTHERS = 4.0, 0.5, 0.5, 1 / 3
OF_REQUESTS: Final = frozenset({"quantile", "mean", "max", "share", "throughput"})


def of_latencies(result: TestResult, findings: Sequence[Finding]) -> Iterator[Diagnosis]:
    """At most one: requests after a cold start wait for one another, too."""
    broken = {Outcome.WARN, Outcome.FAIL}
    blamed = (
        result.stopped is not None
        or result.abort is not None
        or any(each.metric.kind in OF_REQUESTS and each.outcome in broken for each in findings)
    )
    timed = with_times(result)
    found = _cold_start(timed, COLD_S if blamed else COLD_ANYWAY_S)
    if found is None and blamed:
        found = _one_track(timed)
    if found is not None:
        yield found


def _cold_start(result: TestResult, least_s: float) -> Diagnosis | None:
    """The first windows, in which everything took far longer than the same did later.

    An endpoint is slow in a window when half of its requests took four times what half of them did
    in the test's second half; one that is not asked for then tells nothing. Windows in which all
    that tell are slow come first, at most for half of the test, and never again.
    """
    half_s = result.measured_s / 2
    late = Window(index=-1)
    slow: dict[int, bool] = {}
    for name in _endpoints(result):
        subject = Subject(kind="request", name=name)
        usual = samples(result, subject, [Span(start_s=half_s, end_s=result.measured_s)])
        if usual.count:
            late.merge(usual)
            limit = max(least_s, COLD_TIMES * _half(usual))
            whole = [Span(start_s=0.0, end_s=result.measured_s)]
            for each in by_window(result, subject, whole):
                if each.count:
                    slow[each.index] = slow.get(each.index, True) and _half(each) > limit
    order = [slow[index] for index in sorted(slow)]
    first = order.index(False) if False in order else 0
    if not first or any(order[first:]):
        return None
    cold = sorted(slow)[:first]
    until_s = result.edges[cold[-1] + 1]
    if until_s > COLD_SHARE * result.measured_s:
        return None
    early = samples(result, Subject(kind="total"), [Span(start_s=0.0, end_s=until_s)])
    return Diagnosis(
        cause="A cold start: the first requests waited until the target had started (an instance"
        " from zero, a cache, a pool).",
        advice="keep one instance running or warm the target up in the hook `before`; if users"
        " never meet it cold, write `warm_up`",
        evidence=f"half of the {counted(early.count, 'request')} of the first"
        f" {format_duration(round(until_s, 1))} took {format_latency(_half(early))}, half of those"
        f" in the second half of the test {format_latency(_half(late))}",
    )


@dataclass(frozen=True, slots=True)
class _Taken:
    """By one endpoint: its requests, and the seconds that half of them and the fastest one took."""

    name: str
    count: int
    half: float
    fastest: float


def _one_track(result: TestResult) -> Diagnosis | None:
    """Many requests wait for something that another endpoint does.

    What the fastest request took is what the work takes without waiting. The endpoint with the most
    work in all is what others wait for, when half of their requests took four times their fastest
    one, at least half as long as that work, and half a second. A third of the other requests wait.
    """
    whole = [Span(start_s=0.0, end_s=result.measured_s)]
    taken = []
    for name in _endpoints(result):
        some = samples(result, Subject(kind="request", name=name), whole)
        if some.count >= FEWEST:
            taken.append(_Taken(name, some.count, _half(some), some.latency.at_rank(1)))
    most = max(taken, key=lambda each: each.count * each.fastest, default=None)
    if most is None:
        return None
    waiting = [
        each
        for each in taken
        if each is not most
        and each.half >= max(WAITING_S, WAITING_TIMES * each.fastest, OF_THE_WORK * most.fastest)
    ]
    others = sum(each.count for each in taken if each is not most)
    if not waiting or sum(each.count for each in waiting) < OF_THE_OTHERS * others:
        return None
    least = max(waiting, key=lambda each: each.half / max(each.fastest, 1e-6))
    return Diagnosis(
        cause=f"Requests wait for one another, most of all for {most.name}: a blocked event loop,"
        " a lock or too few workers do that.",
        advice=f"look at what {most.name} does while it waits for others: blocking calls belong in"
        " threads; then give the target more workers",
        evidence="; ".join(
            f"half of the requests of {each.name} took {format_latency(each.half)}, the fastest"
            f" {format_latency(each.fastest)}"
            for each in (least, most)
        ),
    )


def _endpoints(result: TestResult) -> Sequence[str]:
    names = (each.key.name for each in result.series if each.key.kind == "request")
    return tuple(dict.fromkeys(names))


def _half(window: Window) -> float:
    return window.latency.quantile(0.5) or 0.0
