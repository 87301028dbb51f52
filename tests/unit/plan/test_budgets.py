"""Budgets of the spec become budgets of each endpoint: the nearest words count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfspec.errors import InvalidSpecError
from perfspec.plan.budget import BaselineRule
from perfspec.plan.check import check_plan
from perfspec.plan.compile.choice import choose_tests
from perfspec.plan.compile.plan import compile_plan
from perfspec.spec.document import load_document

if TYPE_CHECKING:
    from perfspec.plan.model import Plan

SPEC = """\
perfspec: 1
name: shop
environments:
  local: { url: http://127.0.0.1:8801 }
endpoints:
  home: { request: GET /, budget: { p95: { warn: +15%, fail: +30%, floor: 20ms } } }
  pay:
    request: POST /pay
    tags: [money]
    poll: { request: GET /pay, until: { json: { $.done: true } }, budget: { p95: +50% } }
personas:
  buyer: { think: 1s, journey: JOURNEY }
BUDGET
tests:
  load: { users: 5, duration: 2m, slo: { error_rate: 1% } TEST }
  smoke: { users: 1, duration: 1m, slo: { error_rate: 1% } }
sequences:
  default: [load, smoke: { ENTRY }]
"""


BY_THEMSELVES = {
    "home.p95": (0.15, 0.3),
    "home.error_rate": (None, 0.001),
    "pay.done.p95": (None, 0.5),
    "pay.done.error_rate": (None, 0.001),
}


def compiled(
    budget: str = "",
    test: str = "",
    entry: str = "on_fail: stop",
    journey: str = "[home, pay]",
    **start: str,
) -> Plan:
    """``start`` are more keys of the persona, such as on_start."""
    journey += "".join(f", {key}: {value}" for key, value in start.items())
    text = SPEC.replace("BUDGET", budget).replace("TEST", test).replace("ENTRY", entry)
    text = text.replace("JOURNEY", journey)
    document = load_document(text.encode(), "perfspec.yaml", {})
    chosen = choose_tests(document, None, (), (), None)
    return compile_plan(document, chosen, variables={}, environment="local")


def budgets(plan: Plan, test: str = "load") -> dict[str, tuple[float | None, float | None]]:
    return {
        each.id.removesuffix(" budget"): (each.warn, each.fail) for each in plan.test(test).budgets
    }


def test_the_nearest_budget_counts_metric_by_metric() -> None:
    plan = compiled("budget: { p50: +5%, p95: +10%, throughput: -5% }", ", budget: { p50: +7% }")
    assert budgets(plan) == {
        "home.p50": (None, 0.07),
        "home.p95": (0.15, 0.3),
        "home.error_rate": (None, 0.001),
        "pay.p50": (None, 0.07),
        "pay.p95": (None, 0.1),
        "pay.error_rate": (None, 0.001),
        "pay.done.p95": (None, 0.5),
        "pay.done.error_rate": (None, 0.001),
        "total.throughput": (None, 0.05),
    }
    assert budgets(plan, "smoke")["pay.p50"] == (None, 0.05)
    origins = {each.id: each.origin for each in plan.test("load").budgets}
    assert origins["home.p95 budget"] == "endpoints.home.budget.p95"
    assert origins["pay.p50 budget"] == "tests.load.budget.p50"


TALK = """  chat:
    websocket: /chat
    messages:
      chunk: { send: { text: a }, tags: [talk] }
      ping: { send: { text: b }, ack: next }
personas:
"""


def talking(extra: str) -> Plan:
    """Its journey sends a message that nobody acknowledges, and one that is acknowledged."""
    text = SPEC.replace("personas:\n", TALK).replace("BUDGET", extra).replace(" TEST", "")
    text = text.replace("JOURNEY", "[home, connect: chat, chat.chunk, chat.ping]")
    document = load_document(text.replace("ENTRY", "on_fail: stop").encode(), "perfspec.yaml", {})
    chosen = choose_tests(document, None, (), (), None)
    return compile_plan(document, chosen, variables={}, environment="local")


def test_messages_that_nobody_acknowledges_have_no_budget_on_times() -> None:
    common = "budget: { p50: +5%, p95: +10% }\nobjectives: { all: { budget: { p99: +9% } } }"
    plan = talking(common)
    assert {each for each in budgets(plan) if "chat.chunk" in each or "chat.ping" in each} == {
        "chat.chunk.error_rate",
        *(f"chat.ping.{metric}" for metric in ("p50", "p95", "error_rate")),
        "all.chat.ping.p99",
    }
    assert "PS335" not in {each.code for each in check_plan(plan)}


@pytest.mark.parametrize(
    "key", ["slo: { p95: 1s }", "slo: { degradation: { p95: 9% } }", "budget: { p95: +9% }"]
)
@pytest.mark.parametrize("where", ["endpoints: [chat.chunk, home]", "tags: talk"])
def test_what_an_objective_chooses_has_the_times_that_it_is_about(key: str, where: str) -> None:
    plan = talking(f"objectives: {{ fast: {{ where: {{ {where} }}, {key} }} }}")
    found = [each for each in check_plan(plan) if each.code == "PS335"]
    assert [(each.message, each.warning) for each in found] == [
        ("chat.chunk has no ack, so nobody can say how long it took", False)
    ]


def test_shares_of_such_messages_may_be_chosen() -> None:
    limits = "slo: { error_rate: 1%, throughput: 1/s }, budget: { error_rate: +1pp }"
    plan = talking(f"objectives: {{ sent: {{ where: {{ tags: talk }}, {limits} }} }}")
    assert "PS335" not in {each.code for each in check_plan(plan)}
    assert {each.id for each in plan.test("load").objectives} >= {
        "sent.chat.chunk.error_rate",
        "sent.chat.chunk.throughput",
    }


def test_samples_of_times_are_foreseen_without_them() -> None:
    expected = {
        each.metric.name: each.expected
        for each in talking("slo: { p95: 1s, throughput: 1/s }").test("load").objectives
    }
    times, all_requests = expected["p95"], expected["throughput"]
    assert times is not None
    assert all_requests == pytest.approx(times * 4 / 3)  # home, connect and ping


@pytest.mark.parametrize(
    "seldom",
    [
        {"on_start": "[pay]"},
        {"on_stop": "[pay]"},
        {"auth": "{ bearer: known, renew_with: [pay] }"},
    ],
)
def test_what_only_starts_users_is_compared_where_a_budget_names_it(seldom: dict[str, str]) -> None:
    common = "budget: { p50: +5% }"
    assert set(budgets(compiled(common, journey="[home]", **seldom))) == {
        "home.p50", "home.p95", "home.error_rate", "pay.done.p95", "pay.done.error_rate",
    }  # fmt: skip
    assert "pay.p50" in budgets(compiled(common, journey="[home, pay]", **seldom))
    wanted = "objectives: {{ all: {{ {} budget: {{ p50: +5% }} }} }}"
    for where, chosen in (
        ("where: { endpoints: pay },", True),
        ("where: { tags: money },", True),
        ("", False),
    ):
        found = budgets(compiled(wanted.format(where), journey="[home]", **seldom))
        assert ("all.pay.p50" in found, "all.home.p50" in found) == (chosen, not chosen)


@pytest.mark.parametrize(("persona", "pays"), [("buyer", True), ("clerk", False)])
def test_a_persona_is_compared_by_what_its_own_journey_calls(persona: str, pays: bool) -> None:
    personas = "[home, pay] }\n  clerk: { think: 1s, on_start: [pay], journey: [home]"
    mine = f"objectives: {{ all: {{ where: {{ personas: {persona} }}, budget: {{ p50: +5% }} }} }}"
    found = budgets(compiled(mine, journey=personas))
    assert f"all.home/{persona}.p50" in found
    assert (f"all.pay/{persona}.p50" in found) is pays


def test_functions_may_call_anything_often() -> None:
    journey = "[home, { call: 'functions:any' }]"
    plan = compiled("budget: { p50: +5% }", journey=journey, on_start="[pay]")
    assert "pay.p50" in budgets(plan)


def test_a_group_has_its_own_budget_in_each_persona_that_takes_it() -> None:
    group = "{ group: visit, budget: { p95: +20% }, steps: [home, { group: end, steps: [pay] }] }"
    plan = compiled(journey=f"[{group}]")
    assert budgets(plan) == BY_THEMSELVES | {
        "visit/buyer.p95": (None, 0.2),
        "visit/buyer.error_rate": (None, 0.001),
    }
    [found, _] = [each for each in plan.test("load").budgets if each.subject.kind == "group"]
    assert found.origin == "personas.buyer.journey.0.budget.p95"
    assert budgets(compiled(journey=f"[{group}]", test=", compare: none")) == {}


def test_objectives_only_add_budgets() -> None:
    chosen = "where: { endpoints: pay, personas: buyer, tests: load }, budget: { p50: +5% }"
    plan = compiled(f"objectives: {{ quick: {{ {chosen}, requirement: '4' }} }}")
    assert budgets(plan) == BY_THEMSELVES | {
        "quick.pay/buyer.p50": (None, 0.05),
        "quick.pay/buyer.error_rate": (None, 0.001),
    }
    assert budgets(plan, "smoke") == BY_THEMSELVES
    assert [each.requirement for each in plan.test("load").budgets][-2:] == ["4", "4"]


def test_an_objective_without_a_choice_has_a_budget_for_each_endpoint() -> None:
    found = budgets(compiled("objectives: { all: { budget: { p50: +5% } } }"))
    assert found == BY_THEMSELVES | {
        "all.home.p50": (None, 0.05),  # whose errors are compared already
        "all.pay.p50": (None, 0.05),
        "all.pay.error_rate": (None, 0.001),
    }


def test_levels_bring_a_floor_and_what_they_need() -> None:
    plan = compiled("budget: { p99: { fail: +25%, min_samples: 900 }, p99_9: +50% }")
    found = {each.id: (each.floor_s, each.min_samples) for each in plan.test("load").budgets}
    assert found["home.p95 budget"] == (0.02, 500)
    assert found["pay.p99 budget"] == (None, 900)
    assert found["pay.p99_9 budget"] == (None, 50_000)
    assert found["pay.error_rate budget"] == (None, 5)  # fewer cannot fail as often as is needed


@pytest.mark.parametrize("entry", ["compare: none", "compare: none, record: true"])
def test_what_is_not_compared_is_not_recorded(entry: str) -> None:
    plan = compiled("budget: { p95: +10% }", entry=entry)
    assert (plan.test("smoke").budgets, plan.test("smoke").record) == ((), False)
    assert plan.test("load").record


def test_a_test_that_looks_for_its_end_is_not_compared() -> None:
    test = ", budget: { p95: +10% }, stop_when: { error_rate: 5% }"
    plan = compiled(test=test)
    assert (plan.test("load").budgets, plan.test("load").record) == ((), False)


def test_a_shortened_run_is_recorded_only_on_demand() -> None:
    assert not compiled(entry="time_scale: 10%").test("smoke").record
    assert compiled(entry="time_scale: 10%, record: true").test("smoke").record


def test_a_budget_changes_no_fingerprint() -> None:
    plain, strict = compiled(), compiled("budget: { p95: +1% }", ", compare: history")
    assert plain.fingerprint == strict.fingerprint


def test_the_baseline_has_defaults_where_there_are_budgets() -> None:
    assert compiled("budget: { p95: +10% }").baseline == BaselineRule()
    written = "baseline: { store: git:b, runs: 3..9, missing: fail, compare_with: trunk }"
    expected = BaselineRule(store="git:b", fewest=3, most=9, missing="fail", compare_with="trunk")
    assert compiled(written).baseline == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("budget: { p95: 10% }", "write how much more is allowed, such as +10%"),
        ("budget: { throughput: +5% }", "write how much less is allowed, such as -5%"),
        ("budget: { throughput: -100% }", "leaves nothing"),
        ("budget: { error_rate: +1% }", "percentage points"),
        ("budget: { p95: +0% }", "write how much more"),
        ("budget: {}", "write a budget, such as p95: +10%"),
        ("budget: { p95: { floor: 2ms } }", "write warn, fail or both"),
        (
            "objectives: { none: { where: { tests: load } } }",
            "an objective needs slo, budget or both",
        ),
        ("objectives: { now: { during: all, budget: { p95: +5% } } }", "during is about limits"),
        (
            "objectives: { odd: { budget: { p95: { warn: +9%, fail: +5% } } } }",
            "write warn nearer to 0 than fail",
        ),
        ("budget: { p95: { warn: +20%, fail: +10% } }", "write warn nearer to 0 than fail"),
        ("baseline: { store: s3://bucket }", "Write git:BRANCH, dir:PATH, s3:BUCKET/PREFIX"),
        ("baseline: { store: az:account }", "or az:ACCOUNT/CONTAINER/PREFIX"),
        (
            "waivers: [{ endpoint: hmoe, until: 2999-01-01, reason: x, owner: y }]",
            "there is no endpoint 'hmoe'",
        ),
        (
            "waivers: [{ endpoint: home, until: 2020-01-01, reason: x, owner: y }]",
            "this waiver ended on 2020-01-01",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, said: str) -> None:
    with pytest.raises(InvalidSpecError) as error:
        compiled(text)
    assert said.lower() in str(error.value).lower()
