"""The duet's arithmetic agrees with its reference, and holds what it promises when simulated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from perfspec.judge.statistics.decision import Family, interval
from perfspec.judge.statistics.duet import LEVEL, compare_blocks, levels
from perfspec.judge.statistics.history import FLOOR
from perfspec.plan.duet import LOOKS
from tests import gate_reference

seeds = st.integers(0, 2**32 - 1)
close: Any = pytest.approx
reference: Any = gate_reference  # without types, as it was
ENDPOINTS, METRICS = 8, 2
SD = 0.05  # of one block's ratio: what a p95 of 15 s has on a machine of two cores


def blocks(rng: np.random.Generator, k: int, endpoints: int, metrics: int = METRICS) -> np.ndarray:
    """Ratios with a noise that differs between endpoints."""
    scatter = SD * np.exp(rng.normal(0, 0.3, (endpoints, metrics)))
    return scatter * rng.normal(size=(k, endpoints, metrics))


@given(seeds, st.integers(3, 16), st.integers(3, 25), st.integers(1, 3), st.floats(-0.2, 0.4))
@settings(max_examples=60)
def test_effects_are_those_of_the_reference(
    seed: int, k: int, endpoints: int, metrics: int, slower: float
) -> None:
    ratios = blocks(np.random.default_rng(seed), k, endpoints, metrics)
    ratios[:, 0] += np.log1p(slower)
    ours, theirs = compare_blocks(ratios), reference.duet(ratios, launches=k)
    least = FLOOR / np.sqrt(k)
    np.testing.assert_allclose(np.expm1(ours.effect), theirs["ratio"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(ours.se, np.maximum(theirs["se"], least), rtol=2e-3)
    assert ours.df == close(theirs["df"], rel=1e-3)
    assume(theirs["se"].min() > least)  # the reference believes any accident
    np.testing.assert_allclose(ours.p, theirs["p"], rtol=2e-2, atol=1e-9)
    low, high = interval(ours.effect, ours.se, ours.df)
    np.testing.assert_allclose(np.expm1(low), theirs["lo"], rtol=5e-3, atol=1e-4)
    np.testing.assert_allclose(np.expm1(high), theirs["hi"], rtol=5e-3, atol=1e-4)
    family = Family.of(ours.p.ravel())
    np.testing.assert_allclose(family.adjusted, theirs["p_holm"].ravel(), rtol=2e-2, atol=1e-9)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=5, unique=True).map(sorted))
def test_looks_spend_the_whole_level_and_no_more(looks: list[int]) -> None:
    spent = levels(looks)
    assert sum(spent) == close(LEVEL)
    assert min(spent) > 0


def failed(rng: np.random.Generator, slower: float) -> bool:
    """Whether a duet with looks fails: beyond doubt, and by more than a budget of 5 %."""
    ratios = blocks(rng, LOOKS[-1], ENDPOINTS)
    ratios[:, 0] += np.log1p(slower)
    for look, level in zip(LOOKS, levels(LOOKS), strict=True):
        found = compare_blocks(ratios[:look])
        certain = Family.of(found.p.ravel(), level).certain.reshape(found.p.shape)
        if (certain & (found.effect > np.log1p(0.05))).any():
            return True
    return False


def test_unchanged_commits_hardly_ever_fail_and_slow_ones_do() -> None:
    rng = np.random.default_rng(5)
    unchanged = sum(failed(rng, 0.0) for _ in range(1000))
    assert unchanged <= 15  # 1.5 % is the line
    assert sum(failed(rng, 0.10) for _ in range(100)) >= 90
    assert sum(failed(rng, 0.20) for _ in range(100)) == 100


def test_too_few_blocks_say_nothing() -> None:
    with pytest.raises(ValueError, match="2 blocks"):
        compare_blocks(np.zeros((2, 4, 1)))


def test_blocks_that_repeat_themselves_are_not_believed_beyond_the_resolution() -> None:
    found = compare_blocks(np.full((6, 4, 1), 0.003))
    assert found.p.min() > 0.05
