"""The time series of a run: where points stand, what lines are called, and what is left out."""

from __future__ import annotations

from datetime import datetime

import pytest

from perfspec.export.lines import (
    CPU,
    FAILURES,
    LATENCY,
    MONITOR,
    OUTCOME,
    REQUESTS,
    USERS,
    Line,
    lines_of,
)
from perfspec.judge.verdict import judge_run
from tests.results import bookshop_run
from tests.shapes import failing_run


def lines() -> list[Line]:
    plan, result = failing_run()
    return lines_of(plan, result, judge_run(plan, result))


def test_points_stand_at_the_ends_of_windows() -> None:
    _, result = failing_run()
    [test] = result.tests
    begin = datetime.fromisoformat(test.started).timestamp()
    [total] = [
        each for each in lines() if each.metric == REQUESTS and each.labels["scope"] == "all"
    ]
    assert [at - begin for at, _ in total.points] == pytest.approx(test.edges[1:])
    spans = [end - start for start, end in zip(test.edges, test.edges[1:], strict=False)]
    sent = sum(rate * span for (_, rate), span in zip(total.points, spans, strict=True))
    assert sent == pytest.approx(sum(w.count for each in test.series for w in each.windows))


def test_every_line_says_of_what_it_is() -> None:
    found = lines()
    assert {each.metric for each in found} == {
        REQUESTS, FAILURES, LATENCY, USERS, CPU, MONITOR, OUTCOME,
    }  # fmt: skip
    assert {(each.labels["run"], each.labels["test"]) for each in found} == {
        (failing_run()[1].run_id, "load")
    }
    assert len({(each.metric, *sorted(each.labels.items())) for each in found}) == len(found)
    [outcome] = [each for each in found if each.metric == OUTCOME]
    assert (outcome.labels["outcome"], [value for _, value in outcome.points]) == ("fail", [1.0])
    assert {each.labels["quantile"] for each in found if each.metric == LATENCY} == {
        "0.5",
        "0.95",
        "0.99",
    }
    assert {each.labels["error"] for each in found if each.metric == FAILURES} == {"server"}


def test_a_line_never_goes_back_in_time() -> None:
    for each in lines():
        times = [at for at, _ in each.points]
        assert times == sorted(times)
        assert each.points


def test_tests_that_did_not_run_have_no_line() -> None:
    plan, result = bookshop_run()
    ran = {each.name for each in result.tests if each.status != "skipped"}
    assert len(ran) < len(result.tests)
    assert {each.labels["test"] for each in lines_of(plan, result, judge_run(plan, result))} == ran
