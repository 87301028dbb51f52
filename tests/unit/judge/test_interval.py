from __future__ import annotations

from random import Random
from statistics import NormalDist

import pytest

from perfspec.judge.interval import Interval, has_interval, quantile_interval, surely_beyond
from perfspec.measure.histogram import Histogram, bounds

NORMAL = NormalDist()


def draw(random: Random, blocks: int, size: int, mood: float) -> list[Histogram]:
    """Log-normal latencies around 100 ms; ``mood`` is what all requests of a block share."""
    found = []
    for _ in range(blocks):
        shared = random.gauss(0, mood)
        values = (random.lognormvariate(shared, 0.5) for _ in range(size))
        found.append(Histogram.of(round(100_000 * each) for each in values))
    return found


@pytest.mark.parametrize(
    ("q", "blocks", "size", "mood"),
    [
        (0.5, 8, 5, 0.0),
        (0.5, 12, 100, 0.2),
        (0.95, 8, 13, 0.0),
        (0.95, 12, 100, 0.0),
        (0.95, 12, 100, 0.15),
        (0.95, 4, 50, 0.0),
        (0.99, 12, 42, 0.0),
        (0.99, 24, 50, 0.15),
    ],
)
def test_the_interval_holds_the_truth_in_93_of_100_runs(
    q: float, blocks: int, size: int, mood: float
) -> None:
    random = Random(11)  # the figures of these runs, not of the weather
    truth = 0.1 * 2.718281828 ** (NORMAL.inv_cdf(q) * (0.5**2 + mood**2) ** 0.5)
    hits = 0
    runs = 200
    for _ in range(runs):
        low, high = quantile_interval(draw(random, blocks, size, mood), q)
        hits += (low is None or low <= truth) and (high is None or truth <= high)
    assert hits / runs >= 0.93


def test_windows_that_move_together_widen_the_interval() -> None:
    moody = draw(Random(3), 12, 200, 0.3)
    mixed = [Histogram() for _ in moody]  # the same requests dealt out, so no window is alike
    values = [us for block in moody for key, n in block for us in [key] * n]
    for position, bucket in enumerate(Random(4).sample(values, len(values))):
        mixed[position % 12].add_all([bounds(bucket)[0]])
    narrow, wide = quantile_interval(mixed, 0.9), quantile_interval(moody, 0.9)
    assert width(wide) > 2 * width(narrow)


def width(interval: Interval) -> float:
    assert interval.low is not None
    assert interval.high is not None
    return interval.high - interval.low


def test_fewer_than_eight_blocks_give_the_exact_binomial_interval() -> None:
    """Of 100 draws the median lies between the 40th and the 61st smallest in 96.5 % of runs."""
    values = Histogram.of(range(1, 101))
    low, high = quantile_interval([values], 0.5)
    assert (low, high) == (40e-6, 61e-6)


def test_an_end_that_no_sample_bounds_is_open() -> None:
    assert quantile_interval([Histogram.of(range(1, 21))], 0.95).high is None
    assert quantile_interval([Histogram.of(range(1, 6))], 0.5).low is None


def test_equal_latencies_have_an_interval_of_no_width() -> None:
    low, high = quantile_interval([Histogram.of([100] * 50) for _ in range(12)], 0.95)
    assert low == high == 100e-6


def test_the_order_of_blocks_does_not_matter() -> None:
    every = draw(Random(5), 12, 60, 0.3)
    shuffled = Random(6).sample(every, len(every))
    assert quantile_interval(every, 0.95) == quantile_interval(shuffled, 0.95)


@pytest.mark.parametrize(("q", "n"), [(0.5, 10), (0.95, 100), (0.99, 500), (0.999, 5000)])
def test_samples_that_an_interval_needs(q: float, n: int) -> None:
    assert has_interval(q, n)
    assert not has_interval(q, n - 1)


def test_beyond_reasonable_doubt_is_one_percent() -> None:
    assert not surely_beyond(0, 1, 0.95)
    assert not surely_beyond(1, 1, 0.95)
    assert surely_beyond(2, 2, 0.95)
    assert not surely_beyond(6, 7, 0.5)
    assert surely_beyond(7, 7, 0.5)
