"""How often a gate fails an unchanged pull request, and how often it finds a slower endpoint.

Simulated runs with a known truth: 20 endpoints with p50, p95 and p99. The logarithm of each is a
level, plus what the host did to all of them in this run (with a slope of each endpoint's own, sd
20 %), plus what the endpoint did by itself. ``noise`` is the standard deviation of a single
percentile from run to run: four fifths of it are the host's, three fifths the endpoint's own
(0.8² + 0.6² = 1). In a slowed pull request one endpoint of the twenty is slower.

Beside perfspec's test stand four rules that are in use, each with the same budget of +10 %:

* ``last run``: 10 % worse than the last run;
* ``keptn``: 10 % worse than the average of the baseline (Keptn's ``<=+10%``);
* ``bencher``: beyond the upper boundary of Bencher's t-test at 0.99;
* ``action``: twice the last run (github-action-benchmark's default alert).

The baseline has no change of its own in it; `Panel.effects` looks for one all the same, as in the
product. Deterministic for a seed.
"""

from __future__ import annotations

import argparse
from collections import Counter
from itertools import product
from multiprocessing import Pool
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import stdtrit

from perfspec.judge.panel import Panel
from perfspec.judge.statistics.decision import Family, interval
from perfspec.plan.limits import Subject

if TYPE_CHECKING:
    from collections.abc import Callable

ENDPOINTS, METRICS = 20, ("p50", "p95", "p99")
SHARED, OWN, SLOPE_SD, UNEQUAL = 0.8, 0.6, 0.2, 0.2
BUDGET = np.log1p(0.10)
RUNS = (1, 3, 5, 10, 30)
NOISE = (0.02, 0.05, 0.10, 0.20)
SLOWER = (0.0, 0.10, 0.20)
SERIES = tuple(Subject(kind="request", name=f"endpoint_{index}") for index in range(ENDPOINTS))


class Case(NamedTuple):
    """``runs`` in the baseline, ``noise`` and ``slower`` as shares, so many ``pulls``."""

    runs: int
    noise: float
    slower: float
    pulls: int
    seed: int


def pull_request(case: Case, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A baseline ``[n, E, M]`` and a run ``[E, M]``; the first endpoint may be slower."""
    shape = (case.runs + 1, ENDPOINTS, len(METRICS))
    host = rng.normal(0, SHARED * case.noise, (case.runs + 1, 1, 1))
    slope = rng.normal(1, SLOPE_SD, shape[1:])
    scatter = OWN * case.noise * np.exp(rng.normal(0, UNEQUAL, (ENDPOINTS, 1)))
    every = slope * host + scatter * rng.normal(size=shape)
    run = every[-1].copy()
    run[0] += np.log1p(case.slower)
    return every[:-1], run


def ours(history: np.ndarray, run: np.ndarray) -> tuple[np.ndarray, bool]:
    """What fails ``[E, M]``, and whether something can be neither excluded nor shown."""
    effects = Panel(SERIES, METRICS, history, run, np.zeros(run.shape)).effects()
    found = [effects[series, metric] for series in SERIES for metric in METRICS]
    effect, se, df, p = (
        np.array([getattr(each, name) for each in found]) for name in ("effect", "se", "df", "p")
    )
    family = Family.of(p)
    failed = family.certain & (effect > BUDGET)
    _, high = interval(effect, se, df)
    kept = (high < BUDGET) & (len(history) > 1)
    open_ = not (failed | kept | (family.likely & (effect > 0))).all()
    return failed.reshape(run.shape), open_


def last_run(history: np.ndarray, run: np.ndarray) -> np.ndarray:
    """10 % worse than the last run."""
    return run > history[-1] + BUDGET


def keptn(history: np.ndarray, run: np.ndarray) -> np.ndarray:
    """10 % worse than the average."""
    return np.exp(run) > np.exp(history).mean(axis=0) * np.exp(BUDGET)


def bencher(history: np.ndarray, run: np.ndarray) -> np.ndarray:
    """Beyond the 0.99 boundary of a t-test; nothing without a variance."""
    n = len(history)
    if n < 2:
        return np.zeros(run.shape, dtype=bool)
    values = np.exp(history)
    reach = stdtrit(n - 1, 0.99) * values.std(axis=0, ddof=1)
    return np.exp(run) > values.mean(axis=0) + reach


def action(history: np.ndarray, run: np.ndarray) -> np.ndarray:
    """Twice the last run."""
    return np.exp(run) > 2 * np.exp(history[-1])


OTHERS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "last run": last_run,
    "keptn": keptn,
    "bencher": bencher,
    "action": action,
}


def simulate(case: Case) -> dict[str, float]:
    """Shares of pull requests: failed by each rule (of the slower endpoint), open ones of ours.

    ``innocent`` is the share in which ours fails an endpoint that is as it was.
    """
    rng = np.random.default_rng([case.seed, case.runs, round(1e3 * case.noise), case.pulls])
    counts: Counter[str] = Counter()
    for _ in range(case.pulls):
        history, run = pull_request(case, rng)
        failed, open_ = ours(history, run)
        looked_at = slice(None) if not case.slower else slice(1)
        counts["perfspec"] += bool(failed[looked_at].any())
        counts["innocent"] += bool(failed[1 if case.slower else 0 :].any())
        counts["open"] += open_
        for name, rule in OTHERS.items():
            counts[name] += bool(rule(history, run)[looked_at].any())
    return {name: counts[name] / case.pulls for name in ("perfspec", "innocent", "open", *OTHERS)}


def simulated(pulls: int, seed: int, processes: int = 1) -> dict[Case, dict[str, float]]:
    """Every case of the table."""
    cases = [Case(*each, pulls, seed) for each in product(RUNS, NOISE, SLOWER)]
    if processes == 1:
        return {case: simulate(case) for case in cases}
    with Pool(processes) as pool:
        return dict(zip(cases, pool.map(simulate, cases, chunksize=1), strict=True))


def main() -> None:
    """Print a table in markdown."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pulls", type=int, default=1000, help="pull requests of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    found = simulated(arguments.pulls, arguments.seed, arguments.processes)
    names = ("perfspec", *OTHERS)
    print("| runs | noise | " + " | ".join(names) + " | perfspec +10 % | perfspec +20 % | open |")
    print("| --- " * (len(names) + 5) + "|")
    for runs, noise in product(RUNS, NOISE):
        same, ten, twenty = (
            found[Case(runs, noise, slower, arguments.pulls, arguments.seed)] for slower in SLOWER
        )
        cells = [f"{same[name]:.1%}" for name in names]
        cells += [f"{ten['perfspec']:.0%}", f"{twenty['perfspec']:.0%}", f"{same['open']:.0%}"]
        print(f"| {runs} | {noise:.0%} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
