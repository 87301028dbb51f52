"""The robust trend on series whose truth is known."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from perfspec.judge.analyses.trend import Trend, trend
from perfspec.plan.load import Span

SPAN = Span(start_s=100, end_s=700)
series = st.lists(st.floats(1, 1000), min_size=8, max_size=80)
shares = st.floats(-0.9, 5)


def seconds(count: int) -> list[float]:
    return [SPAN.start_s + 600 * (at + 0.5) / count for at in range(count)]


def line(count: int, start: float, change: float) -> list[float]:
    return [start * (1 + change * (at - SPAN.start_s) / 600) for at in seconds(count)]


def found(values: list[float] | list[float | None]) -> Trend:
    result = trend(seconds(len(values)), values, SPAN)
    assert result is not None
    return result


@given(st.integers(8, 400), st.floats(0.001, 1e6), shares)
def test_a_line_is_found_exactly(count: int, start: float, change: float) -> None:
    result = found(line(count, start, change))
    assert result.start == pytest.approx(start)
    assert result.change == pytest.approx(change, abs=1e-9)
    assert result.low == pytest.approx(change, abs=1e-9)
    assert result.high == pytest.approx(change, abs=1e-9)


@given(st.integers(20, 300), shares, st.randoms(use_true_random=False))
def test_a_fifth_of_the_points_may_be_anything(count: int, change: float, dice: Random) -> None:
    values = line(count, 10.0, change)
    for at in dice.sample(range(count), count // 5):
        values[at] = dice.uniform(0.001, 1e6)
    assert found(values).change == pytest.approx(change, abs=0.05 * (1 + abs(change)))


@given(series, st.floats(0.01, 100))
def test_the_unit_does_not_matter(values: list[float], factor: float) -> None:
    one = trend(seconds(len(values)), values, SPAN)
    other = trend(seconds(len(values)), [each * factor for each in values], SPAN)
    assume(one is not None and one.start > 1e-6)
    assert one is not None
    assert other is not None
    assert other.change == pytest.approx(one.change, rel=1e-6, abs=1e-9)
    assert other.start == pytest.approx(one.start * factor)


@given(series)
def test_the_interval_holds_the_value(values: list[float]) -> None:
    result = trend(seconds(len(values)), values, SPAN)
    assume(result is not None)
    assert result is not None
    assert result.low <= result.change <= result.high


@given(series, st.data())
def test_a_missing_value_is_one_that_is_not_there(values: list[float], data: st.DataObject) -> None:
    gaps = data.draw(st.sets(st.integers(0, len(values) - 1)))
    with_gaps = [None if at in gaps else value for at, value in enumerate(values)]
    kept = [at for at in range(len(values)) if at not in gaps]
    times = seconds(len(values))
    expected = trend([times[at] for at in kept], [values[at] for at in kept], SPAN)
    assert trend(times, with_gaps, SPAN) == expected
    assert (expected is None) or len(kept) >= 8


def test_what_cannot_be_said_is_not_said() -> None:
    assert trend(seconds(7), [1.0] * 7, SPAN) is None
    assert trend([300.0] * 20, [1.0] * 20, SPAN) is None
    assert trend(seconds(20), [0.0] * 20, SPAN) is None
    assert trend([at - 1000 for at in seconds(20)], [1.0] * 20, SPAN) is None


def test_the_interval_covers_the_truth_in_95_of_100_noisy_series() -> None:
    dice = Random(4)
    runs, covered = 400, 0
    for _ in range(runs):
        values = [value * math.exp(dice.gauss(0, 0.1)) for value in line(30, 0.2, 0.15)]
        result = found(values)
        covered += result.low <= 0.15 <= result.high
    assert 0.92 <= covered / runs <= 0.985
