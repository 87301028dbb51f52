"""Latency that drifts while the load stays, on series whose truth is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfspec.judge.analyses.degradation import degradation, longest_hold
from perfspec.measure.errors import ErrorClass
from perfspec.plan.load import Span, Stage
from perfspec.plan.metrics import metric_of
from tests.results import TOTAL, make_test
from tests.series import spread, timeline

if TYPE_CHECKING:
    from perfspec.judge.analyses.reading import Reading

HOLD_S = 240.0
TEST = make_test(
    stages=(
        Stage(users=20, ramp_s=10, hold_s=HOLD_S),
        Stage(users=30, hold_s=20),
        Stage(users=0, ramp_s=10),
    )
)
percentiles = st.sampled_from(["p50", "p75", "p95"])


def found(rate: int, change: float, name: str = "p95") -> Reading:
    def seconds_at(middle: float) -> list[float]:
        return spread(rate, 0.1 * (1 + change * min(1.0, max(0.0, (middle - 10) / HOLD_S))))

    metric = metric_of(f"degradation.{name}")
    return degradation(TEST, timeline(TEST, seconds_at), TOTAL, metric)


@given(st.integers(10, 60), st.floats(-0.5, 3), percentiles)
@settings(max_examples=40, deadline=None)
def test_the_drift_of_a_percentile_is_found(rate: int, change: float, name: str) -> None:
    reading = found(rate, change, name)
    assert reading.observed is not None
    assert reading.observed == pytest.approx(change, abs=0.03 * (1 + abs(change)))
    assert reading.low is not None
    assert reading.high is not None
    assert reading.low <= reading.observed <= reading.high
    assert reading.samples == 240 * rate


def test_the_longest_hold_is_looked_at() -> None:
    result = timeline(TEST, lambda _: spread(10, 0.1))
    assert longest_hold(TEST, result) == Span(start_s=10, end_s=250)
    assert longest_hold(TEST, timeline(TEST, lambda _: [0.1], until_s=5)) is None


def test_too_few_requests_make_no_trend() -> None:
    assert found(3, 0.0).observed is None
    assert found(3, 0.0).remark == ("a trend needs 800 requests in 8 parts of a hold: hold longer")
    assert found(4, 0.0).observed == pytest.approx(0)


@pytest.mark.parametrize(("dead_s", "told"), [(0, True), (40, True), (60, False), (240, False)])
def test_a_target_that_dies_does_not_look_as_if_it_got_faster(dead_s: float, told: bool) -> None:
    """Refused at once for the last ``dead_s`` seconds: up to a fifth of the hold is left out."""
    dies_s = 10 + HOLD_S - dead_s

    def seconds_at(middle: float) -> list[float]:
        return spread(20, 0.1 if middle < dies_s else 0.001)

    def refused(middle: float) -> dict[ErrorClass, int]:
        return {} if middle < dies_s else {ErrorClass.CONNECT: 20}

    result = timeline(TEST, seconds_at, refused)
    reading = degradation(TEST, result, TOTAL, metric_of("degradation.p95"))
    assert reading.observed == (pytest.approx(0) if told else None)
    assert told or reading.remark == "in too many parts of the hold requests failed, or none began"
