"""The levels of a test with ``stop_when``: what each of them did, and which it kept.

A level is the number of users of a hold. It is kept when every limit of ``stop_when`` is, over the
whole hold, and the test was not stopped in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.judge.bounds import beyond
from perfspec.judge.ends import end_value
from perfspec.judge.model import Level
from perfspec.judge.select import measured, samples, seconds
from perfspec.measure.summary import summarise
from perfspec.plan.limits import Subject
from perfspec.plan.load import Span, phases

if TYPE_CHECKING:
    from perfspec.measure.model import TestResult
    from perfspec.plan.load import Phase
    from perfspec.plan.model import Test

TOTAL = Subject(kind="total")
FEWEST = 10  # requests, without which a hold says nothing


def held_levels(test: Test, result: TestResult) -> tuple[Level, ...]:
    """The holds that began, as far as they were measured; those of a search say what it saw."""
    found = []
    for phase in phases(test.stages):
        if phase.kind == "hold" and phase.level_to > 0:
            spans = measured(result, [Span(start_s=phase.start_s, end_s=phase.end_s)])
            if spans:
                found.append(_level(test, result, phase, spans[0]))
    return tuple(found)


def is_kept(test: Test, result: TestResult, span: Span) -> bool | None:
    """Whether all of ``stop_when`` is kept in ``span``, None where too little tells."""
    total = samples(result, TOTAL, [span])
    values = [(each, end_value(each, total, result.monitors, span)) for each in test.stop_when]
    broken = any(
        value is not None and beyond(each.metric, value, each.limit) for each, value in values
    )
    unread = any(value is None for each, value in values if each.series)
    if total.count < FEWEST or (unread and not broken):
        return None
    return not broken


def _level(test: Test, result: TestResult, phase: Phase, span: Span) -> Level:
    numbers = summarise(samples(result, TOTAL, [span]), seconds([span]))
    return Level(
        users=round(phase.level_to),
        span=span,
        requests=numbers.count,
        rate=numbers.rate or 0.0,
        error_rate=numbers.error_rate,
        p95=numbers.quantiles.get("p95"),
        kept=_kept(test, result, phase, span),
    )


def _kept(test: Test, result: TestResult, phase: Phase, span: Span) -> bool | None:
    if result.tries:
        return result.tries[phase.stage].kept
    hit = result.stopped
    if hit is not None and phase.start_s < hit.at_s <= phase.end_s:
        return False
    return is_kept(test, result, span)
