"""Jobs that a target accepted and never ended: only those that came to an end have a sample.

A job that was accepted longer than the limit before the end of the load and has no sample is beyond
the limit for certain, by however much. Left out, a target that loses half of its jobs would be
judged by the other half.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from perfspec.judge.model import Finding, Outcome
from perfspec.judge.select import measured, samples
from perfspec.plan.limits import Subject
from perfspec.plan.load import Span, judged
from perfspec.units import counted, format_latency

if TYPE_CHECKING:
    from perfspec.measure.model import TestResult
    from perfspec.plan.limits import Objective
    from perfspec.plan.model import Test

TIMES = frozenset({"quantile", "mean", "max"})


def with_unfinished(
    test: Test, result: TestResult, objective: Objective, finding: Finding
) -> Finding:
    """The finding of a limit on how long jobs take; not kept where too many have no end."""
    limit = finding.limit if objective.fail is None else objective.fail
    metric, kept = objective.metric, finding.outcome in {Outcome.PASS, Outcome.WARN}
    if objective.subject.kind != "done" or metric.kind not in TIMES or not kept:
        return finding
    spans = measured(result, judged(test.stages, objective.during, test.warm_up_s))
    missing = unfinished(result, objective.subject, spans, limit)
    times = samples(result, objective.subject, spans).latency
    allowed = (1 - (metric.quantile or 1.0)) * (times.count + missing)
    if not missing or times.count_above(limit) + missing <= allowed:
        return finding
    outcome = Outcome.WARN if objective.cap == "warn" else Outcome.INCONCLUSIVE
    who = f"{counted(missing, 'job')} {'was' if missing == 1 else 'were'} accepted"
    reason = f"{who} more than {format_latency(limit)} before the end and never done"
    return msgspec.structs.replace(finding, outcome=outcome, reason=reason, thin=False)


def unfinished(result: TestResult, subject: Subject, spans: tuple[Span, ...], limit: float) -> int:
    """Jobs of the spans without an end, that were accepted ``limit`` seconds before the last."""
    end_s = result.measured_s - limit
    early = tuple(
        Span(start_s=each.start_s, end_s=min(each.end_s, end_s))
        for each in spans
        if each.start_s < end_s
    )
    name = subject.name.removesuffix(".done")
    asked = samples(result, Subject(kind="request", name=name, persona=subject.persona), early)
    ended = samples(result, subject, early)
    return max(0, asked.count - sum(asked.errors.values()) - ended.count)
