"""Is this run slower than the runs before it? One run against a history of others.

The unit of replication is the run, never the request. Hosts differ from run to run, and what a slow
host does to one endpoint it does to all: the median of the other endpoints is taken out of each,
with a slope of its own that is shrunk towards 1. What is left is compared with its own scatter in
the history, by a one-sided t test with moderated variances.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from perfspec.judge.statistics.arrays import median_of_others, t_above
from perfspec.judge.statistics.variance import moderate
from perfspec.units import counted

if TYPE_CHECKING:
    from perfspec.judge.statistics.arrays import Floats

FLOOR = 0.005  # no run repeats itself better than to half a percent
SLOPE_SD = 0.25  # how much the slopes of endpoints differ, before anything is known of them
PROBE_SLOPE_SD = 1.0  # an endpoint may follow the probe as it is, or not at all
FEWEST_RUNS_FOR_PROBE = 6  # with fewer, a probe that tells nothing makes false alarms (simulated)
MOST_PRIOR_DF = 15.0
FEWEST_ENDPOINTS = 4  # for a common factor
FEWEST_ENDPOINTS_OF_ONE_RUN = 8
ONE_RUN_DF = 8.0
MAD_TO_SD = 1.4826


@dataclass(frozen=True, slots=True)
class Effects:
    """Changes of one run as logarithms of ratios, ``[E, M]``.

    ``effect`` is without what all endpoints share, ``raw`` with it; ``p`` is one-sided (slower).
    """

    effect: Floats
    raw: Floats
    se: Floats
    df: float
    p: Floats


@dataclass(frozen=True, slots=True)
class Shift:
    """What all endpoints share, ``[M]``; logarithms of ratios. ``se`` and ``p`` are NaN untested.

    ``df`` belongs to ``se``.
    """

    effect: Floats
    se: Floats
    df: float
    p: Floats


@dataclass(frozen=True, slots=True)
class Probe:
    """Logarithms of the calibration probe: ``[n]`` of the history, and of the run."""

    history: Floats
    run: float

    def since(self, start: int) -> Probe:
        """Without the first ``start`` runs."""
        return Probe(self.history[start:], self.run)


def compare_run(
    history: Floats, run: Floats, *, extra: Floats | float = 0.0, probe: Probe | None = None
) -> Effects:
    """Effects of one run ``[E, M]`` against ``n`` others ``[n, E, M]``.

    Entries are logarithms, larger is worse. ``extra`` is variance of the run beyond that of the
    history's (see ``jackknife``). With fewer than 4 endpoints nothing common can be told from what
    is their own: what goes with the ``probe`` is taken out where there are 6 runs to learn it from,
    else nothing. A history of one run has no scatter: that of the endpoints stands in for it, which
    takes 8 of them. Raises ValueError for an empty history, or one run and fewer than 8 endpoints.
    """
    n, endpoints, _ = history.shape
    if n == 0 or (n == 1 and endpoints < FEWEST_ENDPOINTS_OF_ONE_RUN):
        what = f"{counted(n, 'run')} of {counted(endpoints, 'endpoint')}"
        msg = f"{what} have no scatter to compare with"
        raise ValueError(msg)
    raw = run - history.mean(axis=0)
    if n == 1:
        effect, se, df = _against_one(raw)
    elif endpoints >= FEWEST_ENDPOINTS:
        effect, se, df = _without_host(history, raw, extra)
    elif probe is not None and n >= FEWEST_RUNS_FOR_PROBE:
        effect, se, df = _without_probe(history, raw, probe, extra)
    else:
        effect, se, df = _alone(history, raw, extra)
    return Effects(effect=effect, raw=raw, se=se, df=df, p=t_above(effect / se, df))


def common_shift(history: Floats, run: Floats, probe: Probe | None = None) -> Shift:
    """The median over endpoints of a run against the same of the history.

    What the probe has seen of the host is taken off. Not tested with fewer than 3 runs.
    """
    n = history.shape[0]
    centre = history.mean(axis=0)
    past = np.median(history - centre, axis=1)
    effect = np.median(run - centre, axis=0)
    if probe is not None:
        usual = float(probe.history.mean())
        past = past - (probe.history - usual)[:, None]
        effect = effect - (probe.run - usual)
    if n < 3:
        unknown = np.full_like(effect, np.nan)
        return Shift(effect=effect, se=unknown, df=max(n - 1, 0), p=unknown)
    variance = np.maximum((past**2).sum(axis=0) / (n - 1), FLOOR**2)
    se = np.sqrt(variance * (1 + 1 / n))
    return Shift(effect=effect, se=se, df=n - 1, p=t_above(effect / se, n - 1))


def _without_host(
    history: Floats, raw: Floats, extra: Floats | float
) -> tuple[Floats, Floats, float]:
    deviations = history - history.mean(axis=0)
    common, now = median_of_others(deviations), median_of_others(raw)
    found = _regressed(deviations - common, common, raw - now, now, SLOPE_SD, extra)
    return found.effect, found.se, found.df


def _without_probe(
    history: Floats, raw: Floats, probe: Probe, extra: Floats | float
) -> tuple[Floats, Floats, float]:
    """Too few endpoints share what the host did; as much as went with the probe is taken out.

    The slope costs a degree of freedom, which hardly anything pooled over endpoints makes up for.
    """
    usual = probe.history.mean()
    moves = np.broadcast_to((probe.history - usual)[:, None, None], history.shape)
    now = np.broadcast_to(probe.run - usual, raw.shape)
    deviations = history - history.mean(axis=0)
    found = _regressed(deviations, moves, raw, now, PROBE_SLOPE_SD, extra)
    return found.effect, found.se, found.df - found.used


class _Rest(NamedTuple):
    """``used`` is the most that a slope takes of a degree of freedom."""

    effect: Floats
    se: Floats
    df: float
    used: float


def _regressed(
    deviations: Floats,
    factor: Floats,
    raw: Floats,
    now: Floats,
    slope_sd: float,
    extra: Floats | float,
) -> _Rest:
    """What is left of a run ``raw`` [E, M] once its part of a factor (``now``) is taken out.

    The slope on the factor is learnt from the history [n, E, M], shrunk towards 0 as if it had the
    standard deviation ``slope_sd``.
    """
    n, endpoints, _ = deviations.shape
    df = n - 1
    most = min(MOST_PRIOR_DF, endpoints - 1, 4 * n)
    moved = (factor**2).sum(axis=0)
    rough = (deviations**2).sum(axis=0) / df
    ridge = moderate(np.maximum(rough, FLOOR**2), df, most).variances / slope_sd**2
    slope = (factor * deviations).sum(axis=0) / (moved + ridge)
    residuals = deviations - factor * slope
    used = moved / (moved + ridge)  # the slope's share of a degree of freedom
    found = moderate((residuals**2).sum(axis=0) / np.maximum(df - used, 0.5), df, most)
    variance = np.maximum(found.variances, FLOOR**2)
    se = np.sqrt(variance * (1 + 1 / n) + now**2 * variance / (moved + ridge) + extra)
    return _Rest(raw - now * slope, se, found.df, float(used.max()))


def _alone(history: Floats, raw: Floats, extra: Floats | float) -> tuple[Floats, Floats, float]:
    n, endpoints, _ = history.shape
    deviations = history - history.mean(axis=0)
    rough = np.maximum((deviations**2).sum(axis=0) / (n - 1), FLOOR**2)
    found = moderate(rough, n - 1, min(MOST_PRIOR_DF, endpoints - 1, 4 * n))
    return raw, np.sqrt(found.variances * (1 + 1 / n) + extra), found.df


def _against_one(raw: Floats) -> tuple[Floats, Floats, float]:
    """The scatter of the endpoints around their median: most of them are as they were."""
    scale = MAD_TO_SD * np.median(np.abs(raw - np.median(raw, axis=0)), axis=0)
    se = np.broadcast_to(np.maximum(scale, 2 * FLOOR), raw.shape)
    return raw - median_of_others(raw), se, min(ONE_RUN_DF, raw.shape[0] - 1)
