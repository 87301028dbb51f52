"""The gate on simulated pull requests, in short; `make bench-gate` is the long version."""

from __future__ import annotations

import pytest

from benchmarks.gate_simulation import Case, simulate

PULLS = 150


@pytest.mark.parametrize("runs", [3, 10])
def test_unchanged_pull_requests_seldom_fail(runs: int) -> None:
    """1 % is promised; 6 of 150 would be by chance less than once in 200 times."""
    found = simulate(Case(runs, noise=0.05, slower=0.0, pulls=PULLS, seed=1))
    assert found["perfspec"] <= 5 / PULLS
    assert found["last run"] > 0.4


def test_a_slower_endpoint_is_found() -> None:
    found = simulate(Case(10, noise=0.05, slower=0.2, pulls=PULLS, seed=1))
    assert found["perfspec"] >= 0.9
    assert found["innocent"] <= 5 / PULLS
