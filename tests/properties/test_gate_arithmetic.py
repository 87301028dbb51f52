"""The gate's arithmetic agrees with its reference, and keeps the laws that a verdict rests on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import polygamma

from perfspec.judge.statistics.arrays import median_of_others
from perfspec.judge.statistics.changes import changes, last_change
from perfspec.judge.statistics.failures import more_failures
from perfspec.judge.statistics.history import Probe, common_shift, compare_run
from perfspec.judge.statistics.jackknife import log_quantile_variances
from perfspec.judge.statistics.multiplicity import benjamini_hochberg, holm
from perfspec.judge.statistics.variance import moderate, trigamma_inverse
from perfspec.measure.histogram import Histogram
from tests import gate_reference

seeds = st.integers(0, 2**32 - 1)
close: Any = pytest.approx
reference: Any = gate_reference  # without types, as it was
AGREE: Any = {"rtol": 2e-3, "atol": 1e-12}  # the reference interpolates the inverse of trigamma


def runs(
    seed: int, n: int, endpoints: int, metrics: int = 2, noise: float = 0.05
) -> tuple[np.ndarray, np.ndarray]:
    """A history and a run of logarithms: a level, a host factor with slopes, noise of its own."""
    rng = np.random.default_rng(seed)
    level = rng.normal(-3, 1, (endpoints, metrics))
    slope = rng.normal(1, 0.2, (endpoints, metrics))
    host = rng.normal(0, 0.05, (n + 1, 1, 1))
    scatter = noise * np.exp(rng.normal(0, 0.4, (endpoints, metrics)))
    every = level + slope * host + scatter * rng.normal(size=(n + 1, endpoints, metrics))
    return every[:-1], every[-1]


@given(seeds, st.integers(2, 30), st.integers(4, 25), st.integers(1, 3))
@settings(max_examples=60)
def test_effects_are_those_of_the_reference(
    seed: int, n: int, endpoints: int, metrics: int
) -> None:
    history, run = runs(seed, n, endpoints, metrics)
    extra = np.abs(np.random.default_rng(seed).normal(0, 1e-4, run.shape))
    ours = compare_run(history, run, extra=extra)
    theirs = reference.single_run(history, run, extra_var=extra)
    np.testing.assert_allclose(np.expm1(ours.effect), theirs["ratio"], rtol=2e-3, atol=1e-5)
    np.testing.assert_allclose(ours.se, theirs["se"], **AGREE)
    np.testing.assert_allclose(np.expm1(ours.raw), theirs["raw"], **AGREE)
    np.testing.assert_allclose(ours.p, theirs["p"], rtol=2e-2, atol=1e-9)
    assert ours.df == close(theirs["df"], rel=1e-3)


@given(seeds, st.integers(8, 25))
@settings(max_examples=30)
def test_a_history_of_one_run_is_read_across_endpoints(seed: int, endpoints: int) -> None:
    history, run = runs(seed, 1, endpoints)
    ours, theirs = compare_run(history, run), reference.single_run(history, run)
    np.testing.assert_allclose(ours.p, theirs["p"], rtol=1e-9)
    np.testing.assert_allclose(ours.se, theirs["se"], rtol=1e-9)


@given(seeds, st.integers(3, 30), st.booleans())
@settings(max_examples=30)
def test_the_common_shift_is_that_of_the_reference(seed: int, n: int, probed: bool) -> None:
    history, run = runs(seed, n, 12)
    past = np.random.default_rng(seed).normal(0, 0.03, n)
    ours = common_shift(history, run, Probe(past, 0.02) if probed else None)
    given_probe = {"probe": past, "probe_pr": 0.02} if probed else {}
    theirs = reference.single_run(history, run, **given_probe)
    np.testing.assert_allclose(np.expm1(ours.effect), theirs["glob"], rtol=1e-9)
    np.testing.assert_allclose(ours.p, theirs["glob_p"], rtol=1e-9)


@given(seeds, st.integers(1, 20), st.integers(1, 12))
@settings(max_examples=60)
def test_more_failures_is_that_of_the_reference(seed: int, n: int, endpoints: int) -> None:
    rng = np.random.default_rng(seed)
    requests = rng.integers(500, 20_000, (n + 1, endpoints)).astype(float)
    failed = rng.poisson(requests * rng.choice([0.0, 1e-4, 0.01, 0.2], endpoints)).astype(float)
    ours = more_failures(failed[:-1], requests[:-1], failed[-1], requests[-1])
    theirs = reference.error_rate_p(failed[:-1], requests[:-1], failed[-1], requests[-1])
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=80))
def test_adjusted_p_values_are_those_of_the_reference(values: list[float]) -> None:
    p = np.array(values)
    np.testing.assert_allclose(holm(p), reference.holm(p))
    np.testing.assert_allclose(benjamini_hochberg(p), reference.bh(p))
    assert (holm(p) >= benjamini_hochberg(p) - 1e-12).all()


@given(seeds, st.integers(1, 20), st.integers(3, 25), st.sampled_from([0, 1, 4, 15]))
def test_moderated_variances_are_those_of_the_reference(
    seed: int, df: int, endpoints: int, most: int
) -> None:
    rng = np.random.default_rng(seed)
    spread = np.exp(rng.normal(0, rng.choice([0.0, 0.3, 1.5]), (endpoints, 2)))
    raw = spread * rng.chisquare(df, (endpoints, 2)) / df
    found = moderate(raw, df, most)
    if most == 0:
        np.testing.assert_array_equal(found.variances, raw)
        return
    theirs, their_df = reference.eb_variance(raw, df, most)
    np.testing.assert_allclose(found.variances, theirs, rtol=2e-3)
    assert found.df == close(their_df, rel=2e-3)


@given(st.floats(1e-4, 1e4))
def test_the_inverse_of_trigamma_is_its_inverse(value: float) -> None:
    assert float(polygamma(1, trigamma_inverse(value))) == close(value, rel=1e-6)


@given(seeds, st.integers(2, 25), st.booleans())
def test_a_median_of_the_others_leaves_one_out(seed: int, count: int, ties: bool) -> None:
    values = np.random.default_rng(seed).normal(size=(3, count, 2))
    values = np.round(values) if ties else values
    np.testing.assert_allclose(median_of_others(values), reference.loo_median(values))


@given(seeds, st.integers(2, 20), st.sampled_from([0.5, 0.95]))
@settings(max_examples=30)
def test_the_jackknife_is_that_of_the_reference(seed: int, count: int, q: float) -> None:
    rng = np.random.default_rng(seed)
    moods = rng.normal(0, 0.2, count)
    windows = [(20_000 * np.exp(mood + rng.normal(0, 0.3, 300))).astype(int) for mood in moods]
    blocks = [Histogram.of(each.tolist()) for each in windows]
    ours = log_quantile_variances(blocks, {"q": q})["q"]
    [theirs] = reference.window_var(windows, (q,))
    assert ours**0.5 == close(theirs**0.5, rel=0.05, abs=0.004 * count**0.5)


@given(seeds, st.integers(2, 20), st.floats(-0.5, 0.5))
@settings(max_examples=40)
def test_a_slower_host_is_no_effect(seed: int, n: int, factor: float) -> None:
    """What moves every endpoint alike moves only the common shift."""
    history, _ = runs(seed, n, 12, noise=0.02)
    steady = history.mean(axis=0)
    flat = np.broadcast_to(steady, history.shape) + (history - steady) * 1e-6
    effects = compare_run(flat, steady + factor)
    assert np.abs(effects.effect).max() < 0.01
    assert common_shift(flat, steady + factor).effect == close(factor, abs=1e-3)
    assert effects.p.min() > 0.01


@given(seeds, st.integers(2, 20), st.floats(0.01, 0.5))
@settings(max_examples=40)
def test_a_slower_endpoint_is_never_less_suspect(seed: int, n: int, slower: float) -> None:
    history, run = runs(seed, n, 12)
    worse = run.copy()
    worse[3] += slower
    before, after = compare_run(history, run), compare_run(history, worse)
    assert (after.p[3] <= before.p[3] + 1e-12).all()


@pytest.mark.parametrize(("n", "endpoints"), [(0, 20), (1, 7)])
def test_nothing_is_concluded_from_nothing(n: int, endpoints: int) -> None:
    with pytest.raises(ValueError, match="no scatter"):
        compare_run(np.zeros((n, endpoints, 2)), np.zeros((endpoints, 2)))


@given(seeds, st.integers(4, 15), st.integers(4, 15), st.sampled_from([-0.5, 0.5]))
@settings(max_examples=40)
def test_a_plain_change_is_found_where_it_is(
    seed: int, before: int, after: int, change: float
) -> None:
    values = np.random.default_rng(seed).normal(0, 0.02, before + after)
    values[before:] += change
    assert last_change(values, 0.05) == before


@given(seeds, st.lists(st.sampled_from([0.0, 0.3, 0.6]), min_size=1, max_size=5))
@settings(max_examples=40)
def test_every_change_of_a_long_history_is_found(seed: int, wanted: list[float]) -> None:
    levels = np.repeat(wanted, 12)
    values = levels + np.random.default_rng(seed).normal(0, 0.02, len(levels))
    found = changes(values, 0.05)
    assert list(found) == (np.flatnonzero(np.diff(levels)) + 1).tolist()


def test_a_quiet_history_is_seldom_cut() -> None:
    rng = np.random.default_rng(1)
    quiet = [rng.normal(0, 0.1, 30) for _ in range(500)]
    assert sum(last_change(each, 0.05) > 0 for each in quiet) <= 5
    assert sum(len(changes(each, 0.05)) for each in quiet) <= 5


@given(seeds, st.integers(0, 40))
def test_a_change_leaves_enough_runs_behind_it(seed: int, n: int) -> None:
    values = np.random.default_rng(seed).choice([0.0, 1.0], n)
    start = last_change(values, 0.05)
    assert start == 0 or 4 <= start <= n - 4


def test_a_small_change_is_left_alone() -> None:
    values = np.array([0.0, 0.001] * 5 + [0.03, 0.031] * 5)
    assert last_change(values, 0.05) == 0
    assert last_change(values, 0.02) == 10
