"""Budgets of a duet: what fails, what passes, when it is decided, and what is too little."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from perfspec.judge.change import Question
from perfspec.judge.duet import compare_sides, is_decided
from perfspec.judge.model import Change, Comparison, Outcome
from perfspec.measure.model import Window
from perfspec.plan.budget import BaselineRule, Waiver
from tests.duets import BUDGETS, DUET, budget, duet_result
from tests.results import place

if TYPE_CHECKING:
    from perfspec.plan.budget import Budget

RULE = BaselineRule(store="dir:x")
EVERYTHING = Question(BUDGETS, RULE)
SLOW = {"endpoint_3": 1.3}


def compare(
    blocks: int,
    *budgets: Budget,
    question: Question = EVERYTHING,
    **measured: Any,  # noqa: ANN401  (of duet_result)
) -> Comparison:
    if budgets:
        question = replace(question, budgets=budgets)
    return compare_sides(question, DUET, duet_result(blocks, **measured))


def of(comparison: Comparison, name: str) -> Change:
    return next(each for each in comparison.changes if each.budget == name)


def test_an_endpoint_that_became_slower_fails_and_no_other() -> None:
    found = compare(6, slower=SLOW)
    assert {each.subject.name for each in found.changes if each.outcome is Outcome.FAIL} == set(
        SLOW
    )
    change = of(found, "endpoint_3.p95")
    assert change.state == "regression"
    assert change.change == pytest.approx(0.3, abs=0.06)
    assert (change.low or 0) < 0.3 < (change.high or 0)
    assert change.head == pytest.approx((change.base or 0) * (1 + (change.change or 0)))
    assert change.samples == 6 * 200
    assert len(change.history) == 6
    assert is_decided(found)


def test_unchanged_commits_pass_and_both_are_named() -> None:
    found = compare(6)
    assert {each.state for each in found.changes} == {"within"}
    assert is_decided(found)
    assert found.duet is not None
    assert (found.duet.base, found.duet.head) == (DUET.base, DUET.head)
    assert (found.duet.blocks, found.duet.most) == (6, 16)
    assert found.shift == pytest.approx(0, abs=0.03)
    assert (found.shift_low or 0) < 0 < (found.shift_high or 0)
    assert found.false_alarms == 0.01


def test_what_slows_everything_down_is_not_taken_for_the_host() -> None:
    found = compare(6, slower={each.subject.name: 1.3 for each in BUDGETS})
    assert {each.outcome for each in found.changes} == {Outcome.FAIL}
    assert found.shift == pytest.approx(0.3, abs=0.03)


def test_a_real_change_within_its_budget_needs_no_more_blocks() -> None:
    allowed = tuple(replace_fail(each, 0.3) for each in BUDGETS)
    found = compare(6, *allowed, slower={"endpoint_3": 1.1})
    assert of(found, "endpoint_3.p95").state == "real"
    assert is_decided(found)
    near = tuple(replace_fail(each, 0.11) for each in BUDGETS)
    found = compare(6, *near, slower={"endpoint_3": 1.09})
    assert of(found, "endpoint_3.p95").state == "real"
    assert not is_decided(found)


def test_what_only_warns_does_not_end_it_before_what_may_fail_is_decided() -> None:
    """A budget that is not decided yet goes on, whatever a waiver or a warning says of another."""
    open_ = budget(on="endpoint_4", fail=0.01)
    warned = msgspec.structs.replace(budget(fail=0.9), warn=0.1)
    known = Waiver(
        endpoint="endpoint_3", until="2026-12-31", reason="known", owner="me", place=place(9)
    )
    for first, waivers in ((warned, ()), (budget(), (known,))):
        found = compare(6, slower=SLOW, question=Question((first, open_), RULE, waivers))
        states = [(each.outcome, each.state) for each in found.changes]
        assert states == [(Outcome.WARN, "regression"), (Outcome.WARN, "undecided")]
        assert not is_decided(found)
        assert is_decided(compare(6, slower=SLOW, question=Question((first,), RULE, waivers)))
    failing = compare(6, budget(), open_, slower=SLOW)
    assert is_decided(failing)


def test_a_warning_that_may_yet_become_a_failure_wants_more_blocks() -> None:
    near = msgspec.structs.replace(budget(fail=0.31), warn=0.1)
    found = compare(6, near, slower=SLOW)
    assert of(found, "endpoint_3.p95").state == "regression"
    assert not is_decided(found)


def test_two_budgets_on_the_same_numbers_are_one_test() -> None:
    """Another one would lend degrees of freedom that nobody has measured."""
    once, twice = (compare(6, *[budget()] * n, slower=SLOW).changes[0] for n in (1, 2))
    assert (twice.low, twice.high, twice.p) == (once.low, once.high, once.p)


def test_what_is_sent_to_the_base_alone_is_not_decided_by_missing() -> None:
    result = duet_result(6)
    head = [each for each in result.series if each.key.name != "endpoint_3"]
    rule = msgspec.structs.replace(RULE, missing="pass")
    found = compare_sides(
        Question((budget(),), rule), DUET, msgspec.structs.replace(result, series=head)
    )
    assert found.changes[0].outcome is Outcome.INCONCLUSIVE
    assert found.changes[0].reason == "no request of it to the head, 1,200 to the base"


def test_throughput_is_not_compared_and_the_comparison_says_so() -> None:
    found = compare(6, *BUDGETS, budget("throughput", ""))
    assert {each.metric.name for each in found.changes} == {"p50", "p95"}
    assert is_decided(found)
    [note] = found.notes
    assert note.startswith("The budget on throughput (perfspec.yaml:7:5) is not compared: a duet")
    assert compare(6).notes == ()


def replace_fail(of_all: Budget, fail: float) -> Budget:
    return msgspec.structs.replace(of_all, fail=fail)


def test_noise_leaves_it_open_and_more_blocks_are_wanted() -> None:
    found = compare(6, noise=0.15)
    assert "undecided" in {each.state for each in found.changes}
    assert not is_decided(found)


def test_more_failures_of_the_head_fail() -> None:
    asked = (*BUDGETS, budget("error_rate", fail=0.001, least=1))
    found = compare(6, *asked, failed={"endpoint_3": 10})
    change = of(found, "endpoint_3.error_rate")
    assert (change.outcome, change.base, change.head) == (Outcome.FAIL, 0.0, 0.05)
    assert of(compare(6, *asked), "endpoint_3.error_rate").outcome is Outcome.PASS


def test_too_few_requests_decide_nothing_and_say_so() -> None:
    found = compare(6, requests=50)
    assert {each.state for each in found.changes} == {"undecided"}
    assert {each.outcome for each in found.changes} == {Outcome.WARN}
    assert found.changes[0].reason == "300 requests in all blocks, 500 are needed"


@pytest.mark.parametrize("blocks", [0, 2, 5])
def test_before_the_first_look_nothing_is_decided(blocks: int) -> None:
    found = compare(blocks, slower=SLOW)
    assert {each.outcome for each in found.changes} == {Outcome.INCONCLUSIVE}
    assert found.changes[0].reason == f"only {blocks} of 6 blocks were measured"


def test_a_later_look_must_be_paid_for() -> None:
    first, last = compare(6), compare(16)
    early, late = (of(each, "endpoint_3.p95").detectable or 0 for each in (first, last))
    assert early > late > 0


def test_waivers_and_acceptances_count_as_elsewhere() -> None:
    waiver = Waiver(
        endpoint="endpoint_3", until="2026-12-31", reason="known", owner="me", place=place(9)
    )
    found = compare(6, slower=SLOW, question=Question(BUDGETS, RULE, (waiver,)))
    assert of(found, "endpoint_3.p95").outcome is Outcome.WARN
    found = compare(6, slower=SLOW, question=Question(BUDGETS, RULE, accepted="on purpose"))
    assert of(found, "endpoint_3.p95").waived


def test_what_has_no_time_is_neither_slower_nor_as_fast() -> None:
    result = duet_result(6)
    for series in (*result.series, *result.base):
        if series.key.name == "endpoint_3":
            series.windows = [
                Window(index=each.index, untimed=each.count) for each in series.windows
            ]
    question = Question((budget(), budget("error_rate")), RULE)
    time, errors = compare_sides(question, DUET, result).changes
    assert (time.outcome, time.state) == (Outcome.WARN, "undecided")
    assert errors.state == "within"
