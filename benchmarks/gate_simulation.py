"""How often a gate fails an unchanged pull request, and how often it finds a slower endpoint.

Simulated runs with a known truth: 20 endpoints with p50, p95 and p99. The logarithm of each is a
level, plus what the host did to all of them in this run (with a slope of each endpoint's own, sd
20 %), plus what the endpoint did by itself. ``noise`` is the standard deviation of a single
percentile from run to run: four fifths of it are the host's, three fifths the endpoint's own
(0.8² + 0.6² = 1). In a slowed pull request one endpoint of the twenty is slower. What a first run
fails must fail in a second run of the same pull request, as in the product; `one run` is without.

Beside perfspec's test stand four rules that are in use, each with the same budget of +10 %:

* ``last run``: 10 % worse than the last run;
* ``keptn``: 10 % worse than the average of the baseline (Keptn's ``<=+10%``);
* ``bencher``: beyond the upper boundary of Bencher's t-test at 0.99;
* ``action``: twice the last run (github-action-benchmark's default alert).

The second table is about all endpoints at once: how often the global test suspects an unchanged
pull request, and one in which every endpoint is slower, without the calibration probe and with it.
The third is about a service of two endpoints, one of them slower. The probe sees what the host did,
and an error of 1 % of its own.

The baseline has no change of its own in it; `Panel.effects` looks for one all the same, as in the
product. Deterministic for a seed.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable
from itertools import product
from multiprocessing import Pool
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from perfspec.judge.panel import Panel
from perfspec.judge.statistics.decision import SHIFT_ALPHA, Family, interval
from perfspec.judge.statistics.history import Probe, common_shift
from perfspec.plan.limits import Subject

ENDPOINTS, METRICS = 20, ("p50", "p95", "p99")
SHARED, OWN, SLOPE_SD, UNEQUAL = 0.8, 0.6, 0.2, 0.2
PROBE_ERROR = 0.01
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


class Drawn(NamedTuple):
    """A baseline ``[n, E, M]``, two runs ``[E, M]`` of a pull request, and the probe of all."""

    history: np.ndarray
    run: np.ndarray
    again: np.ndarray
    probe: np.ndarray


def pull_request(
    case: Case, rng: np.random.Generator, *, endpoints: int = ENDPOINTS, slowed: int = 1
) -> Drawn:
    """The first ``slowed`` endpoints may be slower."""
    shape = (case.runs + 2, endpoints, len(METRICS))
    host = rng.normal(0, SHARED * case.noise, (case.runs + 2, 1, 1))
    slope = rng.normal(1, SLOPE_SD, shape[1:])
    scatter = OWN * case.noise * np.exp(rng.normal(0, UNEQUAL, (endpoints, 1)))
    every = slope * host + scatter * rng.normal(size=shape)
    every[-2:, :slowed] += np.log1p(case.slower)
    probe = host[:, 0, 0] + rng.normal(0, PROBE_ERROR, case.runs + 2)
    return Drawn(every[:-2], every[-2], every[-1], probe)


def ours(
    history: np.ndarray,
    run: np.ndarray,
    asked: np.ndarray | None = None,
    probe: Probe | None = None,
) -> tuple[np.ndarray, bool]:
    """What fails ``[E, M]``, and whether something can be neither excluded nor shown.

    Only what is ``asked`` about [E, M] is tested.
    """
    series = SERIES[: len(run)]
    effects = Panel(series, METRICS, history, run, np.zeros(run.shape), probe).effects()
    found = [effects[each, metric] for each in series for metric in METRICS]
    effect, se, df, p = (
        np.array([getattr(each, name) for each in found]) for name in ("effect", "se", "df", "p")
    )
    failed = np.zeros(run.size, dtype=bool)
    tested = np.ones(run.size, dtype=bool) if asked is None else asked.ravel()
    family = Family.of(p[tested])
    failed[tested] = family.certain & (effect[tested] > BUDGET)
    _, high = interval(effect, se, df)
    kept = (high < BUDGET) & (len(history) > 1)
    likely = np.zeros(run.size, dtype=bool)
    likely[tested] = family.likely
    open_ = not (failed | kept | (likely & (effect > 0))).all()
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
        drawn = pull_request(case, rng)
        first, open_ = ours(drawn.history, drawn.run)
        failed = first
        if first.any():
            failed, _ = ours(drawn.history, drawn.again, asked=first)
        looked_at = slice(None) if not case.slower else slice(1)
        counts["one run"] += bool(first[looked_at].any())
        counts["perfspec"] += bool(failed[looked_at].any())
        counts["innocent"] += bool(failed[1 if case.slower else 0 :].any())
        counts["open"] += open_
        for name, rule in OTHERS.items():
            counts[name] += bool(rule(drawn.history, drawn.run)[looked_at].any())
    names = ("perfspec", "one run", "innocent", "open", *OTHERS)
    return {name: counts[name] / case.pulls for name in names}


def simulate_all(case: Case) -> dict[str, float]:
    """Shares of pull requests that the global test suspects, without the probe and with it."""
    rng = np.random.default_rng([case.seed, case.runs, round(1e3 * case.noise), 2])
    counts: Counter[str] = Counter()
    for _ in range(case.pulls):
        drawn = pull_request(case, rng, slowed=ENDPOINTS)
        for name, probe in (("alone", None), ("probe", Probe(drawn.probe[:-2], drawn.probe[-2]))):
            shift = common_shift(drawn.history, drawn.run, probe)
            counts[name] += bool(shift.p[0] < SHIFT_ALPHA and shift.effect[0] > 0)
    return {name: counts[name] / case.pulls for name in ("alone", "probe")}


def simulate_few(case: Case) -> dict[str, float]:
    """Shares of pull requests to a service of two endpoints that fail in two runs."""
    rng = np.random.default_rng([case.seed, case.runs, round(1e3 * case.noise), 3])
    counts: Counter[str] = Counter()
    for _ in range(case.pulls):
        drawn = pull_request(case, rng, endpoints=2)
        for name in ("alone", "probe"):
            probes = [
                Probe(drawn.probe[:-2], drawn.probe[at]) if name == "probe" else None
                for at in (-2, -1)
            ]
            failed, _ = ours(drawn.history, drawn.run, probe=probes[0])
            if failed.any():
                failed, _ = ours(drawn.history, drawn.again, asked=failed, probe=probes[1])
            counts[name] += bool(failed[: 1 if case.slower else 2].any())
    return {name: counts[name] / case.pulls for name in ("alone", "probe")}


Simulation = Callable[[Case], dict[str, float]]


def simulated(
    pulls: int, seed: int, processes: int = 1, what: Simulation = simulate, fewest: int = 1
) -> dict[Case, dict[str, float]]:
    """Every case of a table, with baselines of at least ``fewest`` runs."""
    runs = [each for each in RUNS if each >= fewest]
    cases = [Case(*each, pulls, seed) for each in product(runs, NOISE, SLOWER)]
    if processes == 1:
        return {case: what(case) for case in cases}
    with Pool(processes) as pool:
        return dict(zip(cases, pool.map(what, cases, chunksize=1), strict=True))


def main() -> None:
    """Print the tables in markdown."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pulls", type=int, default=1000, help="pull requests of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    given = arguments.pulls, arguments.seed, arguments.processes
    show_rules(simulated(*given), given)
    for title, what in (
        ("All endpoints slower: suspected", simulate_all),
        ("One of two endpoints slower: failed", simulate_few),
    ):
        print(f"\n{title}\n")
        show_probe(simulated(*given, what, fewest=3), given)


def show_rules(found: dict[Case, dict[str, float]], given: tuple[int, int, int]) -> None:
    """False alarms of each rule, and what ours finds."""
    names = ("perfspec", "one run", *OTHERS)
    print("| runs | noise | " + " | ".join(names) + " | perfspec +10 % | perfspec +20 % | open |")
    print("| --- " * (len(names) + 5) + "|")
    for runs, noise in product(RUNS, NOISE):
        same, ten, twenty = (found[Case(runs, noise, slower, *given[:2])] for slower in SLOWER)
        cells = [f"{same[name]:.1%}" for name in names]
        cells += [f"{ten['perfspec']:.0%}", f"{twenty['perfspec']:.0%}", f"{same['open']:.0%}"]
        print(f"| {runs} | {noise:.0%} | " + " | ".join(cells) + " |")


def show_probe(found: dict[Case, dict[str, float]], given: tuple[int, int, int]) -> None:
    """Each share without the probe, then with it."""
    print("| runs | noise | unchanged | with probe | +10 % | with probe | +20 % | with probe |")
    print("| --- " * 8 + "|")
    for runs, noise in dict.fromkeys((case.runs, case.noise) for case in found):
        same, *worse = (found[Case(runs, noise, slower, *given[:2])] for slower in SLOWER)
        cells = [f"{same[name]:.1%}" for name in ("alone", "probe")]
        cells += [f"{each[name]:.0%}" for each in worse for name in ("alone", "probe")]
        print(f"| {runs} | {noise:.0%} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
