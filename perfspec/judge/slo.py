"""One limit and the samples it looks at: kept, broken, or not to be decided.

Counts and rates are facts of the run: the value decides. A percentile within its limit keeps it,
one whose 95 % interval lies beyond breaks it, and in between it warns. Too few samples for an
interval decide only what they can: all of them within the limit (a thin pass), or more of them
beyond than chance explains. Whatever keeps its limit on fewer than ``min_samples`` is not decided,
and neither is a limit without samples, nor a time or throughput that failed requests may have kept
alone: a connection that is refused is the quickest answer of all.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from perfspec.judge.bounds import beyond, kept_by_failures
from perfspec.judge.interval import Interval, has_interval, quantile_interval, surely_beyond
from perfspec.judge.model import Finding, Outcome
from perfspec.judge.monitors import judge_monitor
from perfspec.judge.select import blocks, journeys_in, measured, merged, seconds, with_times
from perfspec.measure.histogram import Histogram
from perfspec.measure.summary import count_of, journey_value, journeys_of, samples_of, value_of
from perfspec.plan.load import judged
from perfspec.units import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfspec.measure.model import TestResult, Window
    from perfspec.plan.limits import During, Metric, Objective, Subject
    from perfspec.plan.load import Span
    from perfspec.plan.model import Test

WITHIN = "within the limit"
BY_FAILURES = "requests that failed may have kept it alone, so it says nothing of others"
PERHAPS_OURS = "beyond the limit by no more than the generator itself may have added"


@dataclass(frozen=True, slots=True)
class Samples:
    """What one subject did in the judged seconds, as a whole and in blocks of time."""

    total: Window
    blocks: Sequence[Window]
    seconds: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was measured for one objective, on ``n`` samples. ``observed`` is in the metric's unit.

    ``delay_s`` is what the generator itself may have added to a time (see ``validity``): a limit
    that is beyond only by that much is not broken. ``failed`` of the samples are failed requests.
    """

    metric: Metric
    n: int
    failed: int
    times: Histogram
    observed: float | None
    interval: Interval | None
    delay_s: float


class Level(Enum):
    """What became of one bound, of ``warn`` or of ``fail``."""

    KEPT = auto()
    DOUBTFUL = auto()
    UNDECIDED = auto()
    BROKEN = auto()


@dataclass(frozen=True, slots=True)
class Ruling:
    level: Level
    reason: str
    thin: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    outcome: Outcome
    limit: float
    reason: str
    thin: bool = False


class Judge:
    """Judges the limits of one test; samples that several limits look at are gathered once."""

    def __init__(self, test: Test, result: TestResult, delay_s: float = 0.0) -> None:
        self.test = test
        self.result = result
        self.delay_s = delay_s
        self._timed = with_times(result)
        self._samples: dict[tuple[Subject, During, bool], Samples] = {}  # True: with times only

    def judge(self, objective: Objective) -> Finding:
        """Compare one limit with what was measured; ``cap`` is applied.

        Raises ValueError for an objective that states no limit.
        """
        if objective.metric.kind == "sampled":
            return judge_monitor(self.test, self.result, objective)
        evidence = self.evidence(objective)
        decision = decide(objective, evidence)
        interval = evidence.interval or Interval(None, None)
        return finding_of(objective, decision, evidence.observed, interval, evidence.n)

    def evidence(self, objective: Objective) -> Evidence:
        """What the samples of the objective's subject in its judged seconds amount to."""
        metric = objective.metric
        key = objective.subject, objective.during, metric.about_times
        if metric.about_journeys:
            return self._of_journeys(objective)
        found = self._samples.get(key) or self._samples.setdefault(key, self._gather(objective))
        times = samples_of(metric, found.total)
        interval = None
        q = metric.quantile
        if q is not None and times.count and has_interval(q, times.count):
            parts = [samples_of(metric, each) for each in found.blocks]
            interval = quantile_interval([each for each in parts if each.count], q)
        return Evidence(
            metric=metric,
            n=count_of(metric, found.total),
            failed=sum(found.total.errors.values()),
            times=times,
            observed=value_of(metric, found.total, found.seconds),
            interval=interval,
            delay_s=self.delay_s if metric.about_times else 0.0,
        )

    def _of_journeys(self, objective: Objective) -> Evidence:
        metric, spans = objective.metric, self._spans(objective.during)
        found = journeys_in(self.result, objective.subject, spans)
        return Evidence(
            metric=metric,
            n=journeys_of(metric, found),
            failed=0,
            times=Histogram(),
            observed=journey_value(metric, found, seconds(spans)),
            interval=None,
            delay_s=0.0,
        )

    def _spans(self, during: During) -> tuple[Span, ...]:
        return measured(self.result, judged(self.test.stages, during, self.test.warm_up_s))

    def _gather(self, objective: Objective) -> Samples:
        spans = self._spans(objective.during)
        result = self._timed if objective.metric.about_times else self.result
        parts = blocks(result, objective.subject, spans)
        return Samples(merged(parts), parts, seconds(spans))


def finding_of(
    objective: Objective,
    decision: Decision,
    observed: float | None,
    interval: Interval,
    samples: int,
) -> Finding:
    """A decision with what it rests on; ``cap`` is applied."""
    outcome = decision.outcome
    if objective.cap == "warn" and outcome in {Outcome.FAIL, Outcome.INCONCLUSIVE}:
        outcome = Outcome.WARN
    return Finding(
        objective=objective.id,
        subject=objective.subject,
        metric=objective.metric,
        outcome=outcome,
        limit=decision.limit,
        warn=objective.warn,
        fail=objective.fail,
        observed=observed,
        low=interval.low,
        high=interval.high,
        samples=samples,
        thin=decision.thin,
        reason=decision.reason,
        place=objective.place,
        origin=objective.origin,
        requirement=objective.requirement,
    )


def decide(objective: Objective, evidence: Evidence) -> Decision:
    """Put the two bounds together; that of ``warn`` never does worse than warn."""
    bound = objective.fail if objective.fail is not None else objective.warn
    if bound is None:
        msg = f"{objective.origin} states no limit"
        raise ValueError(msg)
    value = evidence.observed
    if value is None:
        return Decision(Outcome.INCONCLUSIVE, bound, "no sample in the judged seconds")
    return decide_by(objective, lambda limit: _rule(evidence, value, limit, objective.min_samples))


def decide_by(objective: Objective, rule: Callable[[float], Ruling]) -> Decision:
    """Let ``rule`` judge both bounds, that of ``fail`` first."""
    bound, ruling = 0.0, Ruling(Level.KEPT, "")
    for limit, gravest in ((objective.fail, Outcome.FAIL), (objective.warn, Outcome.WARN)):
        if limit is not None:
            bound, ruling = limit, rule(limit)
            if ruling.level is not Level.KEPT:
                reason = ruling.reason
                if gravest is Outcome.WARN:
                    reason = reason.replace("the limit", "the level that warns")
                return Decision(_outcome(ruling.level, gravest), bound, reason)
    return Decision(Outcome.PASS, bound, ruling.reason, ruling.thin)


def _rule(evidence: Evidence, value: float, limit: float, min_samples: int) -> Ruling:
    if evidence.metric.quantile is None:
        ruling = _rule_on_fact(evidence, value, limit)
    elif evidence.interval is None:
        ruling = _rule_on_few(evidence, limit, evidence.metric.quantile)
    else:
        ruling = _rule_on_interval(evidence, value, limit, evidence.interval.low)
    if ruling.level is Level.KEPT and kept_by_failures(
        evidence.metric, evidence.n, evidence.failed
    ):
        return Ruling(Level.UNDECIDED, BY_FAILURES)
    if ruling.level is Level.KEPT and evidence.n < min_samples:
        return Ruling(Level.UNDECIDED, f"fewer than {counted(min_samples, 'sample')}: run longer")
    return ruling


def _rule_on_fact(evidence: Evidence, value: float, limit: float) -> Ruling:
    if not beyond(evidence.metric, value, limit):
        return Ruling(Level.KEPT, WITHIN)
    return _rule_on_excess(evidence, value, limit)


def _rule_on_interval(evidence: Evidence, value: float, limit: float, low: float | None) -> Ruling:
    if not beyond(evidence.metric, value, limit):
        return Ruling(Level.KEPT, WITHIN)
    if low is None or not beyond(evidence.metric, low, limit):
        reason = "the value is beyond the limit, but its interval reaches within: run longer"
        return Ruling(Level.DOUBTFUL, reason)
    return _rule_on_excess(evidence, low, limit)


def _rule_on_excess(evidence: Evidence, value: float, limit: float) -> Ruling:
    if beyond(evidence.metric, value - evidence.delay_s, limit):
        return Ruling(Level.BROKEN, "beyond the limit")
    return Ruling(Level.UNDECIDED, PERHAPS_OURS)


def _rule_on_few(evidence: Evidence, limit: float, q: float) -> Ruling:
    if not beyond(evidence.metric, evidence.times.max_us / 1e6, limit):
        reason = "every sample is within the limit, but they are few"
        return Ruling(Level.KEPT, reason, thin=True)
    times, n = evidence.times, evidence.n
    if not surely_beyond(times.count_above(limit), n, q):
        return Ruling(Level.UNDECIDED, "too few samples to decide: run longer")
    if not surely_beyond(times.count_above(limit + evidence.delay_s), n, q):
        return Ruling(Level.UNDECIDED, PERHAPS_OURS)
    return Ruling(Level.BROKEN, "more samples are beyond the limit than chance explains")


def _outcome(level: Level, gravest: Outcome) -> Outcome:
    if level is Level.BROKEN:
        return gravest
    undecided = level is Level.UNDECIDED and gravest is Outcome.FAIL
    return Outcome.INCONCLUSIVE if undecided else Outcome.WARN
