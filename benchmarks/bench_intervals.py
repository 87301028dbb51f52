"""How often a 95 % interval of a percentile holds the truth: simulated runs with a known one.

Each run is a minute of requests in 5 s windows. ``independent``: latencies are log-normal;
``moods``: each window has a factor of its own (sd 10 %); ``lasting``: factors follow each other
(correlation 0.5). The truth is the percentile of very many requests of the same kind.
"""

from __future__ import annotations

import argparse

import numpy as np

from perfspec.judge.interval import quantile_interval
from perfspec.measure.histogram import Histogram

WINDOWS = 12
MEDIAN_US, SPREAD = 20_000.0, 0.5
MOOD = 0.1
KINDS = {"independent": (0.0, 0.0), "moods": (MOOD, 0.0), "lasting": (MOOD, 0.5)}
CASES = ((0.5, 600), (0.95, 600), (0.95, 6_000), (0.99, 6_000))


def factors(rng: np.random.Generator, shape: tuple[int, int], kind: str) -> np.ndarray:
    """Logarithms of the windows' factors: rows are runs."""
    sd, correlation = KINDS[kind]
    steps = rng.normal(0.0, sd, shape)
    for window in range(1, shape[1]):
        fresh = np.sqrt(1 - correlation**2) * steps[:, window]
        steps[:, window] = correlation * steps[:, window - 1] + fresh
    return steps


def covered(kind: str, q: float, requests: int, runs: int, seed: int) -> float:
    """The share of runs whose interval holds the truth."""
    rng = np.random.default_rng(seed)
    many = factors(rng, (400_000, 1), kind)[:, 0] + rng.normal(0.0, SPREAD, 400_000)
    truth_s = MEDIAN_US * np.exp(np.quantile(many, q)) / 1e6
    moods = factors(rng, (runs, WINDOWS), kind)
    held = 0
    for mood in moods:
        logs = mood[:, None] + rng.normal(0.0, SPREAD, (WINDOWS, requests // WINDOWS))
        windows = (MEDIAN_US * np.exp(logs)).astype(int).tolist()
        low, high = quantile_interval([Histogram.of(each) for each in windows], q)
        held += (low is None or low <= truth_s) and (high is None or truth_s <= high)
    return held / runs


def main() -> None:
    """Print a table of shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300, help="simulated runs of each kind")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print(f"{'percentile':<12}{'requests':>10}" + "".join(f"{kind:>14}" for kind in KINDS))
    for q, requests in CASES:
        shares = [covered(kind, q, requests, arguments.runs, arguments.seed) for kind in KINDS]
        cells = "".join(f"{share:>14.1%}" for share in shares)
        print(f"p{q * 100:<11g}{requests:>10,}{cells}")


if __name__ == "__main__":
    main()
