"""The check of a run: what it is called, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from tests.github_double import Fault, GitHub
from tests.results import latencies, limit, make_plan, make_run, make_test, measure
from tests.unit.publish.conftest import Told, run_of, run_with

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.plan.model import Plan


def in_a_sequence(plan: Plan) -> Plan:
    return replace(plan, sequence="nightly")


def elsewhere(plan: Plan) -> Plan:
    return replace(plan, environment=replace(plan.environment, name="staging"))


def of_another_name(plan: Plan) -> Plan:
    return replace(plan, name="cellar")


def in_another_file(plan: Plan) -> Plan:
    return replace(plan, file="apps/cellar/perfspec.yaml")


@pytest.mark.parametrize(
    ("another", "name"),
    [
        (in_a_sequence, "perfspec / bookshop on local / nightly"),
        (elsewhere, "perfspec / bookshop on staging / default"),
        (of_another_name, "perfspec / cellar on local / default"),
        (
            in_another_file,
            "perfspec / bookshop on local / default (apps/cellar/perfspec.yaml)",
        ),
    ],
)
def test_what_is_not_the_same_hides_no_check_and_no_comment(
    tell: Told, github: GitHub, another: Callable[[Plan], Plan], name: str
) -> None:
    tell(run_of(0.1))
    plan, result = run_of(0.9, run_id="another")
    tell((another(plan), result))
    assert [each["conclusion"] for each in github.checks] == ["failure", "success"]
    assert [each["name"] for each in github.checks] == [
        "perfspec / bookshop on local / default",
        name,
    ]
    assert ["outcome:fail" in each["body"] for each in github.comments] == [True, False]


@pytest.mark.parametrize(
    ("fail_on", "conclusions"),
    [
        ("never", ["neutral", "neutral", "success"]),
        ("fail", ["failure", "neutral", "success"]),
        ("inconclusive", ["failure", "failure", "success"]),
        ("warn", ["failure", "failure", "success"]),
    ],
)
def test_the_check_fails_where_the_step_does(
    tell: Told, github: GitHub, fail_on: str, conclusions: list[str]
) -> None:
    undecided = limit("p95", 0.9, min_samples=100_000)
    tell(run_of(0.1, run_id="a"), fail_on=fail_on)
    tell(run_with(undecided, run_id="b"), fail_on=fail_on)
    tell(run_of(0.9, run_id="c"), fail_on=fail_on)
    assert [each["conclusion"] for each in github.checks] == conclusions


@pytest.mark.parametrize(("fail_on", "conclusion"), [("fail", "neutral"), ("warn", "failure")])
def test_a_warning_is_neutral_unless_it_fails_the_step(
    tell: Told, github: GitHub, fail_on: str, conclusion: str
) -> None:
    tell(run_with(limit("p95", 0.9, warn=0.1)), fail_on=fail_on)
    assert github.checks[0]["conclusion"] == conclusion


@pytest.mark.parametrize(("fail_on", "conclusion"), [("fail", "neutral"), ("warn", "failure")])
def test_nothing_judged_is_as_little_decided_as_anything(
    tell: Told, github: GitHub, fail_on: str, conclusion: str
) -> None:
    test = make_test(limit("p95", 0.9))
    plan = make_plan(test)
    tell((plan, make_run(plan, measure(test, {}, status="skipped"))), fail_on=fail_on)
    assert github.checks[0]["conclusion"] == conclusion


def test_a_run_that_broke_is_never_well(tell: Told, github: GitHub) -> None:
    tell(run_of(0.9, problem="the shop died"), fail_on="never")
    assert github.checks[0]["conclusion"] == "failure"


def test_a_run_that_was_cancelled_is_no_success(tell: Told, github: GitHub) -> None:
    first, second = make_test(limit("p95", 0.9), name="smoke"), make_test(name="load")
    plan = make_plan(first, second)
    result = make_run(plan, measure(first, {"login": latencies(2000, 0.3)}), interrupted=True)
    tell((plan, result))
    assert github.checks[0]["conclusion"] == "cancelled"
    assert github.checks[0]["output"]["title"] == "bookshop on local: interrupted"


def test_a_refused_batch_leaves_no_check_open(tell: Told, github: GitHub) -> None:
    github.faults = [Fault(422, "PATCH", "check-runs")]
    done = tell(run_of(0.1))
    assert done.problems == ("check run: cannot conclude the check run: 422: fault 422",)
    assert (github.checks[0]["status"], github.checks[0]["conclusion"]) == ("completed", "failure")
