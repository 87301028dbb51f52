"""What records say about each budget: an effect with its uncertainty, whatever is allowed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from perfspec.judge.panel import USUAL_CHANGE, by_start, log_latency
from perfspec.judge.statistics.changes import last_change
from perfspec.judge.statistics.failures import more_failures
from perfspec.judge.statistics.history import compare_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfspec.baseline.record import Record
    from perfspec.judge.panel import Panel
    from perfspec.plan.budget import Budget
    from perfspec.plan.limits import Subject

Key = tuple["Subject", str]  # and the name of the metric
FEWEST_FAILED: Final = 5  # below it, chance alone makes a rate


@dataclass(frozen=True, slots=True)
class Evidence:
    """One test of the family. ``history`` are the values of the runs before.

    It was compared with those from ``since`` on.

    ``effect`` above 0 is worse: the logarithm of a ratio, or with ``se`` None the difference of two
    rates. ``p`` is one-sided and not adjusted.
    """

    effect: float
    p: float
    base: float
    head: float
    samples: int
    history: tuple[float, ...]
    se: float | None = None
    df: float = 0.0
    since: int = 0


def key_of(budget: Budget) -> Key:
    """What two budgets on the same numbers share."""
    return budget.subject, budget.metric.name


def gather(
    budgets: Iterable[Budget], head: Record, runs: Sequence[Record], panels: Sequence[Panel]
) -> dict[Key, Evidence]:
    """Evidence for every budget that has any."""
    found: dict[Key, Evidence] = {}
    effects = {key: (panel, each) for panel in panels for key, each in panel.effects().items()}
    failures = _failures(budgets, head, runs)
    for budget in budgets:
        key = key_of(budget)
        evidence = None
        if budget.metric.kind == "throughput":
            evidence = _throughput(head, runs)
        elif budget.metric.kind == "share":
            evidence = failures.get(budget.subject)
        elif key in effects:
            panel, effect = effects[key]
            every = [log_latency(each.find(budget.subject), budget.metric.name) for each in runs]
            logs = every[-len(panel.history) :]
            part = logs[-effect.runs :]
            mine = head.find(budget.subject)
            evidence = Evidence(
                effect=effect.effect,
                se=effect.se,
                df=effect.df,
                p=effect.p,
                base=math.exp(math.fsum(part) / len(part)),
                head=math.exp(log_latency(mine, budget.metric.name)),
                samples=mine.requests if mine else 0,
                history=tuple(map(math.exp, logs)),
                since=len(logs) - len(part),
            )
        if evidence is not None:
            found[key] = evidence
    return found


def throughput_of(record: Record) -> float:
    """Requests a second of all endpoints together."""
    sent = sum(each.requests for each in record.series if each.kind == "request")
    return sent / record.judged_s if record.judged_s else 0.0


def _throughput(head: Record, runs: Sequence[Record]) -> Evidence | None:
    """Not relative to the other endpoints: fewer journeys are fewer requests to all of them."""
    rates = [throughput_of(each) for each in (*runs, head)]
    if len(runs) < 2 or not all(rates):
        return None
    logs = -np.log(np.array(rates))
    start = last_change(logs[:-1], USUAL_CHANGE)
    past = logs[start:-1]
    found = compare_run(past[:, None, None], logs[-1:, None])
    return Evidence(
        effect=found.effect.item(),
        se=found.se.item(),
        df=found.df,
        p=found.p.item(),
        base=math.exp(-past.mean()),
        head=rates[-1],
        samples=round(rates[-1] * head.judged_s),
        history=tuple(rates[:-1]),
        since=start,
    )


def _failures(
    budgets: Iterable[Budget], head: Record, runs: Sequence[Record]
) -> dict[Subject, Evidence]:
    """All endpoints with a budget on errors at once: how much rates vary is theirs in common."""
    shares = (each for each in budgets if each.metric.kind == "share")
    needed = {each.subject: each.min_samples for each in shares}
    found: dict[Subject, Evidence] = {}
    for start, (asked, company) in by_start(head, runs, needed).items():
        every = _failed_more([*asked, *company], head, runs[start:])
        found |= {subject: every[subject] for subject in asked}
    return found


def _failed_more(
    subjects: Sequence[Subject], head: Record, runs: Sequence[Record]
) -> dict[Subject, Evidence]:
    past = np.array([[_failed(each, key) for key in subjects] for each in runs], dtype=float)
    seen = np.array([[_requests(each, key) for key in subjects] for each in runs], dtype=float)
    failed = np.array([_failed(head, key) for key in subjects], dtype=float)
    requests = np.array([_requests(head, key) for key in subjects], dtype=float)
    p = more_failures(past, seen, failed, requests)
    usual, now = past.sum(axis=0) / seen.sum(axis=0), failed / requests
    return {
        key: Evidence(
            effect=float(now[e] - usual[e]),
            p=float(p[e]) if failed[e] >= FEWEST_FAILED else 1.0,
            base=float(usual[e]),
            head=float(now[e]),
            samples=int(requests[e]),
            history=tuple(map(float, past[:, e] / seen[:, e])),
        )
        for e, key in enumerate(subjects)
    }


def _requests(record: Record, subject: Subject) -> int:
    found = record.find(subject)
    return found.requests if found else 0


def _failed(record: Record, subject: Subject) -> int:
    found = record.find(subject)
    return found.failed if found else 0
