"""What a spec says once for many: default headers, and the file's order of personas."""

from __future__ import annotations

from tests.shop import SHOP, plan_of


def test_default_headers_go_out_with_polls_too() -> None:
    poll = plan_of().endpoint("report").poll
    assert poll is not None
    assert poll.headers == {"Accept": "application/json"}


def test_a_header_of_a_poll_replaces_the_default() -> None:
    text = SHOP.replace("      every: 1s\n", "      every: 1s\n      headers: { accept: a/b }\n")
    poll = plan_of(text).endpoint("report").poll
    assert poll is not None
    assert poll.headers == {"accept": "a/b"}


def test_a_list_of_personas_is_shared_in_file_order() -> None:
    text = SHOP.replace("users: 5, duration", "personas: [browser, reader], users: 5, duration")
    found = plan_of(text).test("smoke").personas
    assert [(each.name, each.weight) for each in found] == [("reader", 1), ("browser", 1)]


def test_an_environments_abort_stands_beside_the_tests_own() -> None:
    text = SHOP.replace(
        "slo: { error_rate: 5% } }",
        "slo: { error_rate: 5% }, protected: { abort: { error_rate: 10% } } }",
    ).replace("every_step: true,", "every_step: true, abort: { error_rate: 20% },")
    found = plan_of(text, environment="staging").test("smoke").abort
    assert [(each.metric.name, each.limit, each.origin) for each in found] == [
        ("error_rate", 0.2, "tests.smoke.abort.error_rate"),
        ("error_rate", 0.1, "environments.staging.protected.abort.error_rate"),
    ]


def test_an_objective_on_file_classes_is_about_those_who_send_them() -> None:
    objectives = """
  large: { where: { classes: large }, slo: { p95: 9s } }
  never: { where: { endpoints: login, classes: small }, slo: { max: 9s } }
  each: { where: { tags: [slow, critical], classes: [small, large] }, slo: { max: 9s } }
tests:"""
    text = SHOP.replace("\ntests:", objectives)
    whole, part = plan_of(text).test("load"), plan_of(text, tags=("reading",)).test("load")
    found = [each.id for each in whole.objectives if each.subject.file_class]
    assert found == [
        "large.total/large.p95",
        "never.login/small.max",
        "each.upload/small.max",
        "each.upload/large.max",
    ]
    found = [each.id for each in part.objectives if each.subject.file_class]
    assert found == ["never.login/small.max"]


def test_limits_of_what_only_a_function_may_call_are_judged() -> None:
    text = SHOP.replace(
        "\npersonas:", "\n  hidden: { request: GET /h, slo: { p95: 1s } }\npersonas:"
    )
    assert not [each for each in plan_of(text).test("load").objectives if "hidden" in each.id]
    text = text.replace("mix: { list_books: 3, book: 1 }", "journey: [call: helpers:browse]")
    (found,) = [each for each in plan_of(text).test("load").objectives if "hidden" in each.id]
    assert (found.id, found.during) == ("hidden.p95", "hold")
