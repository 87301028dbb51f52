"""Records as arrays: endpoints by metrics by runs, each number the logarithm of a latency."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perfspec.judge.statistics.arrays import median_of_others
from perfspec.judge.statistics.changes import last_change
from perfspec.judge.statistics.history import FEWEST_ENDPOINTS, Probe, compare_run
from perfspec.plan.metrics import QUANTILES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perfspec.baseline.record import Record, SeriesRecord
    from perfspec.judge.statistics.arrays import Floats
    from perfspec.plan.budget import Budget
    from perfspec.plan.limits import Subject

USUAL_CHANGE = 0.05  # half of the usual budget: what is called a change of the history


@dataclass(frozen=True, slots=True)
class Effect:
    """One metric of one series: logarithms of ratios, and how many runs it was compared with."""

    effect: float
    se: float
    df: float
    p: float
    runs: int


@dataclass(frozen=True, slots=True)
class Panel:
    """Series with enough requests in every run, with the metrics that they all have.

    The first of them are ``asked`` for, the others tell what the host did. ``history`` is
    ``[n, E, M]``, ``run`` ``[E, M]``; ``extra`` is the variance of this run beyond
    that of the others. ``probe`` is None where not every run has one.
    """

    asked: tuple[Subject, ...]
    metrics: tuple[str, ...]
    history: Floats
    run: Floats
    extra: Floats
    probe: Probe | None = None

    def effects(self) -> dict[tuple[Subject, str], Effect]:
        """Each series that is asked for against its own runs since it last changed.

        Raises nothing: too few runs or endpoints leave the dictionary empty.
        """
        starts = self._starts()
        found = {}
        for start in np.unique(starts):
            try:
                part = compare_run(
                    self.history[start:],
                    self.run,
                    extra=self.extra,
                    probe=self.probe and self.probe.since(start),
                )
            except ValueError:
                continue
            for e, m in zip(*np.nonzero(starts[: len(self.asked)] == start), strict=True):
                found[self.asked[e], self.metrics[m]] = Effect(
                    effect=float(part.effect[e, m]),
                    se=float(part.se[e, m]),
                    df=part.df,
                    p=float(part.p[e, m]),
                    runs=len(self.history) - int(start),
                )
        return found

    def common_start(self, metric: int) -> int:
        """The first run after the last change of what all endpoints share."""
        deviations = self.history[:, :, metric] - self.history[:, :, metric].mean(axis=0)
        return last_change(np.median(deviations, axis=1), USUAL_CHANGE)

    def _starts(self) -> np.ndarray:
        """The first run ``[E, M]`` after the last change, of all endpoints together or of one."""
        n, endpoints, metrics = self.history.shape
        starts = np.zeros((endpoints, metrics), dtype=int)
        if n < 2:
            return starts
        deviations = self.history - self.history.mean(axis=0)
        own = deviations
        if endpoints >= FEWEST_ENDPOINTS:
            own = deviations - median_of_others(deviations)
        for m in range(metrics):
            common = self.common_start(m)
            for e in range(endpoints):
                starts[e, m] = max(common, last_change(own[:, e, m], USUAL_CHANGE))
        return starts


def panels(
    head: Record, runs: Sequence[Record], needed: Mapping[tuple[Subject, str], int]
) -> Iterator[Panel]:
    """Panels of all series and metrics that have the needed requests.

    ``needed`` has an entry for each series and metric that is to be looked at. A part of an
    endpoint, or a group, has a panel of its own: what other endpoints share is taken out of it, and
    never the other way round.
    """
    together: dict[tuple[int, tuple[Subject, ...], tuple[Subject, ...]], list[str]] = {}
    for metric in dict.fromkeys(metric for _, metric in needed):
        wanted = {subject: least for (subject, other), least in needed.items() if other == metric}
        for start, (asked, company) in by_start(head, runs, wanted).items():
            whole = tuple(each for each in asked if not is_part(each))
            beside = tuple(each for each in company if not is_part(each))
            if whole:
                together.setdefault((start, whole, beside), []).append(metric)
            for part in asked:
                if is_part(part):
                    others = tuple(each for each in (*whole, *beside) if each.name != part.name)
                    together.setdefault((start, (part,), others), []).append(metric)
    for (start, whom, beside), metrics in together.items():
        yield _panel(head, runs[start:], whom, beside, tuple(metrics))


def by_start(
    head: Record, runs: Sequence[Record], needed: Mapping[Subject, int]
) -> dict[int, tuple[list[Subject], list[Subject]]]:
    """Which series can be compared from which run on, and which others have those runs as well.

    All of them can from the first one, unless a budget is new, or a run had too few requests.
    """
    starts = {each: _start(head, runs, each, least) for each, least in needed.items()}
    known = {each: start for each, start in starts.items() if start is not None}
    return {
        start: (
            [each for each, other in known.items() if other == start],
            [each for each, other in known.items() if other < start],
        )
        for start in sorted(set(known.values()))
    }


def wanted(budgets: Sequence[Budget], head: Record) -> dict[tuple[Subject, str], int]:
    """Requests that each series needs for each metric of some budget.

    Of two budgets on the same numbers the one that needs fewer. Series without a budget are looked
    at too: they tell what the host did. What has no latency (``untimed``) tells nothing.
    """
    latencies = [each for each in budgets if each.metric.kind == "quantile"]
    usual = {each.metric.name: each.min_samples for each in latencies}
    found = {
        (each.subject, metric): needed for metric, needed in usual.items() for each in head.series
    }
    largest_first = sorted(latencies, key=lambda each: -each.min_samples)
    found |= {(each.subject, each.metric.name): each.min_samples for each in largest_first}
    timed = {each.subject for each in (*head.series, *head.parts) if each.latency.count}
    return {key: needed for key, needed in found.items() if key[0] in timed}


def is_part(subject: Subject) -> bool:
    """Whether its requests are counted as those of an endpoint too."""
    return subject.kind == "group" or subject.persona is not None or subject.file_class is not None


def _start(head: Record, runs: Sequence[Record], subject: Subject, needed: int) -> int | None:
    """The first run after the last one that has too few requests; None where none is left.

    Half of it will do in a run of the history: a slow one sends fewer requests.
    """
    mine = head.find(subject)
    if mine is None or mine.requests < needed:
        return None
    found = [each.find(subject) for each in runs]
    wanting = [at for at, each in enumerate(found) if each is None or 2 * each.requests < needed]
    start = wanting[-1] + 1 if wanting else 0
    return start if start < len(runs) else None


def _panel(
    head: Record,
    runs: Sequence[Record],
    asked: tuple[Subject, ...],
    company: tuple[Subject, ...],
    metrics: tuple[str, ...],
) -> Panel:
    series = (*asked, *company)

    def values(record: Record) -> list[list[float]]:
        return [[log_latency(record.find(key), m) for m in metrics] for key in series]

    def spread(record: Record) -> list[list[float]]:
        found = (record.find(key) for key in series)
        return [[each.variance.get(m, 0.0) if each else 0.0 for m in metrics] for each in found]

    shape = (len(runs), len(series), len(metrics))
    usual = np.array([spread(each) for each in runs]).reshape(shape)
    extra = np.array(spread(head)) - usual.mean(axis=0)
    return Panel(
        asked=asked,
        metrics=metrics,
        history=np.array([values(each) for each in runs]).reshape(shape),
        run=np.array(values(head)),
        extra=np.maximum(extra, 0.0),
        probe=probe_of(head, runs),
    )


def probe_of(head: Record, runs: Sequence[Record]) -> Probe | None:
    """The calibration probe of all of them; None where one has none."""
    *past, now = [each.probe_s for each in (*runs, head)]
    known = [each for each in past if each]
    if not now or not known or len(known) < len(past):
        return None
    return Probe(np.log(np.array(known)), math.log(now))


def log_latency(series: SeriesRecord | None, metric: str) -> float:
    """NaN without a sample; a microsecond is the least that is told apart."""
    seconds = None if series is None else series.latency.quantile(QUANTILES[metric])
    return math.nan if seconds is None else math.log(max(seconds, 1e-6))
