"""Warnings that show only when load, journeys and limits come together."""

from __future__ import annotations

import pytest

from perfspec.plan.check import check_plan
from perfspec.plan.compile.choice import every_test
from perfspec.plan.compile.plan import compile_plan
from tests.specs import load, spec

ENDPOINTS = "\n  home: { request: GET / }\n  login: { request: POST /login BUDGET }"
TEST = "\n  load: { users: 5, duration: 1h, slo: { error_rate: 1% } }"


def warnings(journey: str, *, own: str = "", tests: str = TEST, **sections: str) -> list[str]:
    persona = f"\n  reader: {{ weight: 1, think: 1s, on_start: [login], journey: {journey} }}"
    text = spec(
        endpoints=ENDPOINTS.replace("BUDGET", own), personas=persona, tests=tests, **sections
    )
    document = load(text)
    plan = compile_plan(document, every_test(document), variables={}, complete=False)
    return [f"{each.code} {each.message} ({each.hint})" for each in check_plan(plan)]


ONCE = (
    "PS312 login is sent as users start and by no journey, about 5 times in test 'load': comparing"
    " its p95 needs 500 in its holds (give it an slo, which looks at the whole test, or call it in"
    " a journey)"
)


def test_a_budget_on_what_only_starts_users_is_told_apart() -> None:
    assert warnings("[home]", own=", budget: { p95: +10% }") == [ONCE]
    assert warnings("[home, login]", own=", budget: { p95: +10% }") == []


def test_few_samples_are_counted() -> None:
    few = warnings("[home: { chance: 1% }, think: 10s]", own="", budget="{ p95: +10% }")
    assert len(few) == 1
    assert few[0].startswith("PS312 about 17.9 samples of home are expected in test 'load'")


NOTHING = (
    "PS319 a journey of 'reader' may end without a request or a pause (add a step that is never"
    " left out, such as - think: 1s)"
)


@pytest.mark.parametrize(
    "journey",
    [
        "[home: { chance: 20% }]",
        "[home: { only_if: environment }]",
        "[home: { times: 0..2 }]",
        "[set: { a: 1 }, { group: all, chance: 50%, steps: [home] }]",
        "[{ group: all, steps: [home: { chance: 50% }] }]",
        "[home: { chance: 20% }, think: 0s..0s]",
    ],
)
def test_a_journey_that_may_do_nothing(journey: str) -> None:
    assert warnings(journey) == [NOTHING]


@pytest.mark.parametrize(
    "journey",
    [
        "[home, login: { chance: 20% }]",
        "[home: { chance: 20% }, think: 1s]",
        "[{ group: all, steps: [home] }]",
        "[{ call: 'functions:any' }]",
        "[home: { times: 1..2 }]",
    ],
)
def test_one_that_always_does_something(journey: str) -> None:
    assert warnings(journey) == []


def test_journeys_that_arrive_do_not_follow_each_other() -> None:
    arrivals = "\n  load: { arrivals: 1/s, duration: 1h, max_users: 99, slo: { error_rate: 1% } }"
    assert warnings("[home: { chance: 20% }]", tests=arrivals) == []


def judged_by(limits: str, **sections: str) -> list[str]:
    tests = f"\n  load: {{ users: 5, duration: 1h, {limits} }}"
    found = warnings("[home, login]", tests=tests, **sections)
    return [each.split()[0] for each in found]


@pytest.mark.parametrize(
    "limits", ["slo: { p95: 1s }", "slo: { ttfb_p95: 1s }", "slo: { degradation: { p95: 15% } }"]
)
def test_times_without_failures(limits: str) -> None:
    assert judged_by(limits) == ["PS310"]


def test_times_of_an_endpoint_count_too() -> None:
    (found,) = warnings("[home, login]", own=", slo: { max: 1s }", tests=UNLIMITED)
    assert found.startswith("PS310 no limit of test 'load' counts failures: ")


UNLIMITED = "\n  load: { users: 5, duration: 1h }"


@pytest.mark.parametrize(
    "counted",
    [
        {"slo": "{ success_rate: 99% }"},
        {"slo": "{ errors: { connect: 1% } }"},
        {"objectives": "{ sure: { where: { endpoints: [home] }, slo: { availability: 99% } } }"},
        {"own": ", slo: { error_rate: 1% }"},
        {"budget": "{ p95: +10% }"},
    ],
)
def test_whatever_counts_failures_is_enough(counted: dict[str, str]) -> None:
    assert judged_by("slo: { p95: 1s }", **counted) == []


@pytest.mark.parametrize(
    "limits",
    [
        "slo: { p95: 1s }, abort: { error_rate: 10% }",
        "slo: { p95: 1s, journey_error_rate: 1% }",
        "slo: { throughput: 1/s, lateness: 1s }",
    ],
)
def test_so_is_what_ends_the_test_and_no_times_need_it(limits: str) -> None:
    assert judged_by(limits) == []


def test_dropped_journeys_are_no_failures() -> None:
    arrivals = (
        "\n  load: { arrivals: 1/s, duration: 1h, max_users: 99, slo: { p95: 1s, dropped: 1% } }"
    )
    assert [each.split()[0] for each in warnings("[home]", tests=arrivals)] == ["PS310"]
