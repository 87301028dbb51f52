"""The levels of a test with ``stop_when``: what each of them did, and which it kept.

A level is the number of users of a hold. It is kept when every limit of ``stop_when`` is, over the
whole hold and not by requests that failed, and the test was not stopped in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.judge.bounds import beyond, kept_by_failures
from perfspec.judge.ends import TOTAL, seen_by
from perfspec.judge.model import Level
from perfspec.judge.select import measured, samples, seconds
from perfspec.measure.summary import summarise
from perfspec.plan.load import Span, phases

if TYPE_CHECKING:
    from perfspec.measure.model import TestResult
    from perfspec.plan.load import Phase
    from perfspec.plan.model import Test

FEWEST = 10  # requests or journeys, without which a hold says nothing


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
    values = [(each, *seen_by(each, result, span)) for each in test.stop_when]
    told = [
        (each.metric, n, failed, value, each.limit)
        for each, n, failed, value in values
        if value is not None and (each.series or n >= FEWEST)
    ]
    broken = any(
        beyond(metric, value, limit) or kept_by_failures(metric, n, failed)
        for metric, n, failed, value, limit in told
    )
    few = samples(result, TOTAL, [span]).count < FEWEST
    if few or (len(told) < len(values) and not broken):
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
