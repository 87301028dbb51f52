"""What a spec becomes: shorthands written out, filters applied, limits with their lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfspec import jsonio
from perfspec.errors import InvalidSpecError, UsageError
from perfspec.plan.address import resolved
from perfspec.plan.compile.journeys import endpoints_of
from perfspec.plan.journey import GroupStep, MixStep, RequestStep
from perfspec.plan.load import Stage, duration_s
from perfspec.plan.model import Plan
from perfspec.spec.base import substitute
from tests.shop import SHOP, plan_of

if TYPE_CHECKING:
    from perfspec.plan.limits import Objective


def objective(plan: Plan, test: str, name: str) -> Objective:
    return next(each for each in plan.test(test).objectives if each.id == name)


def line_of(text: str) -> int:
    return next(n for n, line in enumerate(SHOP.splitlines(), 1) if text in line)


def test_the_default_sequence_runs() -> None:
    plan = plan_of()
    assert [(each.name, each.on_fail) for each in plan.tests] == [
        ("smoke", "stop"),
        ("load", "continue"),
    ]
    assert plan.environment.url == "http://127.0.0.1:8800"
    assert plan.environment.hosts == ("127.0.0.1:8800",)


def test_secrets_of_an_address_stay_out_of_the_plan() -> None:
    written = "https://ann:${PASSWORD}@${HOST:-shop.example.com}:${PORT}/api"
    text = SHOP.replace("http://127.0.0.1:${PORT:-8800}", written)
    text = text.replace('/api"', '/api", allow_hosts: ["${HIDDEN_KEY}"]')
    variables = {"PASSWORD": "hunter2", "PORT": "443", "HIDDEN_KEY": "hunter2.example.com"}
    found = plan_of(text, variables=variables).environment
    assert found.url == "https://ann:${PASSWORD}@${HOST:-shop.example.com}:443/api"
    assert found.hosts[1:] == ("${HIDDEN_KEY}",)
    assert "hunter2" not in jsonio.encode(plan_of(text, variables=variables)).decode()
    known = resolved(found, lambda text: substitute(text, variables) or "")
    assert known.url == "https://ann:hunter2@shop.example.com:443/api"
    assert known.hosts == ("shop.example.com:443", "hunter2.example.com")


ADDRESSES = {
    "": False,
    "shop.example.com": False,
    "http://": False,
    "http://[::1": False,
    "http://[::1]:8800/api": True,
    "http://127.0.0.1:port": False,
    "http://127.0.0.1:0": False,
    "http://127.0.0.1:65536": False,
    "http://127.0.0.1:65535/": True,
    "http://127.0.0.1/?version=2": False,
    "http://127.0.0.1/#books": False,
    "https://ann:hunter2@shop.example.com/api": True,
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_variable_that_makes_no_address_stops_before_anything_starts(address: str) -> None:
    text = SHOP.replace("http://127.0.0.1:${PORT:-8800}", "${ADDRESS}")
    if ADDRESSES[address]:
        assert plan_of(text, variables={"ADDRESS": address}).environment.url in {
            address,
            address[:-1],
        }
        return
    with pytest.raises(InvalidSpecError) as caught:
        plan_of(text, variables={"ADDRESS": address})
    (found,) = caught.value.diagnostics
    assert found.code == "PS107"
    assert found.message == f"url is {address!r}, which ${{ADDRESS}} became"
    assert text.splitlines()[found.line - 1][found.column - 1 :].startswith('"${ADDRESS}')


def test_the_default_of_a_variable_counts_where_it_is_empty() -> None:
    """CI systems set a variable that nobody gave a value to the empty text."""
    text = SHOP.replace("users: 5", 'users: "${USERS:-5}"')
    assert text != SHOP
    empty = plan_of(text, variables={"PORT": "", "USERS": ""})
    assert empty == plan_of(text, variables={})


@pytest.mark.parametrize("address", ["", "hunter2", "http://[hunter2"])
def test_a_secret_that_makes_no_address_is_not_told(address: str) -> None:
    text = SHOP.replace("http://127.0.0.1:${PORT:-8800}", "${ADDRESS_TOKEN}")
    found = plan_of(text, variables={"ADDRESS_TOKEN": address}).environment
    with pytest.raises(UsageError, match="ADDRESS_TOKEN") as caught:
        resolved(found, lambda _: address)
    assert "hunter2" not in str(caught.value)


def test_a_plan_survives_its_file() -> None:
    plan = plan_of()
    assert jsonio.decode(jsonio.encode(plan), Plan) == plan


def test_a_list_of_levels_is_a_stage_for_each() -> None:
    load = plan_of().test("load")
    assert [each.users for each in load.stages] == [10, 20, 30, 0]
    assert load.stages[1].ramp_s == load.stages[2].ramp_s == 5


def test_users_and_duration_are_one_jump() -> None:
    assert plan_of().test("smoke").stages == (Stage(users=5, hold_s=20),)


def test_spawn_rate_ramps_within_the_duration() -> None:
    text = SHOP.replace("duration: 20s,", "duration: 20s, spawn_rate: 1/s,")
    assert plan_of(text).test("smoke").stages == (Stage(users=5, ramp_s=5, hold_s=15),)


def test_time_scale_shortens_everything_that_takes_time() -> None:
    (whole,), (scaled,) = plan_of(only=("load",)).tests, plan_of(sequence="quick").tests
    assert duration_s(scaled.stages) == pytest.approx(duration_s(whole.stages) / 10)
    assert scaled.warm_up_s == pytest.approx(whole.warm_up_s / 10)
    assert scaled.stages[1].jitter is not None
    assert scaled.stages[1].jitter.every_s == (0.5, 1.0)
    assert scaled.time_scale == 0.1


def test_every_step_takes_chance_away_and_spreads_mixes() -> None:
    smoke, load = plan_of().test("smoke"), plan_of().test("load")
    reader, browser = smoke.personas
    (group,) = (each for each in reader.journey if isinstance(each, GroupStep))
    assert all(each.options.chance == 1 for each in group.steps if isinstance(each, RequestStep))
    assert [each.endpoint for each in browser.journey if isinstance(each, RequestStep)] == [
        "list_books",
        "book",
    ]
    assert isinstance(load.personas[1].journey[0], MixStep)


def test_tags_choose_steps_but_not_signing_in() -> None:
    plan = plan_of(only=("load",), tags=("reading",))
    reader, browser = plan.test("load").personas
    assert endpoints_of(reader.journey) == ["book"]
    assert endpoints_of(reader.on_start) == ["login"]
    (mix,) = browser.journey
    assert isinstance(mix, MixStep)
    assert list(mix.choices) == [("book", 1.0)]
    assert {each.name for each in plan.endpoints} == {"login", "list_books", "book"}


def test_without_drops_what_it_names() -> None:
    text = SHOP.replace("    slo: { p95: 1s,", "    without: { tags: slow }\n    slo: { p95: 1s,")
    plan = plan_of(text, only=("load",))
    assert {each.name for each in plan.endpoints} == {"login", "list_books", "book"}
    assert plan.files == ()


def test_personas_of_a_test_replace_the_weights() -> None:
    named = SHOP.replace(
        "tests:\n", "tests:\n  two: { users: 9, duration: 1s, personas: [reader] }\n"
    )
    (reader,) = plan_of(named, sequence="two").test("two").personas
    assert (reader.name, reader.weight) == ("reader", 1)


def test_limits_stand_on_their_line() -> None:
    found = objective(plan_of(), "load", "list_books.p99")
    assert (found.warn, found.fail) == (0.5, 0.7)
    assert found.place.line == line_of("warn: 500ms")
    assert found.origin == "endpoints.list_books.slo.p99"


def test_a_tests_own_limit_replaces_the_roots() -> None:
    assert objective(plan_of(), "smoke", "total.error_rate").fail == 0
    assert objective(plan_of(), "load", "total.error_rate").fail == 0.01


def test_an_environments_limit_replaces_the_roots() -> None:
    plan = plan_of(environment="staging")
    assert objective(plan, "load", "total.error_rate").fail == 0.05
    assert objective(plan, "smoke", "total.error_rate").fail == 0


def test_an_objective_looks_at_each_selected_endpoint() -> None:
    found = [each for each in plan_of().test("load").objectives if each.requirement]
    assert [each.id for each in found] == [
        "critical.login.success_rate",
        "critical.book.success_rate",
    ]
    assert {each.requirement for each in found} == {"11.2"}


def test_a_poll_is_judged_as_done_and_a_group_for_its_persona() -> None:
    plan = plan_of()
    done = objective(plan, "load", "report.done.p95").subject
    group = objective(plan, "load", "sending/reader.p95").subject
    assert (done.kind, done.name) == ("done", "report.done")
    assert (group.kind, group.persona) == ("group", "reader")


def test_signing_in_is_judged_over_the_whole_test() -> None:
    found = objective(plan_of(), "load", "login.p95")
    assert found.during == "whole"
    assert found.expected == 24  # readers among 30 users


@pytest.mark.parametrize(("mode", "cap"), [("warn", "warn"), ("fail", "fail")])
def test_endpoint_limits_may_only_warn(mode: str, cap: str) -> None:
    text = SHOP.replace("    slo: { p95: 1s,", f"    endpoint_limits: {mode}\n    slo: {{ p95: 1s,")
    plan = plan_of(text)
    assert objective(plan, "load", "list_books.p99").cap == cap
    assert objective(plan, "load", "total.p95").cap == "fail"


def test_endpoint_limits_may_be_off() -> None:
    text = SHOP.replace("    slo: { p95: 1s,", "    endpoint_limits: off\n    slo: { p95: 1s,")
    ids = {each.id for each in plan_of(text).test("load").objectives}
    assert "list_books.p99" not in ids
    assert "critical.login.success_rate" in ids


def test_secrets_stay_names() -> None:
    plan = plan_of()
    assert b"hunter2" not in jsonio.encode(plan)
    assert plan.variables == {}
    assert plan.data[0].secret == ("password",)


def test_a_plain_variable_is_kept_beside_the_texts() -> None:
    text = SHOP.replace("query: { page: 1 }", 'query: { shop: "${SHOP_ID}" }')
    plan = plan_of(text, variables={"PASSWORD": "x", "SHOP_ID": "7"})
    assert plan.variables == {"SHOP_ID": "7"}
    assert plan.endpoint("list_books").query == {"shop": "${SHOP_ID}"}


def test_a_missing_variable_in_use_is_an_error_at_its_place() -> None:
    text = SHOP.replace("query: { page: 1 }", 'query: { shop: "${SHOP_ID}" }')
    with pytest.raises(InvalidSpecError) as caught:
        plan_of(text)
    (found,) = caught.value.diagnostics
    assert "SHOP_ID" in found.message
    assert found.line == line_of("query: { page: 1 }")


def test_a_missing_variable_out_of_use_is_none() -> None:
    text = SHOP.replace("request: POST /upload", "request: POST /${SHOP_ID}")
    assert plan_of(text, tags=("reading",)).variables == {}


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"sequence": "quik"}, "did you mean 'quick'"),
        ({"environment": "stagin"}, "did you mean 'staging'"),
        ({"only": ("laod",)}, "did you mean 'load'"),
    ],
)
def test_an_unknown_name_is_told(choice: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        plan_of(**choice)  # type: ignore[arg-type]  # one of plan_of's keywords


def test_path_parameters_are_encoded_templates() -> None:
    assert plan_of().endpoint("book").url == "/books/{{ ( ids | random ) | path_part }}"
    poll = plan_of().endpoint("report").poll
    assert poll is not None
    assert poll.url == "/reports/{{ job | path_part }}"


def test_a_persona_without_weight_waits_for_its_name() -> None:
    text = SHOP.replace("    weight: 20\n", "")
    assert [each.name for each in plan_of(text).test("load").personas] == ["reader"]


def test_personas_without_any_weight_share_alike() -> None:
    text = SHOP.replace("    weight: 80\n", "").replace("    weight: 20\n", "")
    assert [each.weight for each in plan_of(text).test("load").personas] == [1, 1]


def test_a_group_is_judged_wherever_it_stands() -> None:
    text = SHOP.replace(
        "on_start: [login]",
        "on_start: [{ group: entering, slo: { p95: 1s }, steps: [login] }]",
    )
    found = objective(plan_of(text), "load", "entering/reader.p95")
    assert (found.subject.kind, found.during) == ("group", "whole")


def test_a_persona_of_python_steps_runs_and_may_call_anything() -> None:
    text = SHOP.replace(
        "    mix: { list_books: 3, book: 1 }\n", "    journey: [call: helpers:browse]\n"
    )
    plan = plan_of(text, tags=("reading",))
    assert [each.name for each in plan.test("load").personas] == ["reader", "browser"]
    assert {each.name for each in plan.endpoints} >= {"upload", "report"}


def test_variables_are_put_into_file_paths() -> None:
    text = SHOP.replace("small: { size: 50KB", 'small: { path: "${PICTURES}/a.png"')
    (files,) = plan_of(text, variables={"PASSWORD": "x", "PICTURES": "/srv"}).files
    assert files.classes[0].path == "/srv/a.png"


def test_a_header_replaces_the_default_whatever_its_case() -> None:
    text = SHOP.replace("    query: { page: 1 }", "    headers: { accept: text/csv }")
    plan = plan_of(text)
    assert plan.endpoint("list_books").headers == {"accept": "text/csv"}
    assert plan.endpoint("book").headers == {"Accept": "application/json"}


def test_a_groups_think_time_is_foreseen() -> None:
    text = SHOP.replace("      - group: sending\n", "      - group: sending\n        think: 100s\n")
    slow = objective(plan_of(text), "load", "report.done.p95").expected
    usual = objective(plan_of(), "load", "report.done.p95").expected
    assert slow is not None
    assert usual is not None
    assert slow < usual / 5
