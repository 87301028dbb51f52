"""Limits on monitors: no reading is an error, gaps decide nothing, and the rest are facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from perfspec.judge.model import Outcome
from perfspec.judge.monitors import monitored_spans, statistic
from perfspec.judge.verdict import judge_test
from perfspec.measure.monitored import Monitored, SampledSeries
from perfspec.plan.limits import Metric, Objective, Subject
from perfspec.plan.load import Span, Stage
from tests.results import limit, make_test, measure, place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.judge.model import Finding, TestVerdict
    from perfspec.plan.model import Test


def objective(fail: float | None = 0.9, *, least: bool = False, **rest: Any) -> Objective:  # noqa: ANN401  (fields)
    metric = Metric(name="mean", kind="sampled", at_least=least, scale="ratio")
    defaults: dict[str, Any] = {"metric": metric, "fail": fail}
    return Objective(
        id="api.cpu.mean",
        subject=Subject(kind="monitor", name="api.cpu"),
        place=place(70),
        origin="tests.load.slo.monitors.api.cpu",
        **(defaults | rest),
    )


def verdict(test: Test, values: Sequence[float | None] | None, **monitor: Any) -> TestVerdict:  # noqa: ANN401  (fields)
    """One reading a second from the first second on."""
    result = measure(test, {"login": [0.1] * 600})
    if values is not None:
        at_s = [0.5 + second for second in range(len(values))]
        cpu = SampledSeries(name="cpu", unit="ratio", at_s=at_s, values=list(values))
        result.monitors = [Monitored(name="api", every_s=1.0, series=[cpu], **monitor)]
    return judge_test(test, result)


def judged(bound: Objective, values: Sequence[float | None] | None, **monitor: Any) -> Finding:  # noqa: ANN401
    return verdict(make_test(bound), values, **monitor).findings[0]


@pytest.mark.parametrize(
    ("bound", "value", "outcome"),
    [
        (objective(), 0.9, Outcome.PASS),
        (objective(), 0.91, Outcome.FAIL),
        (objective(warn=0.7), 0.8, Outcome.WARN),
        (objective(None, warn=0.7), 0.95, Outcome.WARN),
        (objective(least=True), 0.9, Outcome.PASS),
        (objective(least=True), 0.89, Outcome.FAIL),
    ],
)
def test_the_value_decides(bound: Objective, value: float, outcome: Outcome) -> None:
    found = judged(bound, [value] * 60)
    assert (found.outcome, found.samples) == (outcome, 60)
    assert found.observed == pytest.approx(value)


def test_what_cannot_be_read_is_an_error_of_the_test() -> None:
    test = make_test(limit("error_rate", 0.01), objective())
    found = verdict(test, [None] * 60, problems=["it cannot be reached"])
    assert [each.outcome for each in found.findings] == [Outcome.PASS, Outcome.ERROR]
    assert found.findings[1].reason == "it could not be read: it cannot be reached"
    assert (found.outcome, found.reasons) == (Outcome.ERROR, ("Of 2 limits 1 not readable.",))


def test_readings_that_did_not_come_at_all_are_missing_too() -> None:
    assert judged(objective(), []).outcome is Outcome.ERROR
    assert judged(objective(), [0.5] * 47).outcome is Outcome.INCONCLUSIVE
    assert judged(objective(), [0.5] * 48).outcome is Outcome.PASS


def test_gaps_decide_nothing_whatever_the_rest_says() -> None:
    found = judged(objective(), [None, 0.95, 0.95, 0.95] * 15, problems=["timeout"])
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.reason == "15 of 60 readings are missing: timeout"


@pytest.mark.parametrize(
    ("if_absent", "outcome"), [("inconclusive", Outcome.INCONCLUSIVE), ("skip", Outcome.SKIPPED)]
)
def test_where_there_is_no_such_thing(if_absent: str, outcome: Outcome) -> None:
    found = judged(objective(if_absent=if_absent), [], absent="staging starts no service api")
    assert found.outcome is outcome
    assert found.reason == "nothing to read: staging starts no service api"


def test_a_result_without_the_monitor_decides_nothing() -> None:
    assert judged(objective(), None).outcome is Outcome.INCONCLUSIVE


def test_a_hold_shorter_than_the_pause_between_readings_decides_nothing() -> None:
    test = make_test(objective(), hold_s=5.0)
    result = measure(test, {"login": [0.1] * 60})
    cpu = SampledSeries(name="cpu", unit="ratio")
    result.monitors = [Monitored(name="api", every_s=60.0, series=[cpu])]
    found = judge_test(test, result).findings[0]
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "read more often" in found.reason


def test_the_warm_up_is_not_judged_and_what_follows_the_peak_is() -> None:
    stages = (Stage(users=2, hold_s=20.0), Stage(users=9, hold_s=20.0), Stage(users=2, hold_s=20.0))
    test = make_test(objective(), stages=stages, warm_up_s=5.0)
    spans = [Span(start_s=5.0, end_s=20.0), Span(start_s=20.0, end_s=40.0)]
    assert monitored_spans(test, "hold") == (*spans, Span(start_s=40.0, end_s=60.0))
    assert monitored_spans(test, "ramp") == ()
    found = verdict(test, [9.0] * 5 + [0.5] * 35 + [0.7] * 20).findings[0]
    assert found.observed == pytest.approx((0.5 * 35 + 0.7 * 20) / 55)


def test_something_that_must_be_reached_in_time() -> None:
    metric = Metric(name="max", kind="sampled", at_least=True, scale="count")
    bound = objective(4.0, metric=metric, within_s=10.0)
    test = make_test(bound, stages=(Stage(users=2, hold_s=20.0), Stage(users=9, hold_s=40.0)))
    late = [1.0] * 31 + [4.0] * 29
    assert verdict(test, late).findings[0].outcome is Outcome.FAIL
    in_time = [1.0] * 29 + [4.0] * 31
    assert verdict(test, in_time).findings[0].outcome is Outcome.PASS
    short = msgspec.structs.replace(test, time_scale=0.1)
    assert verdict(short, late).findings[0].outcome is Outcome.SKIPPED


@pytest.mark.parametrize(
    ("name", "value"), [("mean", 2.5), ("max", 4.0), ("min", 1.0), ("p50", 2.0), ("p99", 4.0)]
)
def test_statistics(name: str, value: float) -> None:
    assert statistic(name, [3.0, 1.0, 4.0, 2.0]) == value
