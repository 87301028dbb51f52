"""The plan as text: numbers that can be read, however large, and lines that fit."""

from __future__ import annotations

import msgspec
import pytest

from perfspec.plan.base import Place
from perfspec.plan.budget import Budget
from perfspec.plan.limits import Subject
from perfspec.plan.metrics import metric_of
from perfspec.report.plan_view import render_plan
from tests.shop import SHOP, plan_of

LONG = SHOP.replace("hold: 1m }", "hold: 176m }")
CROWD = SHOP.replace("users: 5, duration: 20s", "users: 40000, duration: 1h").replace(
    "{001..050}", "{00001..40000}"
)


def test_judged_seconds_of_a_short_and_of_a_long_test() -> None:
    assert "  judged    2-20 s\n" in render_plan(plan_of(only=("smoke",)))
    assert "  judged    20s to 2h56m10s and 2h56m15s to " in render_plan(
        plan_of(LONG, only=("load",))
    )


def test_a_limit_that_must_be_reached_in_time_says_so() -> None:
    reacts = """objectives:
  reacts:
    where: { tests: [smoke] }
    slo: { monitors: { machine.load: { min: 1, within: 15s } } }
"""
    watched = SHOP.replace("objectives:\n", reacts) + "monitors: { machine: { host: true } }\n"
    text = render_plan(plan_of(watched, only=("smoke",)))
    assert "max >= 1 within 15s" in text


def test_large_numbers_are_written_out() -> None:
    text = render_plan(plan_of(CROWD, only=("smoke",)))
    assert "e+" not in text
    assert ",000" in text or ",00" in text


@pytest.mark.parametrize("width", [80, 100, 160])
def test_lines_fit(width: int) -> None:
    lines = render_plan(plan_of(), width).splitlines()
    assert [line for line in lines if len(line) > width] == []


@pytest.mark.parametrize("width", [0, 20, 39])
def test_a_narrow_terminal_gets_the_narrowest_plan(width: int) -> None:
    assert render_plan(plan_of(), width) == render_plan(plan_of(), 40)


def test_a_terminal_obeys_nothing_that_the_spec_says() -> None:
    name = "shop\x1b[2J\u202e\nin all  0 tests"
    head = render_plan(msgspec.structs.replace(plan_of(), name=name)).splitlines()[0]
    assert head == "shop\ufffd[2J\ufffd in all  0 tests: default, environment local"


def test_without_unicode_it_is_ascii() -> None:
    assert render_plan(plan_of(), unicode=False).isascii()


def test_budgets_are_shown_with_what_they_are_compared_with() -> None:
    assert "budgets" not in render_plan(plan_of())
    budget = Budget(
        id="home.p95 budget",
        subject=Subject(kind="request", name="home"),
        metric=metric_of("p95"),
        fail=0.25,
        warn=0.1,
        floor_s=0.02,
        min_samples=500,
        place=Place(file="perfspec.yaml", line=7, column=3),
        origin="budget.p95",
    )
    plan = plan_of(only=("smoke",))
    test = msgspec.structs.replace(plan.tests[0], budgets=(budget,))
    text = render_plan(msgspec.structs.replace(plan, tests=(test,)), 120)
    assert "budgets   1, compared with up to 30 runs of main in dir:.perfspec/baselines" in text
    assert "home  p95 +25%, warns beyond +10%, and by 20 ms" in text
    assert "perfspec.yaml:7:3" in text
    assert "not compared" not in text


def test_a_budget_that_no_duet_compares_is_told() -> None:
    budget = Budget(
        id="total.throughput budget",
        subject=Subject(kind="total"),
        metric=metric_of("throughput"),
        fail=0.05,
        min_samples=1,
        place=Place(file="perfspec.yaml", line=7, column=3),
        origin="budget.throughput",
    )
    plan = plan_of(only=("smoke",))
    for compare, told in (("duet", True), ("auto", False), ("history", False)):
        test = msgspec.structs.replace(plan.tests[0], budgets=(budget,), compare=compare)
        text = render_plan(msgspec.structs.replace(plan, tests=(test,)), 120)
        assert ("all requests  throughput -5% (not compared in a duet)" in text) is told
        assert ("budgets   1, compared in a duet with another commit (--base)" in text) is told
