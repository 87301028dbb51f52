from __future__ import annotations

from perfspec.judge.verdict import judge_run
from perfspec.measure.excerpt import first_words
from perfspec.plan.load import Span
from perfspec.report.tables import (
    EndpointRow,
    endpoint_rows,
    error_rows,
    finding_rows,
    generator_text,
    journeys_text,
    judged_text,
    subjects,
)
from tests.results import (
    HOSTILE,
    Traffic,
    bookshop_run,
    limit,
    make_plan,
    make_run,
    make_test,
    measure,
)


def test_series_come_in_the_order_of_the_plan() -> None:
    test = make_test()
    result = measure(
        test,
        {
            "review": Traffic([0.1], kind="group"),
            "order.done": Traffic([0.1], kind="done"),
            "order.poll": Traffic([0.1], kind="poll"),
            "order": Traffic([0.1], file_class="small"),
            "login": [0.1],
        },
    )
    names = [str(each) for each in subjects(make_plan(test), result)]
    assert names == [
        "all requests", "login", "order", "order of class small", "order.poll", "order.done",
        "review",
    ]  # fmt: skip


def test_a_number_without_samples_is_a_dash() -> None:
    test = make_test(hold_s=20)
    [total] = endpoint_rows(make_plan(test), measure(test, {}), (Span(start_s=10, end_s=20),))
    assert total == EndpointRow("all requests", "0", "0", "-", "-", "-", "-", "-")


def test_what_happened_only_before_is_shown_over_the_whole_test() -> None:
    test = make_test(hold_s=20)
    result = measure(test, {"login": [0.1] * 100}, until_s=10)
    result.measured_s = 20
    [_, login] = endpoint_rows(make_plan(test), result, (Span(start_s=10, end_s=20),))
    assert (login.name, login.requests, login.rate) == ("login, whole test", "100", "5/s")


def test_rows_have_units() -> None:
    plan, run = bookshop_run()
    verdict = judge_run(plan, run).tests[1]
    row = endpoint_rows(plan, run.tests[1], verdict.judged)[2]
    assert (row.name, row.requests, row.errors) == ("list_books", "1,465", "11 (0.75%)")
    assert row.rate == "26.6/s"
    assert row.p50.endswith(" ms")


def test_the_gravest_finding_comes_first() -> None:
    plan, run = bookshop_run()
    found = finding_rows(judge_run(plan, run).tests[1].findings)
    assert [each.outcome for each in found] == [
        "fail", "fail", "inconclusive", "warn", "pass", "pass",
    ]  # fmt: skip
    assert found[1].limit == "at most 300 ms"
    assert found[3].limit == "at most 400 ms, warns beyond 200 ms"
    assert found[1].place == "perfspec.yaml:44"
    assert (found[0].metric, found[0].interval) == ("availability", "")


def test_open_intervals_are_told() -> None:
    test = make_test(limit("p50", 0.2), hold_s=4)
    result = measure(test, {"login": [0.1 + each / 1000 for each in range(10)]})
    plan = make_plan(test)
    [row] = finding_rows(judge_run(plan, make_run(plan, result)).tests[0].findings)
    assert row.interval == "101 ms to 108 ms"
    [few] = finding_rows(
        judge_run(plan, make_run(plan, measure(test, {"login": [0.1]}))).tests[0].findings
    )
    assert few.interval == ""


def test_errors_say_since_when() -> None:
    _, run = bookshop_run()
    row = error_rows(run.tests[1].errors)[1]
    assert (row.count, row.first) == ("3", "12.4s, 7 users")


def test_errors_say_what_was_answered_where_that_is_known() -> None:
    _, run = bookshop_run()
    with_answer, without = error_rows(run.tests[1].errors)
    assert (with_answer.body, without.body) == (first_words(HOSTILE), "")


def test_open_connections_are_told_where_there_are_any() -> None:
    plan, run = bookshop_run()
    smoke, *_ = judge_run(plan, run).tests
    assert "open" not in journeys_text(plan.tests[0], run.tests[0], smoke)
    for each in run.tests[0].health:
        each.open_connections = 40.4
    assert journeys_text(plan.tests[0], run.tests[0], smoke).endswith("up to 40 connections open")


def test_judged_seconds_in_words() -> None:
    plan, run = bookshop_run()
    smoke, load, soak = judge_run(plan, run).tests
    assert judged_text(load) == "15s to 1m10s"
    assert judged_text(soak) == "no second"
    assert generator_text(run.tests[0], smoke) == (
        "load generator: at most 50% of a core; longest stall 0.8 ms"
    )
    run.tests[0].overrun = 3
    assert "3 requests cut off at the end" in generator_text(run.tests[0], smoke)
