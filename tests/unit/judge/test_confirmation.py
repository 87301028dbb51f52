"""A test that is in doubt runs twice: what fails, fails both times."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from perfspec.baseline.archive import Past
from perfspec.judge.change import Question
from perfspec.judge.compare import compare_test
from perfspec.judge.confirmation import Again, compare_again, doubt, why_unusable
from perfspec.judge.model import Change, Comparison, Outcome
from perfspec.plan.budget import BaselineRule
from tests.records import record
from tests.results import latencies, make_test, measure
from tests.unit.judge.test_compare import EVERY, SLOW, budget

QUESTION = Question(EVERY, BaselineRule(store="dir:x"))
PAST = Past(tuple(record(number, probe_s=0.001) for number in range(8)))


def runs(first: dict[str, Any], *others: dict[str, Any], unusable: str | None = None) -> Comparison:
    """Fields of a record of each run; ``unusable`` is about those after the first."""
    head, *again = (
        record(100 + at, **({"probe_s": 0.001} | each)) for at, each in enumerate((first, *others))
    )
    return compare_again(QUESTION, head, [Again(each, unusable) for each in again], PAST)


def of(comparison: Comparison, name: str) -> Change:
    return next(each for each in comparison.changes if each.budget == name)


def test_a_regression_that_shows_both_times_fails() -> None:
    found = runs({"slower": SLOW}, {"slower": SLOW})
    change = of(found, "endpoint_3.p95")
    assert (change.outcome, change.state) == (Outcome.FAIL, "regression")
    assert change.again == pytest.approx(0.4, abs=0.1)
    assert change.again != change.change
    assert "in two runs" in change.reason
    assert "Of 2 exceeded budgets 2 were exceeded in a second run too." in found.notes


def test_one_that_does_not_show_again_warns() -> None:
    found = runs({"slower": SLOW}, {})
    assert Outcome.FAIL not in {each.outcome for each in found.changes}
    change = of(found, "endpoint_3.p95")
    assert (change.outcome, change.state) == (Outcome.WARN, "unconfirmed")
    assert change.again == pytest.approx(0.0, abs=0.1)
    assert of(found, "endpoint_1.p95").again is None


def test_another_one_in_the_second_run_is_not_asked_about() -> None:
    found = runs({"slower": SLOW}, {"slower": {"endpoint_5": 1.4}})
    assert Outcome.FAIL not in {each.outcome for each in found.changes}


@pytest.mark.parametrize(
    ("second", "unusable", "said"),
    [
        ({}, "a second run was not measured to its end", "not measured to its end"),
        ({"probe_s": 0.002}, None, "the host was busy in a second run"),
    ],
)
def test_a_second_run_that_tells_nothing_acquits_nobody(
    second: dict[str, Any], unusable: str | None, said: str
) -> None:
    found = runs({"slower": SLOW}, second, unusable=unusable)
    assert of(found, "endpoint_3.p95").outcome is Outcome.FAIL
    assert any(said in each for each in found.notes)


def test_too_few_requests_acquit_nobody_either() -> None:
    found = runs({"slower": SLOW}, {"requests": 100})
    change = of(found, "endpoint_3.p95")
    assert (change.outcome, change.again) == (Outcome.FAIL, None)
    assert "500 are needed" in change.reason


BUSY = {"probe_s": 0.002}


def test_the_second_run_stands_for_one_on_a_busy_host() -> None:
    found = runs(BUSY, {})
    assert not found.busy
    assert Outcome.FAIL not in {each.outcome for each in found.changes}
    assert any("the host was busy in the first run" in each.lower() for each in found.notes)


@pytest.mark.parametrize(
    ("third", "outcome", "state"),
    [({"slower": SLOW}, Outcome.FAIL, "regression"), ({}, Outcome.WARN, "unconfirmed")],
)
def test_what_it_exceeds_is_confirmed_by_a_third(
    third: dict[str, Any], outcome: Outcome, state: str
) -> None:
    found = runs(BUSY, {"slower": SLOW}, third)
    change = of(found, "endpoint_3.p95")
    assert (change.outcome, change.state) == (outcome, state)
    assert change.again is not None
    assert any("the host was busy in the first run" in each.lower() for each in found.notes)


def test_a_test_is_in_doubt_when_it_would_fail_or_the_host_was_busy() -> None:
    exceeded = "the budget of endpoint_3 p50 and 1 more is exceeded, to be confirmed"
    assert doubt([runs({})]) is None
    assert doubt([runs({"slower": SLOW})]) == exceeded
    assert doubt([runs(BUSY)]) == "the host was busy with something else"


def test_doubt_comes_to_an_end() -> None:
    slow, busy = {"slower": SLOW}, BUSY
    confirmed = [runs(slow), runs(slow, slow)]
    assert of(confirmed[1], "endpoint_3.p95").outcome is Outcome.FAIL
    assert doubt(confirmed) is None
    replaced = [runs(busy), runs(busy, slow)]
    assert "to be confirmed" in (doubt(replaced) or "")
    assert doubt([*replaced, runs(busy, slow, slow)]) is None
    assert doubt([runs(busy), runs(busy, busy)]) is None
    assert doubt([runs(busy), runs(busy, slow, unusable="cut off")]) is None


def test_what_no_run_can_decide_is_in_no_doubt() -> None:
    rule = BaselineRule(store="dir:x", missing="fail")
    found = compare_test(Question((budget(),), rule), record(100), Past())
    assert {each.outcome for each in found.changes} == {Outcome.FAIL}
    assert doubt([found]) is None


def test_only_a_whole_and_valid_run_confirms() -> None:
    test = make_test()
    whole = measure(test, {"login": latencies(100, 0.1)})
    assert why_unusable(test, whole) is None
    busy = measure(test, {"login": latencies(100, 0.1)}, health={"busy_s": 30.0})
    assert "saturated" in (why_unusable(test, busy) or "")
    part = msgspec.structs.replace(whole, status="partial")
    assert why_unusable(test, part) == "a second run was not measured to its end"
