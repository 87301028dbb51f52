"""What latencies say of a target: that it starts first, or that everything waits in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfspec.judge.verdict import judge_test
from perfspec.measure.histogram import Histogram
from perfspec.measure.model import AbortHit, Key, Series, Window
from perfspec.plan.limits import AbortLimit
from perfspec.plan.load import Stage
from perfspec.plan.metrics import metric_of
from tests.results import limit, make_test, place
from tests.series import timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.judge.model import Diagnosis
    from perfspec.measure.model import TestResult
    from perfspec.plan.model import Test

STAGES = (Stage(users=20, hold_s=40),)
TEST = make_test(limit("p95", 0.5), stages=STAGES, warm_up_s=0.0)


def found(test: Test, result: TestResult) -> Sequence[Diagnosis]:
    return judge_test(test, result).diagnoses


def starting(cold_s: float, slow_s: float) -> TestResult:
    return timeline(TEST, lambda at: [slow_s] * 20 if at < cold_s else [0.05] * 20)


def test_a_target_that_starts_first_is_told_with_both_latencies() -> None:
    (diagnosis,) = found(TEST, starting(3, 2.0))
    assert diagnosis.cause.startswith("A cold start: the first requests waited")
    assert diagnosis.evidence == (
        "half of the 60 requests of the first 3s took 2 s,"
        " half of those in the second half of the test 50 ms"
    )
    assert diagnosis.error is None


def test_a_cold_start_of_a_second_is_told_even_within_the_limits() -> None:
    loose = make_test(limit("p95", 5.0), stages=STAGES, warm_up_s=0.0)
    (diagnosis,) = found(loose, starting(3, 1.5))
    assert diagnosis.cause.startswith("A cold start")
    assert found(loose, starting(3, 0.9)) == ()


@pytest.mark.parametrize(("cold_s", "slow_s"), [(30, 2.0), (3, 0.2), (0, 2.0)])
def test_a_long_or_light_beginning_is_no_cold_start(cold_s: float, slow_s: float) -> None:
    assert found(TEST, starting(cold_s, slow_s)) == ()


def test_what_comes_again_later_is_no_cold_start() -> None:
    result = timeline(TEST, lambda at: [2.0] * 20 if at < 3 or 30 < at < 33 else [0.05] * 20)
    assert found(TEST, result) == ()


def test_what_is_slow_by_itself_and_only_asked_for_first_is_no_cold_start() -> None:
    result = starting(3, 2.0)
    (series,) = result.series
    first = Key(kind="request", name="sign_up", persona="reader")
    result.series = [
        Series(key=first, windows=series.windows[:3]),
        Series(key=series.key, windows=series.windows[3:]),
    ]
    assert found(TEST, result) == ()


def queueing(work: dict[str, float], waiting: float) -> TestResult:
    """Ten requests a second to each endpoint; only those of the first second need not wait."""
    result = timeline(TEST, lambda _: [0.1])
    result.series = [
        Series(
            key=Key(kind="request", name=name, persona="reader"),
            windows=[
                Window(
                    index=at,
                    latency=Histogram.of([round((own + waiting * (at > 0)) * 1e6)] * 10),
                )
                for at in range(40)
            ],
        )
        for name, own in work.items()
    ]
    return result


def test_requests_that_wait_for_one_another_and_what_holds_them_up() -> None:
    (diagnosis,) = found(TEST, queueing({"home": 0.002, "upload": 0.1}, 1.5))
    assert diagnosis.cause.startswith("Requests wait for one another, most of all for upload:")
    assert "half of the requests of home took 1.5 s, the fastest 2 ms" in diagnosis.evidence
    assert "look at what upload does" in diagnosis.advice


@pytest.mark.parametrize(
    ("work", "waiting"),
    [
        ({"upload": 0.1}, 1.5),
        ({"home": 0.002, "upload": 4.0}, 1.5),
        ({"home": 1.0, "upload": 1.1}, 2.0),
    ],
)
def test_one_endpoint_or_one_that_does_not_wait_says_nothing(
    work: dict[str, float], waiting: float
) -> None:
    assert found(TEST, queueing(work, waiting)) == ()


def test_an_endpoint_that_needs_not_wait_is_an_exception_when_it_is_rare() -> None:
    result = queueing({"home": 0.002, "upload": 0.1}, 1.5)
    beside = timeline(TEST, lambda _: [0.001] * 8).series[0]
    result.series.append(beside)
    (diagnosis,) = found(TEST, result)
    assert "most of all for upload" in diagnosis.cause
    beside.windows = timeline(TEST, lambda _: [0.001] * 25).series[0].windows
    assert found(TEST, result) == ()


def test_a_latency_that_ended_the_test_is_looked_into_like_a_broken_limit() -> None:
    p95 = AbortLimit(metric=metric_of("p95"), limit=1.0, place=place(70), origin="stop_when.p95")
    test = make_test(stages=STAGES, warm_up_s=0.0, stop_when=(p95,))
    result = queueing({"home": 0.002, "upload": 0.1}, 1.5)
    assert found(test, result) == ()
    result.stopped = AbortHit(
        origin="stop_when.p95", metric="p95", limit=1.0, observed=1.6, requests=200, at_s=40.0
    )
    (diagnosis,) = found(test, result)
    assert "most of all for upload" in diagnosis.cause
