"""The load that a target bears, found from levels and from ramps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from perfspec.judge.analyses.capacity import capacity
from perfspec.judge.analyses.levels import is_kept
from perfspec.judge.verdict import judge_test
from perfspec.measure.errors import ErrorClass
from perfspec.measure.model import AbortHit, ErrorGroup, Journeys, JourneyWindow, Key
from perfspec.plan.limits import AbortLimit
from perfspec.plan.load import Span, Stage
from perfspec.plan.metrics import metric_of
from perfspec.report.answers import answer_lines, failure_text
from tests.results import Traffic, limit, make_test, measure, place
from tests.series import spread, timeline

if TYPE_CHECKING:
    from perfspec.judge.model import Capacity
    from perfspec.measure.model import TestResult
    from perfspec.plan.model import Test

LEVELS = (10, 20, 40, 60)
HOLD_S, RAMP_S = 20.0, 5.0
STEP_S = HOLD_S + RAMP_S


def stop(metric: str, bound: float) -> AbortLimit:
    origin = f"tests.load.stop_when.{metric}"
    return AbortLimit(metric=metric_of(metric), limit=bound, place=place(70), origin=origin)


def breakpoint_test(levels: tuple[int, ...] = LEVELS, at_least: float = 30.0) -> Test:
    return make_test(
        limit("capacity", at_least),
        stages=tuple(Stage(users=each, ramp_s=RAMP_S, hold_s=HOLD_S) for each in levels),
        stop_when=(stop("p95", 0.5), stop("error_rate", 0.05)),
        recommend=0.7,
        warm_up_s=2,
    )


def loaded(test: Test, slow_from: int, until_s: float = 1e9) -> TestResult:
    """Fast below ``slow_from`` users; stopped where a real run is: 10 s into the breach."""
    levels = [stage.level for stage in test.stages]

    def seconds_at(middle: float) -> list[float]:
        level = levels[int(middle // STEP_S)]
        return spread(20, 1.0 if level >= slow_from else 0.1)

    result = timeline(test, seconds_at, until_s=until_s)
    if until_s < 1e9:
        hit = AbortHit(
            origin="tests.load.stop_when.p95", metric="p95", limit=0.5, observed=1.9,
            requests=200, at_s=until_s,
        )  # fmt: skip
        return msgspec.structs.replace(result, status="stopped", stopped=hit)
    return result


def found(test: Test, result: TestResult) -> Capacity:
    answer = capacity(test, result)
    assert answer is not None
    return answer


@pytest.mark.parametrize("slow_from", [20, 40, 60])
def test_the_last_level_that_kept_everything_is_the_answer(slow_from: int) -> None:
    test = breakpoint_test()
    at = LEVELS.index(slow_from)
    stopped = loaded(test, slow_from, at * STEP_S + RAMP_S + 10)
    answer = found(test, stopped)
    assert (answer.users, answer.certainty, answer.broken_at) == (
        LEVELS[at - 1],
        "exact",
        slow_from,
    )
    assert answer.recommended == LEVELS[at - 1] * 7 // 10
    assert [each.kept for each in answer.levels] == [True] * at + [False]
    assert answer.failure is not None
    assert answer.failure.users == slow_from
    assert [each.metric.name for each in answer.failure.breaches] == ["p95"]
    assert answer.failure.slowest is not None
    assert answer.failure.slowest.times == pytest.approx(10, rel=0.02)


def test_a_short_hold_that_broke_counts_without_being_stopped_in() -> None:
    test = breakpoint_test()
    assert found(test, loaded(test, 40)).users == 20


def test_a_level_that_breaks_at_once_is_the_one_it_failed_at() -> None:
    test = breakpoint_test()
    answer = found(test, loaded(test, 40, 2 * STEP_S + RAMP_S + 2))
    assert answer.failure is not None
    assert (answer.users, answer.failure.users) == (20, 40)
    assert answer.failure.span.start_s == 2 * STEP_S + RAMP_S


@pytest.mark.parametrize(("failed", "answer"), [(18, 60), (19, 20)])
def test_a_level_is_not_kept_by_requests_that_failed(failed: int, answer: int) -> None:
    """From 40 users on they are refused at once: of 20 requests a p95 looks at the first 19."""
    test = msgspec.structs.replace(breakpoint_test(), stop_when=(stop("p95", 0.5),))

    def refused(middle: float) -> dict[ErrorClass, int]:
        return {ErrorClass.CONNECT: failed} if middle >= 2 * STEP_S else {}

    dying = found(test, timeline(test, lambda _: spread(20, 0.1), refused))
    assert (dying.users, dying.failure is None) == (answer, answer == 60)


def test_stopped_in_a_ramp_the_last_hold_is_the_answer() -> None:
    test = breakpoint_test()
    answer = found(test, loaded(test, 60, 3 * STEP_S + 3))
    assert (answer.users, answer.certainty, answer.broken_at) == (40, "exact", None)


def test_nothing_broken_is_at_least_the_highest_level() -> None:
    test = breakpoint_test(at_least=60.0)
    answer = found(test, loaded(test, 1000))
    assert (answer.users, answer.certainty, answer.failure) == (60, "at_least", None)
    assert judge_test(test, loaded(test, 1000)).outcome == "pass"


def test_the_first_level_broken_is_below_it() -> None:
    test = breakpoint_test()
    result = loaded(test, 10, RAMP_S + 12)
    assert found(test, result).certainty == "below"
    verdict = judge_test(test, result)
    assert verdict.outcome == "fail"
    assert verdict.findings[0].reason == "beyond the limit: already 10 users broke stop_when"


def test_in_a_ramp_without_holds_it_is_ten_seconds_before_the_breach() -> None:
    test = make_test(stages=(Stage(users=100, ramp_s=100),), stop_when=(stop("p95", 0.5),))
    hit = AbortHit(origin="o", metric="p95", limit=0.5, observed=1, requests=99, at_s=50)
    result = timeline(test, lambda at: spread(20, 1.0 if at > 40 else 0.1), until_s=50)
    answer = found(test, msgspec.structs.replace(result, status="stopped", stopped=hit))
    assert (answer.users, answer.certainty) == (40, "about")
    whole = found(test, timeline(test, lambda _: spread(20, 0.1)))
    assert (whole.users, whole.certainty) == (100, "at_least")
    refused = timeline(test, lambda _: spread(20, 0.1), lambda _: {ErrorClass.CONNECT: 20})
    assert found(test, refused).users == 0


@pytest.mark.parametrize(
    ("at_least", "outcome"), [(20.0, "pass"), (40.0, "pass"), (41.0, "fail"), (60.0, "fail")]
)
def test_a_limit_on_capacity_is_a_lower_one(at_least: float, outcome: str) -> None:
    test = breakpoint_test(at_least=at_least)
    verdict = judge_test(test, loaded(test, 60, 3 * STEP_S + RAMP_S + 10))
    assert verdict.outcome == outcome
    assert verdict.findings[0].observed == 40


def test_an_interrupted_search_shows_less_than_it_wanted() -> None:
    test = breakpoint_test(at_least=40.0)
    result = loaded(test, 1000)
    result.status, result.measured_s = "partial", 2 * STEP_S
    verdict = judge_test(test, result)
    assert verdict.outcome == "inconclusive"
    assert verdict.findings[0].observed == 20


def test_the_failure_says_which_errors_there_were_and_where() -> None:
    test = breakpoint_test()

    def errors_at(middle: float) -> dict[ErrorClass, int]:
        return {ErrorClass.TIMEOUT: 2} if middle > STEP_S + RAMP_S else {}

    result = timeline(test, lambda _: spread(20, 0.1), errors_at, until_s=STEP_S + 15)
    hit = AbortHit(origin="o", metric="error_rate", limit=0.05, observed=0.1, requests=200, at_s=40)
    result = msgspec.structs.replace(result, status="stopped", stopped=hit)
    key = Key(kind="request", name="login", persona="reader")
    result.errors = [
        ErrorGroup(
            key=key, error=ErrorClass.TIMEOUT, message="no answer", count=20,
            first_s=31.0, first_users=7,
        )
    ]  # fmt: skip
    verdict = judge_test(test, result)
    answer = verdict.capacity
    assert answer is not None
    assert answer.failure is not None
    assert failure_text(answer.failure) == "20 users: error_rate 10% > 5%, 10% timeout on login"
    said = list(answer_lines(verdict))
    assert said[:3] == [
        "Capacity: 10 users; broken at 20. Recommended: at most 7 users (70% of it).",
        "It failed at 20 users: error_rate 10% > 5%, 10% timeout on login.",
        "First errors: timeout on login after 31s at 20 users.",
    ]
    assert said[3].startswith("Likely cause: Answers no longer came in time from 20 users on")


def test_without_stop_when_there_is_no_answer() -> None:
    test = make_test(limit("p95", 1.0))
    assert capacity(test, timeline(test, lambda _: [0.1])) is None


def held(
    *limits: AbortLimit, timed: int = 0, untimed: int = 0, failed_journeys: int = 0
) -> bool | None:
    """One hold; half a second each, and ten journeys."""
    test = make_test(stop_when=limits)
    traffic = {
        "login": Traffic([0.5] * timed),
        "chat.chunk": Traffic([0.0] * untimed, timed=False),
    }
    result = measure(test, traffic)
    window = JourneyWindow(index=3, completed=10 - failed_journeys, failed=failed_journeys)
    result.journeys = [Journeys(persona="reader", windows=[window])]
    return is_kept(test, result, Span(start_s=0, end_s=60))


P95, P95_LONG, ERRORS = stop("p95", 0.2), stop("p95", 1.0), stop("error_rate", 0.05)


def test_messages_that_nobody_acknowledges_keep_no_limit_on_times() -> None:
    assert held(P95, timed=10, untimed=2000) is False
    assert held(P95_LONG, timed=10, untimed=2000) is True
    assert held(P95_LONG, timed=9, untimed=2000) is None
    assert held(P95, ERRORS, untimed=2000) is None
    assert held(ERRORS, untimed=2000) is True
    assert held(ERRORS, untimed=9) is None


def test_a_level_is_left_for_its_journeys_too() -> None:
    few = stop("journey_error_rate", 0.1)
    assert held(few, timed=100, failed_journeys=1) is True
    assert held(few, timed=100, failed_journeys=2) is False
