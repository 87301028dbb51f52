"""Budgets of a duet: what the blocks of both sides say, and whether that is enough already."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from perfspec.judge.change import Case, changes_of
from perfspec.judge.evidence import FEWEST_FAILED, Evidence, key_of
from perfspec.judge.model import Comparison, Outcome, Sides
from perfspec.judge.ruling import Ruling, is_gone
from perfspec.judge.select import gathered, windows_in
from perfspec.judge.statistics.arrays import t_quantile
from perfspec.judge.statistics.decision import ALPHA, CONFIDENCE, Family
from perfspec.judge.statistics.duet import FEWEST_BLOCKS, compare_blocks, levels
from perfspec.judge.statistics.failures import more_failures
from perfspec.measure.model import Window
from perfspec.measure.summary import count_of
from perfspec.plan.duet import block_spans
from perfspec.plan.metrics import QUANTILES
from perfspec.units import counted, format_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perfspec.judge.change import Question
    from perfspec.judge.evidence import Key
    from perfspec.judge.model import Change
    from perfspec.judge.statistics.arrays import Floats
    from perfspec.measure.model import TestResult
    from perfspec.plan.budget import Budget
    from perfspec.plan.duet import Duet
    from perfspec.plan.limits import Subject

LEAST_US: Final = 1.0  # what is told apart


def compare_sides(question: Question, duet: Duet, result: TestResult) -> Comparison:
    """One change for each budget, and what all endpoints share.

    Throughput is not compared, since both sides are sent the same requests: a note says so.
    """
    blocks = _Blocks(duet, result)
    left_out = [each for each in question.budgets if each.metric.kind == "throughput"]
    budgets = tuple(each for each in question.budgets if each not in left_out)
    question = replace(question, budgets=budgets)
    problem = question.problem
    if blocks.count < duet.looks[0]:
        fewest = counted(duet.looks[0], "block")
        problem = problem or f"only {blocks.count} of {fewest} were measured"
    panels = list(_panels(question.budgets, blocks)) if blocks.count >= FEWEST_BLOCKS else []
    evidence = _failures(question.budgets, blocks) if panels or blocks.count else {}
    for panel in panels:
        evidence |= panel.evidence(blocks)
    p = np.array([each.p for each in evidence.values()] or [1.0])
    case = Case(
        evidence=evidence,
        family=Family.of(p, _level(duet, blocks.count)),
        without=lambda budget: _without(budget, blocks, Outcome(question.rule.missing)),
        time=result.started,
        problem=problem,
    )
    shift, low, high = _shared(panels)
    return Comparison(
        runs=blocks.count,
        duet=Sides(
            base=duet.base,
            head=duet.head,
            blocks=blocks.count,
            most=duet.looks[-1],
            block_s=duet.block_s,
        ),
        changes=changes_of(question, case),
        shift=shift,
        shift_low=low,
        shift_high=high,
        false_alarms=ALPHA,
        notes=tuple(map(_why_left_out, left_out)),
    )


def is_decided(comparison: Comparison) -> bool:
    """Whether more blocks would change nothing: a failure is beyond doubt, or none is left."""
    if any(
        each.state == "regression" and each.outcome is Outcome.FAIL for each in comparison.changes
    ):
        return True
    return all(map(_is_settled, comparison.changes))


def _is_settled(change: Change) -> bool:
    """Whether it cannot fail any more: within its budget, or worse in a way that only warns."""
    if change.state not in {"real", "regression"}:
        return change.state == "within"
    if change.state == "regression" and (change.waived or change.fail is None):
        return True
    allowed = change.fail if change.fail is not None else change.warn
    return change.high is not None and allowed is not None and change.high <= allowed


class _Blocks:
    """What both sides did in the judged seconds of each block that was measured."""

    def __init__(self, duet: Duet, result: TestResult) -> None:
        spans = [
            each for each in block_spans(duet) if each.end_s <= result.measured_s + duet.cut_s / 2
        ]
        self.count = len(spans)
        self._block_of = {
            index: at for at, span in enumerate(spans) for index in windows_in(result, [span])
        }
        self._sides = msgspec.structs.replace(result, series=result.base), result

    def of(self, subject: Subject) -> tuple[list[Window], list[Window]]:
        """The windows of a subject by block: at the base, at the head."""
        base, head = (gathered(each, subject, self._block_of) for each in self._sides)
        return self._each_block(base), self._each_block(head)

    def _each_block(self, found: Mapping[int, Window]) -> list[Window]:
        return [found.get(at) or Window(index=at) for at in range(self.count)]

    def requests(self, subject: Subject) -> int:
        """Of the side that has fewer."""
        return min(sum(each.count for each in side) for side in self.of(subject))

    def counts(self, budget: Budget) -> list[list[int]]:
        """The samples that it looks at, of each side by block."""
        sides = self.of(budget.subject)
        return [[count_of(budget.metric, each) for each in side] for side in sides]

    def enough(self, budget: Budget) -> bool:
        """Whether both sides have the samples that it needs; half of a block's share will do."""
        needed, counts = budget.min_samples, self.counts(budget)
        least = max(needed / self.count / 2, 1)
        return min(map(min, counts)) >= least and min(map(sum, counts)) >= needed


@dataclass(frozen=True, slots=True)
class _Panel:
    """Logarithms of latencies, ``[K, E, M]``, of subjects with enough requests for all metrics."""

    subjects: tuple[Subject, ...]
    metrics: tuple[str, ...]
    base: Floats
    head: Floats

    def evidence(self, blocks: _Blocks) -> dict[Key, Evidence]:
        """Each subject and metric by itself."""
        found = compare_blocks(self.head - self.base)
        return {
            (subject, metric): Evidence(
                effect=float(found.effect[e, m]),
                se=float(found.se[e, m]),
                df=found.df,
                p=float(found.p[e, m]),
                base=math.exp(self.base[:, e, m].mean()),
                head=math.exp(self.head[:, e, m].mean()),
                samples=blocks.requests(subject),
                history=tuple(np.exp(self.base[:, e, m]).tolist()),
            )
            for e, subject in enumerate(self.subjects)
            for m, metric in enumerate(self.metrics)
        }


def _panels(budgets: Sequence[Budget], blocks: _Blocks) -> Iterator[_Panel]:
    """One for each set of subjects, with the metrics that all of them have budgets on."""
    latencies = [each for each in budgets if each.metric.kind == "quantile"]
    by_subjects: dict[tuple[Subject, ...], list[str]] = {}
    for metric in dict.fromkeys(each.metric.name for each in latencies):
        mine = [each for each in latencies if each.metric.name == metric]
        have = (each.subject for each in mine if blocks.enough(each))
        fit = tuple(dict.fromkeys(have))
        if fit:
            by_subjects.setdefault(fit, []).append(metric)
    for subjects, metrics in by_subjects.items():
        sides = list(zip(*(blocks.of(each) for each in subjects), strict=True))
        base, head = (
            np.array(
                [[_logs(each, metrics) for each in block] for block in zip(*side, strict=True)]
            )
            for side in sides
        )
        yield _Panel(subjects, tuple(metrics), base, head)


def _logs(window: Window, metrics: Sequence[str]) -> list[float]:
    seconds = [window.latency.quantile(QUANTILES[each]) for each in metrics]
    return [math.log(max(each or 0.0, LEAST_US / 1e6)) for each in seconds]


def _failures(budgets: Sequence[Budget], blocks: _Blocks) -> dict[Key, Evidence]:
    """The base's blocks are the history, and all blocks of the head together the run."""
    shares = [each for each in budgets if each.metric.kind == "share"]
    shares = [each for each in shares if blocks.enough(each)]
    if not shares:
        return {}
    sides = [blocks.of(each.subject) for each in shares]
    past, failed = (
        np.array([[sum(window.errors.values()) for window in each[side]] for each in sides], float)
        for side in (0, 1)
    )
    seen, sent = (
        np.array([[window.count for window in each[side]] for each in sides], float)
        for side in (0, 1)
    )
    p = more_failures(past.T, seen.T, failed.sum(axis=1), sent.sum(axis=1))
    base, head = past.sum(axis=1) / seen.sum(axis=1), failed.sum(axis=1) / sent.sum(axis=1)
    return {
        key_of(budget): Evidence(
            effect=float(head[e] - base[e]),
            p=float(p[e]) if failed[e].sum() >= FEWEST_FAILED else 1.0,
            base=float(base[e]),
            head=float(head[e]),
            samples=int(sent[e].sum()),
            history=tuple((past[e] / seen[e]).tolist()),
        )
        for e, budget in enumerate(shares)
    }


def _level(duet: Duet, blocks: int) -> float:
    """What the last look may spend."""
    spent = dict(zip(duet.looks, levels(duet.looks), strict=True))
    return next(
        (spent[each] for each in reversed(duet.looks) if each <= blocks), min(spent.values())
    )


def _without(budget: Budget, blocks: _Blocks, undecided: Outcome) -> Ruling:
    base, head = map(sum, blocks.counts(budget))
    if is_gone(head, base):
        reason = f"no request of it to the head, {format_count(base)} to the base"
        return Ruling(Outcome.INCONCLUSIVE, "undecided", reason)
    have = counted(min(base, head), "request")
    reason = f"{have} in all blocks, {format_count(budget.min_samples)} are needed"
    return Ruling(undecided, "undecided", reason)


def _why_left_out(budget: Budget) -> str:
    return (
        f"The budget on {budget.metric.name} ({budget.place}) is not compared: a duet sends both"
        " commits the same requests."
    )


def _shared(panels: Sequence[_Panel]) -> tuple[float | None, float | None, float | None]:
    """The mean over all endpoints of the first metric, with its interval over blocks."""
    panel = max(panels, key=lambda each: len(each.subjects), default=None)
    if panel is None or len(panel.subjects) < 2:
        return None, None, None
    means = (panel.head - panel.base)[:, :, 0].mean(axis=1)
    se = means.std(ddof=1) / math.sqrt(len(means))
    reach = float(t_quantile(CONFIDENCE, len(means) - 1)) * se
    effect = float(means.mean())
    return math.expm1(effect), math.expm1(effect - reach), math.expm1(effect + reach)
