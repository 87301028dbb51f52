from __future__ import annotations

import msgspec
import pytest

from perfspec import jsonio
from perfspec.errors import UsageError
from perfspec.judge.confirmation import doubt
from perfspec.judge.model import Change, Comparison, Outcome, Verdict
from perfspec.judge.verdict import judge_run, judge_test
from perfspec.measure.errors import ErrorClass
from perfspec.measure.model import AbortHit
from perfspec.plan.limits import Subject
from perfspec.plan.load import Span, Stage
from perfspec.plan.metrics import metric_of
from tests.results import (
    Traffic,
    abort,
    limit,
    make_plan,
    make_run,
    make_test,
    measure,
    place,
    skipped,
)

FAST, SLOW = [0.1] * 200, [0.5] * 200
P95 = limit("p95", 0.3)
CAPPED = limit("p95", 0.3, on="login", cap="warn")


def test_a_test_is_as_good_as_its_worst_limit() -> None:
    test = make_test(P95, limit("error_rate", 0.01), say="Too slow", advice=("caching",))
    found = judge_test(test, measure(test, {"login": SLOW}))
    assert found.outcome is Outcome.FAIL
    assert [each.outcome for each in found.findings] == [Outcome.FAIL, Outcome.PASS]
    assert found.reasons == ("Of 2 limits 1 broken.",)
    assert (found.say, found.advice) == ("Too slow", ("caching",))


def test_say_and_advice_are_for_tests_that_did_not_pass() -> None:
    test = make_test(P95, say="Too slow", advice=("caching",))
    found = judge_test(test, measure(test, {"login": FAST}))
    assert (found.outcome, found.reasons, found.say, found.advice) == (Outcome.PASS, (), None, ())


def test_a_test_that_was_not_delivered_blames_nobody() -> None:
    test = make_test(P95, say="Too slow")
    saturated = measure(test, {"login": FAST}, health={"busy_s": 20})
    partial = measure(test, {"login": FAST}, until_s=20, status="partial")
    broken = measure(test, {"login": FAST}, status="broken")
    undecided = measure(test, {"login": [0.1] * 5})
    said = [judge_test(test, each).say for each in (saturated, partial, broken, undecided)]
    assert said == [None, None, None, None]


def test_a_target_that_ended_by_itself_is_to_blame() -> None:
    test = make_test(P95, say="Unstable", advice=("restart",))
    broken = measure(test, {"login": FAST}, status="broken", reason="service api ended")
    broken.target_ended = True
    found = judge_test(test, broken)
    assert (found.outcome, found.say, found.advice) == (Outcome.ERROR, "Unstable", ("restart",))


def test_a_warning_blames_where_a_value_is_beyond_and_not_where_samples_are_few() -> None:
    warned = make_test(limit("p95", 1.0, warn=0.05), say="Too slow")
    assert judge_test(warned, measure(warned, {"login": FAST})).say == "Too slow"
    capped = make_test(limit("p95", 1.0, cap="warn"), say="Too slow")
    few = judge_test(capped, measure(capped, {"login": [0.1] * 5}))
    assert (few.outcome, few.say) == (Outcome.WARN, None)


def test_judged_seconds_are_told() -> None:
    stages = (Stage(users=5, ramp_s=10, hold_s=30), Stage(users=0, ramp_s=10))
    test = make_test(P95, stages=stages, warm_up_s=3)
    found = judge_test(test, measure(test, {"login": FAST}))
    assert (found.judged, found.warm_up_s) == ((Span(start_s=13, end_s=40),), 3)


@pytest.mark.parametrize(
    ("during", "spans"),
    [
        (["hold"], [(13, 40)]),
        (["hold", "ramp"], [(3, 10), (13, 50)]),
        (["hold", "all"], [(3, 50)]),
        (["hold", "whole"], [(13, 40)]),
        (["whole"], [(0, 50)]),
        ([], [(13, 40)]),
    ],
)
def test_judged_seconds_are_those_of_all_limits(
    during: list[str], spans: list[tuple[float, float]]
) -> None:
    stages = (Stage(users=5, ramp_s=10, hold_s=30), Stage(users=0, ramp_s=10))
    limits = (limit("max", 9, during=each) for each in during)
    test = make_test(*limits, stages=stages, warm_up_s=3)
    found = judge_test(test, measure(test, {"login": FAST}))
    assert [(each.start_s, each.end_s) for each in found.judged] == spans
    assert Outcome.INCONCLUSIVE not in {each.outcome for each in found.findings}


def test_a_saturated_generator_decides_nothing_and_says_so_first() -> None:
    test = make_test(P95, limit("error_rate", 0.01), CAPPED)
    found = judge_test(test, measure(test, {"login": SLOW}, health={"busy_s": 20}))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert {each.outcome for each in found.findings} == {Outcome.INCONCLUSIVE}
    assert found.invalid is not None
    assert found.reasons == (found.invalid,)
    assert {each.reason for each in found.findings} == {found.invalid}


def test_a_lost_worker_is_an_error() -> None:
    test = make_test(P95)
    result = measure(test, {"login": FAST}, health={"workers": 2})
    result.health[-1].workers = 1
    assert judge_test(test, result).outcome is Outcome.ERROR


def test_a_broken_test_is_an_error_and_decides_nothing() -> None:
    test = make_test(P95)
    result = measure(
        test, {"login": FAST}, until_s=20, status="broken", reason="the load process was killed"
    )
    found = judge_test(test, result)
    assert found.outcome is Outcome.ERROR
    assert found.findings[0].outcome is Outcome.INCONCLUSIVE
    assert found.findings[0].observed is not None
    assert found.reasons == ("The test broke after 20s of 1m: the load process was killed.",)


def test_an_aborted_test_fails() -> None:
    test = make_test(P95, abort=(abort("error_rate", 0.1),))
    result = measure(test, {"login": FAST}, until_s=20, status="aborted")
    result.abort = AbortHit(
        origin="tests.load.abort.error_rate",
        metric="error_rate",
        limit=0.1,
        observed=0.5,
        requests=80,
        at_s=20,
    )
    found = judge_test(test, result)
    assert found.outcome is Outcome.FAIL
    assert found.findings[0].outcome is Outcome.PASS
    assert found.reasons[0] == (
        "The test was ended after 20s: error_rate was 50% over 10 s (80 requests), and"
        " tests.load.abort.error_rate allows at most 10%."
    )
    later = msgspec.structs.replace(test, abort=())
    assert "tests.load.abort.error_rate stated then" in judge_test(later, result).reasons[0]


def test_a_test_that_was_stopped_early_is_judged_as_partial() -> None:
    test = make_test(P95)
    found = judge_test(test, measure(test, {"login": FAST}, until_s=20, status="partial"))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.findings[0].outcome is Outcome.PASS
    assert found.judged == (Span(start_s=0, end_s=20),)
    assert found.reasons == ("The test was stopped after 20s of 1m.",)
    slow = judge_test(test, measure(test, {"login": SLOW}, until_s=20, status="partial"))
    assert slow.outcome is Outcome.FAIL


def test_what_was_sent_by_half_of_the_users_passes_nothing() -> None:
    test, half = make_test(P95, users=10), {"ready": 5}
    found = judge_test(test, measure(test, {"login": FAST}, health=half))
    assert (found.outcome, found.invalid) == (Outcome.INCONCLUSIVE, None)
    assert found.findings[0].outcome is Outcome.PASS
    assert found.reasons[0].startswith("5 of 10 users never came past `on_start`")
    slow = judge_test(test, measure(test, {"login": SLOW}, health=half))
    assert slow.outcome is Outcome.FAIL


def test_a_test_that_was_stopped_after_its_judged_seconds_has_its_verdict() -> None:
    test = make_test(P95, stages=(Stage(users=5, hold_s=30), Stage(users=0, ramp_s=10)))
    result = measure(test, {"login": FAST}, until_s=35, status="partial", reason="Ctrl-C")
    assert judge_test(test, result).outcome is Outcome.PASS


def test_a_result_that_ends_early_cannot_pass_as_complete() -> None:
    test = make_test(P95)
    found = judge_test(test, measure(test, {"login": FAST}, until_s=20))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.reasons == ("Only 20s of 1m that are to be judged were measured.",)


def test_a_skipped_test_says_why() -> None:
    test = make_test(P95)
    found = judge_test(test, skipped(test))
    assert (found.outcome, found.findings) == (Outcome.SKIPPED, ())
    assert found.reasons == ("smoke failed, and on_fail is stop",)


def test_a_test_without_limits_is_no_pass() -> None:
    test = make_test()
    found = judge_test(test, measure(test, {"login": FAST}))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.reasons == ("The test states no limit, so there is nothing to judge.",)


def test_a_test_that_measured_nothing_is_no_pass_even_if_its_limits_only_warn() -> None:
    test = make_test(CAPPED)
    found = judge_test(test, measure(test, {}))
    assert found.findings[0].outcome is Outcome.WARN
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.reasons == ("Nothing was measured in the judged seconds.",)


def test_budgets_alone_decide_nothing_where_nothing_was_measured() -> None:
    """A target that hangs answers nothing in the holds: what was sent before them is no data."""
    test = make_test(warm_up_s=5.0)
    whole = measure(test, {"login": FAST})
    begun = [
        msgspec.structs.replace(each, windows=[one for one in each.windows if one.index < 5])
        for each in whole.series
    ]
    outcomes = []
    for result in (whole, msgspec.structs.replace(whole, series=begun)):
        assert result.series[0].windows
        found = judge_test(test, result, compared("login"))
        outcomes.append((found.outcome, found.reasons[0]))
    assert outcomes == [
        (Outcome.WARN, "Of 1 budget 1 without a baseline."),
        (Outcome.INCONCLUSIVE, "Nothing was measured in the judged seconds."),
    ]


def test_what_was_ended_is_not_run_again_because_the_host_was_busy() -> None:
    """An abort is there to spare the target."""
    test = make_test()
    busy = msgspec.structs.replace(compared("login"), busy=True)
    for status, again in (("complete", True), ("aborted", False), ("partial", False)):
        result = measure(test, {"login": FAST}, status=status)  # type: ignore[arg-type]  # a str
        found = judge_test(test, result, busy).comparison
        assert found is not None
        assert (doubt([found]) is not None) is again, status


def compared(on: str) -> Comparison:
    """One budget, with nothing to compare with."""
    change = Change(
        budget=f"{on}.p95",
        subject=Subject(kind="request", name=on),
        metric=metric_of("p95"),
        outcome=Outcome.WARN,
        state="no_baseline",
        fail=0.1,
        reason="there is no comparable run to compare with yet",
        place=place(7),
        origin="budget.p95",
    )
    return Comparison(runs=0, changes=(change,))


def verdict_of(*outcomes: str, inconclusive: str | None = None, **run: object) -> Verdict:
    """A run of one test for each outcome."""
    tests, results = [], []
    for number, outcome in enumerate(outcomes):
        test = make_test(limit("p95", 0.3, warn=0.2), name=f"t{number}_{outcome}")
        tests.append(test)
        match outcome:
            case "skipped":
                results.append(skipped(test))
            case "error":
                results.append(measure(test, {"login": FAST}, status="broken"))
            case _:
                seconds = {"pass": FAST, "warn": [0.25] * 200, "fail": SLOW, "inconclusive": []}
                results.append(measure(test, {"login": seconds[outcome]}))
    plan = make_plan(*tests)
    return judge_run(plan, make_run(plan, *results, **run), inconclusive=inconclusive)  # type: ignore[arg-type]  # a str of parametrize


@pytest.mark.parametrize(
    ("outcomes", "mapped", "code"),
    [
        (["pass"], None, 0),
        (["pass", "warn"], None, 0),
        (["pass", "fail", "warn"], None, 1),
        (["pass", "inconclusive"], None, 4),
        (["pass", "inconclusive"], "pass", 0),
        (["pass", "inconclusive"], "fail", 1),
        (["inconclusive", "fail"], None, 1),
        (["inconclusive", "fail"], "pass", 1),
        (["fail", "error"], None, 3),
        (["error"], "pass", 3),
        (["pass", "skipped"], None, 0),
        (["skipped", "skipped"], None, 4),
        ([], None, 4),
        ([], "fail", 1),
    ],
)
def test_exit_codes(outcomes: list[str], mapped: str | None, code: int) -> None:
    assert verdict_of(*outcomes, inconclusive=mapped).exit_code == code


def test_a_problem_of_the_run_is_an_error() -> None:
    found = verdict_of("pass", problem="the hook `after` failed with exit code 1")
    assert (found.outcome, found.exit_code) == (Outcome.ERROR, 3)
    assert found.summary.startswith("The run broke: the hook `after` failed with exit code 1.")


def test_an_interrupted_run_has_its_own_exit_code() -> None:
    assert verdict_of("pass", interrupted=True).exit_code == 130
    assert verdict_of("fail", interrupted=True).exit_code == 130


def test_an_interrupted_run_has_not_passed() -> None:
    assert verdict_of("pass", interrupted=True).outcome is Outcome.INCONCLUSIVE
    assert verdict_of("fail", interrupted=True).outcome is Outcome.FAIL


def test_a_test_without_a_result_did_not_run_or_is_an_error() -> None:
    test = make_test(P95)
    plan = make_plan(test)
    assert judge_run(plan, make_run(plan)).exit_code == 3
    stopped = judge_run(plan, make_run(plan, interrupted=True))
    assert (stopped.tests[0].outcome, stopped.exit_code) == (Outcome.SKIPPED, 130)
    broken = judge_run(plan, make_run(plan, problem="the service api was never ready."))
    assert (broken.tests[0].outcome, broken.exit_code) == (Outcome.SKIPPED, 3)
    assert broken.tests[0].reasons == ("The run ended before this test.",)


def test_a_result_of_another_plan_is_refused() -> None:
    plan = make_plan(make_test(P95))
    with pytest.raises(UsageError, match="another plan"):
        judge_run(plan, make_run(plan, plan_fingerprint="0" * 16))


def test_the_summary_names_every_test() -> None:
    found = verdict_of("pass", "fail", "skipped", "inconclusive", "pass")
    assert found.summary == (
        "t1_fail failed; t3_inconclusive could not be decided; t0_pass, t4_pass passed;"
        " t2_skipped skipped."
    )


def test_the_same_files_give_the_same_verdict() -> None:
    test = make_test(P95, limit("p99", 0.4, on="login"), limit("error_rate", 0.01))
    plan = make_plan(test)
    values = [0.1 + each % 97 / 400 for each in range(3000)]
    failing = Traffic(values, {ErrorClass.SERVER: 7})
    run = make_run(plan, measure(test, {"login": failing, "order": values}))
    once = jsonio.encode(judge_run(plan, run))
    again = jsonio.encode(
        judge_run(
            jsonio.decode(jsonio.encode(plan), type(plan)),
            jsonio.decode(jsonio.encode(run), type(run)),
        )
    )
    assert once == again
    assert jsonio.decode(once, Verdict) == judge_run(plan, run)
