from __future__ import annotations

import math

import pytest

from perfspec.judge.model import Finding, Outcome
from perfspec.judge.slo import Judge
from perfspec.measure.errors import ErrorClass
from perfspec.plan.limits import Objective, Subject
from perfspec.plan.load import Stage
from tests.results import TOTAL, Traffic, limit, make_test, measure


def judge(
    objective: Objective,
    seconds: list[float] | None = None,
    errors: dict[ErrorClass, int] | None = None,
    delay_s: float = 0.0,
) -> Finding:
    test = make_test(objective)
    traffic = {"login": Traffic(seconds, errors or {})} if seconds is not None else {}
    return Judge(test, measure(test, traffic), delay_s).judge(objective)


def spread(n: int, low: float, high: float) -> list[float]:
    """``n`` values from low to high, in an order that every window sees all of."""
    return [low + (high - low) * (each * 7919 % n) / n for each in range(n)]


P95 = limit("p95", 0.3, on="login")


def test_a_percentile_within_its_limit_passes_with_its_interval() -> None:
    found = judge(P95, spread(1000, 0.1, 0.2))
    assert (found.outcome, found.reason, found.samples) == (Outcome.PASS, "within the limit", 1000)
    assert found.observed == pytest.approx(0.195, rel=0.01)
    assert found.observed is not None
    assert found.low is not None
    assert found.high is not None
    assert 0.18 < found.low < found.observed < found.high <= 0.2


def test_a_percentile_fails_when_its_whole_interval_is_beyond() -> None:
    found = judge(P95, spread(1000, 0.4, 0.5))
    assert (found.outcome, found.limit, found.reason) == (Outcome.FAIL, 0.3, "beyond the limit")


def test_a_percentile_warns_when_only_its_interval_reaches_within() -> None:
    found = judge(limit("p95", 0.194, on="login"), spread(400, 0.1, 0.2))
    assert found.outcome is Outcome.WARN
    assert found.low is not None
    assert found.observed is not None
    assert found.low < 0.194 < found.observed


@pytest.mark.parametrize(
    ("metric", "enough"), [("p50", 10), ("p95", 100), ("p99", 500), ("p99_9", 5000)]
)
def test_an_interval_needs_five_samples_beyond_the_percentile(metric: str, enough: int) -> None:
    assert judge(limit(metric, 1.0, on="login"), [0.1] * enough).low is not None
    few = judge(limit(metric, 1.0, on="login"), [0.1] * (enough - 1))
    assert few.low is None
    assert few.thin is (enough - 1 >= 10)


def test_few_samples_all_within_are_a_thin_pass() -> None:
    found = judge(P95, [0.1] * 99)
    assert (found.outcome, found.thin) == (Outcome.PASS, True)


def test_fewer_than_min_samples_pass_nothing() -> None:
    found = judge(P95, [0.1] * 9)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "10 samples" in found.reason


def test_min_samples_of_the_spec_holds_where_there_is_an_interval_too() -> None:
    strict = limit("p95", 0.3, on="login", min_samples=2000)
    assert judge(strict, [0.1] * 1999).outcome is Outcome.INCONCLUSIVE
    assert judge(strict, [0.1] * 2000).outcome is Outcome.PASS
    assert judge(strict, [0.4] * 1999).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("beyond", "outcome"),
    [(1, Outcome.INCONCLUSIVE), (4, Outcome.INCONCLUSIVE), (5, Outcome.FAIL), (20, Outcome.FAIL)],
)
def test_few_samples_fail_beyond_reasonable_doubt(beyond: int, outcome: Outcome) -> None:
    """Of 20 samples of a p95 that is kept, 4 are beyond in 1.6 % of runs and 5 in 0.26 %."""
    assert judge(P95, [0.1] * (20 - beyond) + [0.4] * beyond).outcome is outcome


def test_no_sample_is_never_a_pass() -> None:
    for metric in ("p95", "mean", "max", "error_rate", "availability", "throughput", "ttfb_p50"):
        found = judge(limit(metric, 1.0, on="login"))
        assert (found.outcome, found.observed, found.samples) == (Outcome.INCONCLUSIVE, None, 0)
        assert found.reason == "no sample in the judged seconds"


@pytest.mark.parametrize("n", [400, 1000])
@pytest.mark.parametrize(
    ("metric", "value", "failed"),
    [
        ("p50", 0.3, 0.5),
        ("p99", 0.3, 0.99),  # without an interval where there are 400
        ("ttfb_p95", 0.3, 0.95),
        ("mean", 0.3, 1),
        ("max", 0.3, 1),
        ("throughput", 0.1, 1),
    ],
)
def test_requests_that_failed_do_not_keep_a_limit_alone(
    metric: str, value: float, failed: float, n: int
) -> None:
    objective = limit(metric, value, on="login")
    enough = math.ceil(failed * n)
    found = judge(objective, [0.001] * n, {ErrorClass.CONNECT: enough})
    assert (found.outcome, found.samples) == (Outcome.INCONCLUSIVE, n)
    assert (
        found.reason == "requests that failed may have kept it alone, so it says nothing of others"
    )
    fewer = judge(objective, [0.001] * n, {ErrorClass.CONNECT: enough - 1})
    assert fewer.outcome is Outcome.PASS
    slow = judge(limit("p95", 0.3, on="login"), [0.4] * n, {ErrorClass.TIMEOUT: n})
    assert slow.outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("failed", "outcome"), [(9, Outcome.PASS), (10, Outcome.PASS), (11, Outcome.FAIL)]
)
def test_a_share_is_a_fact(failed: int, outcome: Outcome) -> None:
    found = judge(limit("error_rate", 0.01), [0.1] * 1000, {ErrorClass.CHECK: failed})
    assert (found.outcome, found.observed, found.low) == (outcome, failed / 1000, None)


@pytest.mark.parametrize("percent", [99.9, 99.95, 99.7, 90, 100])
def test_a_share_equal_to_its_limit_keeps_it(percent: float) -> None:
    failed = round((100 - percent) * 100)
    found = judge(limit("success_rate", percent / 100), [0.1] * 10_000, {ErrorClass.SERVER: failed})
    assert found.outcome is Outcome.PASS


def test_availability_counts_server_errors_only() -> None:
    mixed = {ErrorClass.CHECK: 50, ErrorClass.SERVER: 5, ErrorClass.TIMEOUT: 5}
    found = judge(limit("availability", 0.99), [0.1] * 1000, mixed)
    assert (found.outcome, found.observed) == (Outcome.PASS, 0.99)
    assert judge(limit("success_rate", 0.99), [0.1] * 1000, mixed).observed == 0.94
    assert judge(limit("errors.timeout", 0.01), [0.1] * 1000, mixed).observed == 0.005


def test_throughput_is_requests_a_second_of_judged_time() -> None:
    found = judge(limit("throughput", 10.0), [0.1] * 600)
    assert (found.outcome, found.observed) == (Outcome.PASS, 10.0)
    assert judge(limit("throughput", 10.1), [0.1] * 600).outcome is Outcome.FAIL


def test_mean_and_maximum_are_facts() -> None:
    assert judge(limit("max", 0.3), [0.1] * 50 + [0.31]).outcome is Outcome.FAIL
    assert judge(limit("mean", 0.3), [0.1] * 50 + [0.31]).observed == pytest.approx(
        0.1041, rel=0.01
    )


def test_two_levels_fail_before_they_warn() -> None:
    both = limit("p95", 0.4, warn=0.2, on="login")
    outcomes = [judge(both, [each] * 200) for each in (0.1, 0.3, 0.5)]
    assert [each.outcome for each in outcomes] == [Outcome.PASS, Outcome.WARN, Outcome.FAIL]
    assert [each.limit for each in outcomes] == [0.2, 0.2, 0.4]
    assert {(each.warn, each.fail) for each in outcomes} == {(0.2, 0.4)}


def test_a_limit_that_only_warns_never_fails() -> None:
    warning = limit("p95", warn=0.2, on="login")
    assert judge(warning, [0.5] * 200).outcome is Outcome.WARN
    assert judge(warning, [0.5] * 3).outcome is Outcome.WARN
    assert judge(warning, [0.1] * 200).outcome is Outcome.PASS
    assert judge(warning).outcome is Outcome.INCONCLUSIVE


def test_a_capped_limit_is_no_worse_than_a_warning() -> None:
    capped = limit("p95", 0.3, on="login", cap="warn")
    broken, undecided = judge(capped, [0.5] * 200), judge(capped, [0.1] * 2)
    assert (broken.outcome, broken.reason) == (Outcome.WARN, "beyond the limit")
    assert undecided.outcome is Outcome.WARN
    assert judge(capped, [0.1] * 200).outcome is Outcome.PASS


def test_what_the_generator_may_have_added_does_not_fail_a_limit() -> None:
    slow = [0.305] * 200
    assert judge(P95, slow).outcome is Outcome.FAIL
    doubtful = judge(P95, slow, delay_s=0.01)
    assert doubtful.outcome is Outcome.INCONCLUSIVE
    assert "generator" in doubtful.reason
    assert judge(limit("max", 0.3), slow, delay_s=0.01).outcome is Outcome.INCONCLUSIVE
    few = judge(P95, [0.305] * 20, delay_s=0.01)
    assert (few.outcome, few.reason) == (Outcome.INCONCLUSIVE, doubtful.reason)
    failed = {ErrorClass.CHECK: 3}
    assert judge(limit("error_rate", 0.01), slow, failed, delay_s=0.01).outcome is Outcome.FAIL


def test_time_to_first_byte_has_its_own_samples() -> None:
    assert judge(limit("ttfb_p95", 0.46, on="login"), [0.5] * 200).observed == pytest.approx(
        0.45, rel=0.01
    )


def test_only_judged_seconds_count() -> None:
    stages = (Stage(users=5, ramp_s=10, hold_s=20), Stage(users=0, ramp_s=10))
    held = limit("throughput", 1.0)
    test = make_test(held, stages=stages)
    result = measure(test, {"login": [0.1] * 400})
    found = Judge(test, result).judge(held)
    assert (found.samples, found.observed) == (200, 10.0)
    ramps = limit("throughput", 1.0, during="ramp")
    assert Judge(test, result).judge(ramps).samples == 200
    assert Judge(test, result).judge(limit("throughput", 1.0, during="all")).samples == 400


def test_throughput_of_a_partial_test_is_over_what_was_measured() -> None:
    test = make_test()
    result = measure(test, {"login": [0.1] * 300}, until_s=30)
    assert Judge(test, result).judge(limit("throughput", 1.0)).observed == 10.0


def test_a_subject_is_its_own_samples() -> None:
    small = Traffic([0.1] * 100, kind="request", file_class="small")
    test = make_test()
    result = measure(
        test,
        {
            "login": [0.2] * 100,
            "order": small,
            "order.poll": Traffic([0.3] * 100, kind="poll"),
            "order.done": Traffic([9.0] * 100, kind="done"),
            "review": Traffic([0.9] * 100, kind="group", persona="buyer"),
        },
    )

    def count(subject: Subject) -> int:
        return Judge(test, result).judge(limit("p50", 10, on=subject)).samples

    assert count(Subject(kind="total")) == 200
    assert count(Subject(kind="total", persona="reader", file_class="small")) == 100
    assert count(Subject(kind="request", name="order", file_class="small")) == 100
    assert count(Subject(kind="request", name="order", file_class="large")) == 0
    assert count(Subject(kind="done", name="order.done")) == 100
    assert count(Subject(kind="group", name="review", persona="buyer")) == 100
    assert count(Subject(kind="group", name="review", persona="reader")) == 0


def test_an_objective_without_a_limit_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="states no limit"):
        judge(limit("p95", on="login"), [0.1] * 100)


SLOW_AMONG_MESSAGES = {
    "login": Traffic([0.503] * 120),
    "chat.chunk": Traffic([0.0] * 12_000, {ErrorClass.RESET: 12}, timed=False),
}
TOTAL_P95 = limit("p95", 0.2)


@pytest.mark.parametrize("metric", ["p95", "ttfb_p50", "mean", "max"])
def test_messages_that_nobody_acknowledges_dilute_no_times(metric: str) -> None:
    objective = limit(metric, 0.2)
    test = make_test(objective)
    found = Judge(test, measure(test, SLOW_AMONG_MESSAGES)).judge(objective)
    assert (found.outcome, found.samples) == (Outcome.FAIL, 120)


@pytest.mark.parametrize(("metric", "value"), [("error_rate", 12 / 12_120), ("throughput", 202.0)])
def test_shares_and_rates_are_those_of_all(metric: str, value: float) -> None:
    objective = limit(metric, value)
    test = make_test(objective)
    found = Judge(test, measure(test, SLOW_AMONG_MESSAGES)).judge(objective)
    assert found.observed == pytest.approx(value)
    assert (found.outcome, found.samples) == (Outcome.PASS, 12_120)


def test_limits_of_one_subject_on_times_and_on_shares_look_at_their_own_samples() -> None:
    test = make_test()
    judged = Judge(test, measure(test, SLOW_AMONG_MESSAGES))
    counts = [judged.judge(limit(each, 1.0)).samples for each in ("error_rate", "p95", "max")]
    assert counts == [12_120, 120, 120]


def test_messages_alone_have_no_times_to_judge() -> None:
    test = make_test()
    result = measure(test, {"chat.chunk": SLOW_AMONG_MESSAGES["chat.chunk"]})
    judged = Judge(test, result)
    for subject in ("chat.chunk", TOTAL):
        found = judged.judge(limit("p95", 10.0, on=subject))
        assert (found.outcome, found.samples) == (Outcome.INCONCLUSIVE, 0)
        assert judged.judge(limit("error_rate", 0.01, on=subject)).outcome is Outcome.PASS


def test_messages_that_failed_keep_no_times() -> None:
    """More failed than have a time, but all that have one succeeded."""
    test = make_test()
    lost = Traffic([0.0] * 200, {ErrorClass.RESET: 200}, timed=False)
    judged = Judge(test, measure(test, {"login": [0.1] * 120, "chat.chunk": lost}))
    assert judged.judge(TOTAL_P95).outcome is Outcome.PASS
