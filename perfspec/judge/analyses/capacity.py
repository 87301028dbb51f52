"""How much load a target bears: which levels kept ``stop_when``, and how the first other one broke.

A level is the number of users of a hold. It is kept when every limit of ``stop_when`` is, over the
whole hold, and the test was not stopped in it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perfspec.judge.analyses.failure import failure_at
from perfspec.judge.analyses.reading import Reading
from perfspec.judge.bounds import beyond
from perfspec.judge.model import Capacity, Level
from perfspec.judge.select import measured, samples, seconds
from perfspec.measure.summary import summarise, value_of
from perfspec.plan.limits import Subject
from perfspec.plan.load import Span, phases, users_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.judge.model import Failure
    from perfspec.measure.model import TestResult
    from perfspec.plan.load import Phase
    from perfspec.plan.model import Test

TOTAL = Subject(kind="total")
FEWEST = 10  # requests, without which a hold says nothing
BEFORE_S = 10.0  # a breach is seen after 10 s of it


def capacity(test: Test, result: TestResult) -> Capacity | None:
    """None for a test without ``stop_when``, or one that was not measured."""
    if not test.stop_when or not result.measured_s:
        return None
    levels = _levels(test, result)
    kept = _kept_before_the_first_broken(levels)
    broken = next((each for each in levels if each.kept is False), None)
    hit = result.stopped
    if broken is None and hit is None:
        users, certainty = _highest(test, result, kept), "at_least"
    elif kept is not None:
        users, certainty = kept.users, "exact"
    elif hit is not None and broken is None:
        users, certainty = users_at(phases(test.stages), hit.at_s - BEFORE_S), "about"
    else:
        users, certainty = 0, "below"
    share = test.recommend
    return Capacity(
        users=users,
        certainty=certainty,  # type: ignore[arg-type]  # one of its words
        broken_at=broken.users if broken else None,
        recommended=None if share is None else math.floor(users * share + 1e-9),
        share=share,
        levels=levels,
        failure=_failure(test, result, broken),
    )


def capacity_reading(found: Capacity | None, result: TestResult) -> Reading:
    """The capacity as a value that a limit is compared with."""
    if found is None:
        return Reading(None, 0, remark="nothing was measured")
    count = sum(each.requests for each in found.levels)
    open_ended = found.certainty == "at_least"
    remark = {
        "at_least": "no level broke stop_when: try higher ones",
        "about": "read from a ramp",
        "below": f"already {found.broken_at} users broke stop_when",
        "exact": "",
    }[found.certainty]
    doubt = "the test ended before its highest level" if result.status == "partial" else ""
    return Reading(
        found.users,
        count,
        low=found.users if open_ended or found.broken_at is not None else None,
        high=found.broken_at,
        open_ended=open_ended,
        remark=remark,
        doubt=doubt if open_ended else "",
    )


def _levels(test: Test, result: TestResult) -> tuple[Level, ...]:
    """The holds that began, as far as they were measured."""
    found = []
    for phase in phases(test.stages):
        if phase.kind == "hold" and phase.level_to > 0:
            spans = measured(result, [Span(start_s=phase.start_s, end_s=phase.end_s)])
            if spans:
                found.append(_level(test, result, phase, spans))
    return tuple(found)


def _level(test: Test, result: TestResult, phase: Phase, spans: Sequence[Span]) -> Level:
    total = samples(result, TOTAL, spans)
    length = seconds(spans)
    numbers = summarise(total, length)
    hit = result.stopped
    kept: bool | None = None
    if hit is not None and phase.start_s < hit.at_s <= phase.end_s:
        kept = False
    elif total.count >= FEWEST:
        values = [(each, value_of(each.metric, total, length)) for each in test.stop_when]
        kept = not any(
            value is not None and beyond(each.metric, value, each.limit) for each, value in values
        )
    return Level(
        users=round(phase.level_to),
        span=spans[0],
        requests=numbers.count,
        rate=numbers.rate or 0.0,
        error_rate=numbers.error_rate,
        p95=numbers.quantiles.get("p95"),
        kept=kept,
    )


def _kept_before_the_first_broken(levels: Sequence[Level]) -> Level | None:
    last = None
    for each in levels:
        if each.kept is False:
            break
        last = each if each.kept else last
    return last


def _highest(test: Test, result: TestResult, kept: Level | None) -> int:
    """Where nothing broke: the last hold, or in a test without holds the end of its ramp."""
    if kept is not None:
        return kept.users
    if any(each.kind == "hold" and each.level_to > 0 for each in phases(test.stages)):
        return 0
    return users_at(phases(test.stages), math.nextafter(result.measured_s, 0.0))


def _failure(test: Test, result: TestResult, broken: Level | None) -> Failure | None:
    """Seen in the ten seconds before the test was stopped, else in the whole level that broke."""
    hit = result.stopped
    if hit is None:
        return None if broken is None else failure_at(test, result, broken.span, broken.users)
    begin_s = max(0.0, hit.at_s - BEFORE_S)
    if broken is None:
        users = users_at(phases(test.stages), math.nextafter(hit.at_s, 0.0))
        return failure_at(test, result, Span(start_s=begin_s, end_s=hit.at_s), users)
    span = Span(start_s=max(begin_s, broken.span.start_s), end_s=broken.span.end_s)
    return failure_at(test, result, span, broken.users)
