"""Intervals hold the truth as often as they say, in simulated runs with a known percentile."""

from __future__ import annotations

import math
import random

import pytest

from perfspec.judge.interval import quantile_interval
from perfspec.measure.histogram import Histogram

RUNS, WINDOWS, MEDIAN_US, SPREAD = 200, 12, 20_000, 0.5
NORMAL = {0.5: 0.0, 0.95: 1.6448536}  # quantiles of the standard normal distribution


@pytest.mark.parametrize("q", [0.5, 0.95])
@pytest.mark.parametrize("mood", [0.0, 0.1], ids=["independent", "moody windows"])
def test_an_interval_of_95_percent_holds_the_truth(q: float, mood: float) -> None:
    rng = random.Random(f"{q}/{mood}")
    truth_s = MEDIAN_US * math.exp(NORMAL[q] * math.hypot(SPREAD, mood)) / 1e6
    held = 0
    for _ in range(RUNS):
        centres = [rng.gauss(0, mood) for _ in range(WINDOWS)]
        windows = [
            Histogram.of(int(MEDIAN_US * math.exp(rng.gauss(centre, SPREAD))) for _ in range(50))
            for centre in centres
        ]
        low, high = quantile_interval(windows, q)
        held += (low is None or low <= truth_s) and (high is None or truth_s <= high)
    assert held / RUNS >= 0.93
