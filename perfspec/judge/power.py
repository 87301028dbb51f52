"""What a baseline is worth: how often it would have cried wolf, and what it is able to find."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from perfspec.baseline.archive import Past
from perfspec.judge.compare import compare_test
from perfspec.judge.evidence import gather, key_of
from perfspec.judge.model import Outcome
from perfspec.judge.panel import panels, wanted
from perfspec.judge.statistics.decision import smallest_found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perfspec.baseline.record import Record
    from perfspec.judge.change import Question
    from perfspec.judge.evidence import Evidence
    from perfspec.judge.model import Change
    from perfspec.plan.budget import Budget

FEWEST: Final = 3  # runs; with fewer, leaving one out leaves no scatter
LONGER: Final = (1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
BUDGET_SHARE: Final = 0.5  # an effect as large as its budget is found half of the time


@dataclass(frozen=True, slots=True)
class SelfTest:
    """Each run of a baseline judged by the others. ``failed`` are the ids of those that fail.

    ``smallest`` are changes of the newest run, which say what it would have found.
    """

    runs: int
    failed: tuple[str, ...]
    smallest: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """What finding a slowdown takes: so many ``runs``, or so many ``seconds`` of each; or neither.

    ``finds`` is what is found today, as a share.
    """

    budget: Budget
    finds: float
    runs: int | None = None
    seconds: float | None = None


def self_test(question: Question, records: Sequence[Record]) -> SelfTest:
    """Leave one out, each in turn; none is left out of fewer than 3."""
    if len(records) < FEWEST:
        return SelfTest(len(records), (), ())
    failed: list[str] = []
    newest: tuple[Change, ...] = ()
    for index, head in enumerate(records):
        others = Past((*records[:index], *records[index + 1 :]))
        comparison = compare_test(question, head, others)
        if any(each.outcome is Outcome.FAIL for each in comparison.changes):
            failed.append(head.run_id)
        newest = comparison.changes
    return SelfTest(len(records), tuple(failed), newest)


def needs(
    budgets: Sequence[Budget], records: Sequence[Record], detect: float, most: int
) -> Iterator[Need]:
    """For each budget on a latency, what finding a slowdown by ``detect`` with 95 % takes.

    The budget is taken for half of it, whatever is written. Nothing for fewer than 3 runs.
    """
    if len(records) < FEWEST:
        return
    *runs, head = records
    latencies = [each for each in budgets if each.metric.kind == "quantile"]
    found = list(panels(head, runs, wanted(latencies, head)))
    evidence = gather(latencies, head, runs, found)
    for budget in latencies:
        mine = evidence.get(key_of(budget))
        if mine is not None and mine.se is not None:
            yield _need(budget, mine, records, len(evidence), detect, most)


def _need(
    budget: Budget,
    evidence: Evidence,
    records: Sequence[Record],
    tests: int,
    detect: float,
    most: int,
) -> Need:
    goal, allowed = math.log1p(detect), math.log1p(detect * BUDGET_SHARE)
    n = len(records) - 1
    variance = (evidence.se or 0.0) ** 2 / (1 + 1 / n)

    def found(runs: int, of_one: float) -> float:
        se, df = math.sqrt(of_one * (1 + 1 / runs)), evidence.df + runs - n
        return float(smallest_found(np.array(se), df, tests, allowed))

    today = Need(budget, math.expm1(found(n, variance)))
    enough = next((each for each in range(n, most + 1) if found(each, variance) <= goal), None)
    if enough is not None:
        return Need(budget, today.finds, runs=enough)
    spreads = [_spread(each, budget) for each in records]
    inside = min(math.fsum(spreads) / len(spreads), variance)
    longer = _longer(variance - inside, inside, lambda of_one: found(most, of_one) <= goal)
    if longer is None:
        return today
    return Need(budget, today.finds, seconds=longer * records[-1].judged_s)


def _spread(record: Record, budget: Budget) -> float:
    """The variance that windows of one run leave to its percentile."""
    series = record.find(budget.subject)
    return series.variance.get(budget.metric.name, 0.0) if series is not None else 0.0


def _longer(between: float, inside: float, enough: Callable[[float], bool]) -> float | None:
    """How many times as long a run must be; None where even 8 times as long would not do.

    Only what varies within a run averages out, not what differs between runs.
    """
    return next((each for each in LONGER if enough(between + inside / each)), None)
