"""Laws of the judge: whatever was measured, silence and scarcity never pass, and more room never hurts."""

from __future__ import annotations

from random import Random

from hypothesis import assume, given
from hypothesis import strategies as st

from perfspec.judge.model import Outcome
from perfspec.judge.slo import Judge
from perfspec.judge.verdict import judge_run, judge_test
from perfspec.measure.errors import ErrorClass
from tests.results import Traffic, limit, make_plan, make_run, make_test, measure

TIMES = ["p50", "p95", "p99", "p99_9", "ttfb_p95", "mean", "max"]
SHARES = ["error_rate", "success_rate", "availability", "errors.timeout", "server_error_rate"]
METRICS = st.sampled_from([*TIMES, *SHARES, "throughput"])
LIMITS = st.floats(min_value=0.0005, max_value=2)
RANK = [Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.WARN, Outcome.PASS]
TEST = make_test(hold_s=20)


@st.composite
def traffic(draw: st.DrawFn, most: int = 700) -> Traffic:
    """Latencies of up to 2 s; the count is drawn first, so that few and many are both tried."""
    n = draw(st.integers(min_value=0, max_value=most))
    random = Random(draw(st.integers(min_value=0, max_value=2**32)))
    middle, width = draw(st.floats(0.001, 1)), draw(st.floats(0, 1))
    seconds = [middle * (1 + width * random.random()) for _ in range(n)]
    failed = draw(st.integers(min_value=0, max_value=n))
    return Traffic(seconds, {ErrorClass.TIMEOUT: failed} if failed else {})


@given(METRICS, traffic(), LIMITS, LIMITS)
def test_a_looser_limit_never_makes_it_worse(
    metric: str, measured: Traffic, one: float, other: float
) -> None:
    result = measure(TEST, {"login": measured})
    tight, loose = sorted((one, other), reverse=limit(metric).metric.at_least)
    first, second = (
        RANK.index(Judge(TEST, result).judge(limit(metric, each)).outcome)
        for each in (tight, loose)
    )
    assert first <= second


@given(METRICS, traffic(), LIMITS, LIMITS)
def test_a_warning_level_never_turns_a_fail_into_anything_else(
    metric: str, measured: Traffic, fail: float, warn: float
) -> None:
    result = measure(TEST, {"login": measured})
    plain = Judge(TEST, result).judge(limit(metric, fail)).outcome
    both = Judge(TEST, result).judge(limit(metric, fail, warn=warn)).outcome
    assert RANK.index(both) <= RANK.index(plain)
    assert plain is both or plain is Outcome.PASS


@given(METRICS, traffic(most=9), LIMITS)
def test_scarce_data_never_passes(metric: str, measured: Traffic, bound: float) -> None:
    result = measure(TEST, {"login": measured})
    assert Judge(TEST, result).judge(limit(metric, bound)).outcome is not Outcome.PASS


@given(st.lists(st.tuples(METRICS, LIMITS, st.sampled_from(["fail", "warn"])), max_size=5))
def test_no_data_never_passes(limits: list[tuple[str, float, str]]) -> None:
    test = make_test(*(limit(metric, bound, cap=cap) for metric, bound, cap in limits))
    found = judge_test(test, measure(test, {}))
    assert found.outcome is Outcome.INCONCLUSIVE
    plan = make_plan(test)
    assert judge_run(plan, make_run(plan, measure(test, {}))).exit_code == 4


@given(METRICS, traffic(), LIMITS, st.randoms(use_true_random=False))
def test_the_order_of_series_does_not_matter(
    metric: str, measured: Traffic, bound: float, random: Random
) -> None:
    half = len(measured.seconds) // 2
    parts = {
        "login": Traffic(measured.seconds[:half], measured.errors if half else {}),
        "order": Traffic(measured.seconds[half:]),
        "list_books": Traffic(measured.seconds[::3]),
    }
    assume(sum(measured.errors.values()) <= half)
    result = measure(TEST, parts)
    finding = Judge(TEST, result).judge(limit(metric, bound))
    random.shuffle(result.series)
    assert Judge(TEST, result).judge(limit(metric, bound)) == finding


@given(METRICS, traffic(), LIMITS, st.floats(min_value=0, max_value=0.2))
def test_a_slow_generator_never_makes_it_fail(
    metric: str, measured: Traffic, bound: float, delay_s: float
) -> None:
    result = measure(TEST, {"login": measured})
    exact = Judge(TEST, result).judge(limit(metric, bound)).outcome
    doubted = Judge(TEST, result, delay_s).judge(limit(metric, bound)).outcome
    assert doubted is exact or (exact, doubted) == (Outcome.FAIL, Outcome.INCONCLUSIVE)


@given(METRICS, traffic(), LIMITS)
def test_the_value_lies_in_its_interval(metric: str, measured: Traffic, bound: float) -> None:
    found = Judge(TEST, measure(TEST, {"login": measured})).judge(limit(metric, bound))
    if found.observed is not None:
        assert found.low is None or found.low <= found.observed
        assert found.high is None or found.high >= found.observed
