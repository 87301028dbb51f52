"""How a target fails: which limits were broken, by which errors, and which endpoint was first."""

from __future__ import annotations

from bisect import bisect_right
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from perfspec.judge.bounds import beyond
from perfspec.judge.ends import TOTAL, seen_by
from perfspec.judge.model import Breach, Busy, ErrorShare, Failure, FirstError, Slowest
from perfspec.judge.monitors import readings
from perfspec.judge.select import samples
from perfspec.plan.limits import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfspec.measure.errors import ErrorClass
    from perfspec.measure.model import AbortHit, TestResult
    from perfspec.plan.limits import AbortLimit
    from perfspec.plan.load import Span
    from perfspec.plan.model import Test

TELLING = 0.01  # of the requests: rarer errors are not what broke it
FEWEST = 10
FULL = 0.8  # of what there is: from here on a resource explains a failure
MOST_BUSY = 3  # that are told


class Usual(NamedTuple):
    """Seconds in which the target was well, and at how many users."""

    users: int
    span: Span


def failure_at(
    test: Test,
    result: TestResult,
    span: Span,
    users: int,
    usual: Usual | None,
    hit: AbortHit | None = None,
) -> Failure:
    """What was wrong in ``span``, with so many users, compared with ``usual``.

    ``hit`` is what was seen while it ran: its ten seconds are other ones than those of the windows.
    """
    total = samples(result, TOTAL, [span])
    values = [(each, seen_by(each, result, span).value) for each in test.stop_when]
    breaches = tuple(
        _breach(each, value)
        for each, value in values
        if value is not None and beyond(each.metric, value, each.limit)
    )
    if not breaches and hit is not None:
        limits = (each for each in test.stop_when if each.origin == hit.origin)
        breaches = tuple(_breach(each, hit.observed) for each in limits)
    return Failure(
        users=users,
        span=span,
        breaches=breaches,
        errors=tuple(_errors(result, span, total.count)),
        slowest=None if usual is None else _slowest(result, span, usual),
        busiest=tuple(_busiest(result, span)),
    )


def _breach(limit: AbortLimit, observed: float) -> Breach:
    return Breach(
        metric=limit.metric,
        limit=limit.limit,
        observed=observed,
        origin=limit.origin,
        what=limit.what,
    )


def first_errors(result: TestResult) -> tuple[FirstError, ...]:
    """When each class of errors first appeared, at how many users and on which endpoint."""
    found: dict[str, FirstError] = {}
    for group in sorted(result.errors, key=lambda each: each.first_s):
        if group.error not in found:
            found[group.error] = FirstError(
                error=group.error,
                endpoint=group.key.name,
                at_s=group.first_s,
                users=_users_then(result, group.first_s, group.first_users),
            )
    return tuple(found.values())


def _users_then(result: TestResult, at_s: float, told: int) -> int:
    """The users of all load processes; each of them knows only its own."""
    index = bisect_right(result.edges, at_s) - 1
    users = next((each.users for each in result.health if each.index == index), told)
    return round(users)


def _errors(result: TestResult, span: Span, requests: int) -> Iterator[ErrorShare]:
    """Telling classes of errors, the commonest first, each with the endpoint that has most."""
    counts: dict[ErrorClass, dict[str, int]] = {}
    for name in _endpoints(result):
        subject = Subject(kind="request", name=name)
        for error, n in samples(result, subject, [span]).errors.items():
            counts.setdefault(error, {})[name] = n
    for error, by_endpoint in sorted(counts.items(), key=lambda each: -sum(each[1].values())):
        share = sum(by_endpoint.values()) / requests
        if share >= TELLING:
            most = max(by_endpoint, key=by_endpoint.__getitem__)
            yield ErrorShare(error=error, share=share, endpoint=most)


def _slowest(result: TestResult, span: Span, usual: Usual) -> Slowest | None:
    """The endpoint whose p95 has grown most; None where none has."""
    if usual.span.start_s <= span.start_s < usual.span.end_s:
        return None
    grown = [
        Slowest(endpoint=name, p95=now, times=now / then, usual_users=usual.users)
        for name in _endpoints(result)
        if (now := _p95(result, name, span)) and (then := _p95(result, name, usual.span))
    ]
    worst = max(grown, key=lambda each: each.times, default=None)
    return worst if worst is not None and worst.times > 1 else None


def _busiest(result: TestResult, span: Span) -> Iterator[Busy]:
    """What monitors saw near its end (shares of at least 80 %), the fullest first."""
    found = [
        Busy(series=f"{monitor.name}.{series.name}", share=fmean(values))
        for monitor in result.monitors
        for series in monitor.series
        if series.unit == "ratio"
        and (values := [each for each in readings(series, [span]) if each is not None])
    ]
    full = (each for each in found if each.share >= FULL)
    yield from sorted(full, key=lambda each: -each.share)[:MOST_BUSY]


def _p95(result: TestResult, name: str, span: Span) -> float | None:
    window = samples(result, Subject(kind="request", name=name), [span])
    return window.latency.quantile(0.95) if window.latency.count >= FEWEST else None


def _endpoints(result: TestResult) -> Sequence[str]:
    names = (each.key.name for each in result.series if each.key.kind == "request")
    return tuple(dict.fromkeys(names))
