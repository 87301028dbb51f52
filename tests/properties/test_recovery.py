"""How long a target takes to recover, on series whose truth is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfspec.judge.analyses.recovery import recovery
from perfspec.measure.errors import ErrorClass
from perfspec.plan.load import Stage
from tests.results import TOTAL, make_test
from tests.series import spread, timeline

if TYPE_CHECKING:
    from perfspec.judge.analyses.reading import Reading

BEFORE_S, PEAK_S, AFTER_S = 40.0, 20.0, 120.0
PEAK_END_S = BEFORE_S + PEAK_S
TEST = make_test(
    stages=(
        Stage(users=5, hold_s=BEFORE_S),
        Stage(users=60, hold_s=PEAK_S),
        Stage(users=5, ramp_s=10, hold_s=AFTER_S - 10),
    )
)
rates = st.integers(2, 100)
delays = st.floats(0, AFTER_S - 30)


def found(rate: int, factor: float, until_s: float, end_s: float = PEAK_END_S + AFTER_S) -> Reading:
    """Slower by ``factor`` from the peak on until ``until_s``; measured until ``end_s``."""

    def seconds_at(middle: float) -> list[float]:
        slow = BEFORE_S <= middle < until_s
        return spread(rate, 0.1 * (factor if slow else 1.0))

    return recovery(TEST, timeline(TEST, seconds_at, until_s=end_s), TOTAL)


@given(rates, st.floats(3, 50), delays)
@settings(max_examples=60, deadline=None)
def test_the_time_until_it_is_as_before_is_found(rate: int, factor: float, delay: float) -> None:
    reading = found(rate, factor, PEAK_END_S + delay)
    assert reading.observed is not None
    assert delay - 3 <= reading.observed <= delay + 1
    assert not reading.open_ended
    assert reading.doubt == ""


@given(rates)
@settings(max_examples=20, deadline=None)
def test_what_never_was_slower_has_recovered_at_once(rate: int) -> None:
    assert found(rate, 1.0, 0.0).observed == 0.0


@given(rates, st.floats(3, 50), st.floats(15, AFTER_S))
@settings(max_examples=30, deadline=None)
def test_what_has_not_recovered_is_at_least_as_late_as_was_seen(
    rate: int, factor: float, seen: float
) -> None:
    reading = found(rate, factor, 1e9, PEAK_END_S + seen)
    assert reading.open_ended
    assert reading.observed == pytest.approx(seen - 10, abs=1.01)


def test_failing_fast_is_no_recovery() -> None:
    def errors_at(middle: float) -> dict[ErrorClass, int]:
        return {ErrorClass.CONNECT: 20} if PEAK_END_S <= middle < PEAK_END_S + 50 else {}

    def seconds_at(middle: float) -> list[float]:
        return [0.001] * 20 if errors_at(middle) else spread(20, 0.1)

    reading = recovery(TEST, timeline(TEST, seconds_at, errors_at), TOTAL)
    assert reading.observed == pytest.approx(50, abs=1)


def test_silence_is_no_recovery() -> None:
    def seconds_at(middle: float) -> list[float]:
        return [] if PEAK_END_S <= middle < PEAK_END_S + 40 else spread(20, 0.1)

    reading = recovery(TEST, timeline(TEST, seconds_at), TOTAL)
    assert reading.observed is not None
    assert 30 <= reading.observed <= 40


def test_one_slow_request_in_few_is_chance() -> None:
    def seconds_at(middle: float) -> list[float]:
        return [5.0, *spread(4, 0.1)] if int(middle) % 20 == 5 else spread(5, 0.1)

    assert recovery(TEST, timeline(TEST, seconds_at), TOTAL).observed == 0.0


def test_a_stay_that_was_not_seen_whole_is_in_doubt() -> None:
    reading = found(20, 5.0, PEAK_END_S + 50, PEAK_END_S + 70)
    assert reading.observed == pytest.approx(50, abs=1)
    assert reading.doubt == ("seen for 20s only, where 30s are wanted: hold longer after the peak")


def test_nothing_to_compare_with_is_said() -> None:
    flat = make_test(stages=(Stage(users=60, hold_s=60),))
    said = recovery(flat, timeline(flat, lambda _: spread(5, 0.1)), TOTAL)
    assert (said.observed, said.remark) == (
        None,
        "there is no hold before the peak to compare with",
    )
    few = recovery(TEST, timeline(TEST, lambda at: [0.1] if at > BEFORE_S else []), TOTAL)
    assert (few.observed, few.samples) == (None, 0)


def test_a_target_that_was_down_before_the_peak_has_nothing_to_come_back_to() -> None:
    refused = timeline(TEST, lambda _: [0.001] * 20, lambda _: {ErrorClass.CONNECT: 20})
    reading = recovery(TEST, refused, TOTAL)
    assert (reading.observed, reading.samples) == (None, int(20 * BEFORE_S))
    assert "nothing to come back to" in reading.remark
