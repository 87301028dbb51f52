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

Series = tuple[str, str]  # kind and name
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

    ``history`` is ``[n, E, M]``, ``run`` ``[E, M]``; ``extra`` is the variance of this run beyond
    that of the others. ``probe`` is None where not every run has one.
    """

    series: tuple[Series, ...]
    metrics: tuple[str, ...]
    history: Floats
    run: Floats
    extra: Floats
    probe: Probe | None = None

    def effects(self) -> dict[tuple[Series, str], Effect]:
        """Each series against its own runs since it last changed. Empty where nothing can be said.

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
            for e, m in zip(*np.nonzero(starts == start), strict=True):
                found[self.series[e], self.metrics[m]] = Effect(
                    effect=float(part.effect[e, m]),
                    se=float(part.se[e, m]),
                    df=part.df,
                    p=float(part.p[e, m]),
                    runs=len(self.history) - int(start),
                )
        return found

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
            common = last_change(np.median(deviations[:, :, m], axis=1), USUAL_CHANGE)
            for e in range(endpoints):
                starts[e, m] = max(common, last_change(own[:, e, m], USUAL_CHANGE))
        return starts


def panels(
    head: Record, runs: Sequence[Record], needed: Mapping[tuple[Series, str], int]
) -> Iterator[Panel]:
    """Panels of all series and metrics that have the needed requests, one for each set of series.

    ``needed`` has an entry for each series and metric that is to be looked at.
    """
    by_series: dict[tuple[Series, ...], list[str]] = {}
    for metric in dict.fromkeys(metric for _, metric in needed):
        fit = tuple(
            series
            for series, other in needed
            if other == metric and _enough(head, runs, series, needed[series, metric])
        )
        if fit:
            by_series.setdefault(fit, []).append(metric)
    for series, metrics in by_series.items():
        yield _panel(head, runs, series, tuple(metrics))


def wanted(budgets: Sequence[Budget], head: Record) -> dict[tuple[Series, str], int]:
    """Requests that each series needs for each metric of some budget.

    Series without a budget are looked at too: they tell what the host did.
    """
    latencies = [each for each in budgets if each.metric.kind == "quantile"]
    usual = {each.metric.name: each.min_samples for each in latencies}
    found = {
        ((each.kind, each.name), metric): needed
        for metric, needed in usual.items()
        for each in head.series
    }
    return found | {(series_of(each), each.metric.name): each.min_samples for each in latencies}


def series_of(budget: Budget) -> Series:
    """The series that a budget on one endpoint looks at."""
    kind = budget.subject.kind
    return kind if kind in {"poll", "done"} else "request", budget.subject.name


def _enough(head: Record, runs: Sequence[Record], series: Series, needed: int) -> bool:
    """Half of it will do in a run of the history: a slow one sends fewer requests."""
    mine = head.find(*series)
    others = [each.find(*series) for each in runs]
    if mine is None or mine.requests < needed:
        return False
    return all(each is not None and each.requests >= needed / 2 for each in others)


def _panel(
    head: Record, runs: Sequence[Record], series: tuple[Series, ...], metrics: tuple[str, ...]
) -> Panel:
    def values(record: Record) -> list[list[float]]:
        return [[log_latency(record.find(*key), m) for m in metrics] for key in series]

    def spread(record: Record) -> list[list[float]]:
        found = (record.find(*key) for key in series)
        return [[each.variance.get(m, 0.0) if each else 0.0 for m in metrics] for each in found]

    shape = (len(runs), len(series), len(metrics))
    usual = np.array([spread(each) for each in runs]).reshape(shape)
    extra = np.array(spread(head)) - (usual.mean(axis=0) if runs else 0.0)
    return Panel(
        series=series,
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
