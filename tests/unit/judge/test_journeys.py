"""Limits on whole journeys, and a generator that could not keep its schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from perfspec.judge.model import Outcome
from perfspec.judge.slo import Judge
from perfspec.judge.validity import check
from perfspec.judge.verdict import judge_test
from perfspec.measure.histogram import Histogram
from perfspec.measure.model import Journeys, JourneyWindow
from perfspec.plan.limits import Subject
from perfspec.plan.load import Span, Stage
from perfspec.plan.model import OpenModel
from tests.results import limit, make_test, measure

if TYPE_CHECKING:
    from perfspec.judge.model import Finding
    from perfspec.measure.model import TestResult
    from perfspec.plan.limits import Objective
    from perfspec.plan.model import Test

JOURNEYS = Subject(kind="journeys")
WHOLE = (Span(start_s=0, end_s=20),)


def opened(*objectives: Objective) -> Test:
    stages = (Stage(arrivals=10, hold_s=20),)
    return make_test(*objectives, stages=stages, open_model=OpenModel(max_users=50))


def result(test: Test, *windows: JourneyWindow, **rest: Any) -> TestResult:  # noqa: ANN401  (fields of the result)
    found = measure(test, {"login": [0.1] * 400}, **rest)
    found.journeys = [Journeys(persona="reader", windows=list(windows))]
    return found


def judge(metric: str, bound: float, *windows: JourneyWindow, **rest: Any) -> Finding:  # noqa: ANN401  (fields of the objective)
    objective = limit(metric, bound, on=JOURNEYS, **rest)
    test = opened(objective)
    return Judge(test, result(test, *windows)).judge(objective)


TWENTY = JourneyWindow(index=3, completed=15, failed=3, cut_off=2, dropped=1)


@pytest.mark.parametrize(
    ("metric", "bound", "value", "samples", "outcome"),
    [
        ("journeys", 0.75, 0.75, 18, Outcome.PASS),
        ("journeys", 0.76, 0.75, 18, Outcome.FAIL),
        ("journey_error_rate", 3 / 18, 3 / 18, 18, Outcome.PASS),
        ("journey_error_rate", 0.1, 3 / 18, 18, Outcome.FAIL),
        ("dropped", 0.05, 1 / 21, 21, Outcome.PASS),
        ("dropped", 0.0, 1 / 21, 21, Outcome.FAIL),
    ],
)
def test_journeys_are_facts(
    metric: str, bound: float, value: float, samples: int, outcome: Outcome
) -> None:
    found = judge(metric, bound, TWENTY)
    assert found.observed == pytest.approx(value)
    assert (found.samples, found.outcome) == (samples, outcome)


@pytest.mark.parametrize("metric", ["journeys", "journey_error_rate", "dropped"])
def test_without_journeys_nothing_is_decided(metric: str) -> None:
    assert judge(metric, 0.0).outcome is Outcome.INCONCLUSIVE
    cut_off = JourneyWindow(index=1, cut_off=30)
    assert judge("journeys", 0.0, cut_off).outcome is Outcome.INCONCLUSIVE


def test_journeys_that_all_failed_are_none_a_second() -> None:
    found = judge("journeys", 0.5, JourneyWindow(index=1, failed=30))
    assert (found.observed, found.outcome) == (0.0, Outcome.FAIL)


def test_few_journeys_keep_no_limit() -> None:
    assert (
        judge("dropped", 0.0, JourneyWindow(index=1, completed=9)).outcome is Outcome.INCONCLUSIVE
    )


def test_a_persona_has_its_own() -> None:
    subject = Subject(kind="journeys", persona="buyer")
    objective = limit("dropped", 0.0, on=subject)
    test = opened(objective)
    found = result(test, JourneyWindow(index=1, dropped=50))
    found.journeys.append(Journeys(persona="buyer", windows=[JourneyWindow(index=1, completed=50)]))
    assert Judge(test, found).judge(objective).outcome is Outcome.PASS


def test_only_judged_seconds_count() -> None:
    stages = (Stage(arrivals=10, ramp_s=10, hold_s=10),)
    objective = limit("dropped", 0.0, on=JOURNEYS)
    test = make_test(objective, stages=stages, open_model=OpenModel(max_users=50))
    ramp, hold = JourneyWindow(index=5, dropped=50), JourneyWindow(index=15, completed=50)
    assert Judge(test, result(test, ramp, hold)).judge(objective).observed == 0.0


def test_lateness_is_what_the_generator_says_of_its_requests() -> None:
    objective = limit("lateness", 0.02)
    test = opened(objective)
    found = result(test, TWENTY)
    assert Judge(test, found).judge(objective).outcome is Outcome.INCONCLUSIVE  # none is no 0
    for window in found.series[0].windows:
        window.lateness = Histogram.of([30_000] * 50)
    judged = Judge(test, found).judge(objective)
    assert (judged.samples, judged.outcome) == (1000, Outcome.FAIL)
    assert judged.observed == pytest.approx(0.03, rel=0.01)


@pytest.mark.parametrize(("dropped", "valid"), [(0, True), (10, True), (11, False)])
def test_more_than_one_percent_dropped_is_inconclusive(dropped: int, valid: bool) -> None:
    objective = limit("p95", 0.2)
    test = opened(objective)
    found = result(test, JourneyWindow(index=2, completed=1000 - dropped, dropped=dropped))
    validity = check(test, found, WHOLE)
    assert (validity.invalid is None) is valid
    verdict = judge_test(test, found)
    assert verdict.outcome is (Outcome.PASS if valid else Outcome.INCONCLUSIVE)
    if not valid:
        assert "11 of 1,000 journeys (1.1%) could not start" in str(verdict.invalid)
        assert "all of 50 users were busy" in str(verdict.invalid)


def test_users_are_not_compared_with_a_plan_that_has_none() -> None:
    test = opened(limit("p95", 0.2))
    found = result(test, JourneyWindow(index=2, completed=100), health={"users": 3})
    assert check(test, found, WHOLE).invalid is None


def test_a_generator_that_is_late_by_a_tenth_of_a_second_decides_nothing() -> None:
    test = opened(limit("p95", 0.05))
    found = result(test, JourneyWindow(index=2, completed=100))
    found.series[0].windows[0].lateness = Histogram.of([99_000] * 100)
    validity = check(test, found, WHOLE)
    assert validity.invalid is None
    assert validity.delay_s == pytest.approx(0.099, rel=0.01)
    assert judge_test(test, found).outcome is Outcome.INCONCLUSIVE  # it may be all ours
    found.series[0].windows[0].lateness = Histogram.of([101_000] * 100)
    assert "101 ms late (p99)" in str(check(test, found, WHOLE).invalid)


@pytest.mark.parametrize(("dropped", "valid"), [(1, True), (2, False), (9, False)])
def test_a_persona_that_never_finds_a_user_is_named(dropped: int, valid: bool) -> None:
    """Far below 1 % of all journeys; one of ten may be chance, two are not."""
    test = opened(limit("p95", 0.2))
    found = result(test, JourneyWindow(index=2, completed=5000))
    window = JourneyWindow(index=2, completed=10 - dropped, dropped=dropped)
    found.journeys.append(Journeys(persona="rare", windows=[window]))
    verdict = judge_test(test, found)
    assert verdict.outcome is (Outcome.PASS if valid else Outcome.INCONCLUSIVE)
    if not valid:
        said = f"{dropped} of 10 journeys ({dropped}0%) of rare could not start"
        assert str(verdict.invalid).startswith(said)
        assert "there were 50 users already" in str(verdict.invalid)


def test_a_persona_is_judged_in_the_judged_seconds() -> None:
    stages = (Stage(arrivals=10, ramp_s=10, hold_s=10),)
    test = make_test(limit("p95", 0.2), stages=stages, open_model=OpenModel(max_users=50))
    found = result(test, JourneyWindow(index=15, completed=5000))
    found.journeys.append(Journeys(persona="rare", windows=[JourneyWindow(index=5, dropped=10)]))
    assert judge_test(test, found).outcome is Outcome.PASS
