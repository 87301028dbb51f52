"""What a run leaves for later comparisons."""

from __future__ import annotations

import pytest

from perfspec import jsonio
from perfspec.baseline.record import Record
from perfspec.judge.evidence import throughput_of
from perfspec.judge.points import Numbers, point_of
from perfspec.judge.record import record_of
from perfspec.measure.errors import ErrorClass
from perfspec.measure.histogram import Histogram
from perfspec.measure.model import ProbeWindow
from perfspec.plan.budget import Budget
from perfspec.plan.limits import Subject
from perfspec.plan.load import Stage
from perfspec.plan.metrics import metric_of
from tests.results import Traffic, latencies, make_plan, make_run, make_test, measure, place

BUYERS = Subject(kind="request", name="login", persona="buyer")
LARGE = Subject(kind="request", name="login", file_class="large")
VISIT = Subject(kind="group", name="visit", persona="reader")


def budget(subject: Subject) -> Budget:
    return Budget(
        id=str(subject),
        subject=subject,
        metric=metric_of("p95"),
        fail=0.1,
        min_samples=100,
        place=place(7),
        origin="budget.p95",
    )


def test_endpoints_are_recorded_whole_and_what_budgets_are_about_besides() -> None:
    asked = (BUYERS, LARGE, VISIT, Subject(kind="request", name="login"), Subject(kind="total"))
    test = make_test(budgets=tuple(map(budget, asked)))
    traffic = {
        "login": Traffic(latencies(400, 0.1), file_class="large"),
        "visit": Traffic(latencies(100, 0.5), kind="group"),
    }
    result = measure(test, traffic)
    result.series += measure(test, {"login": Traffic(latencies(200, 0.3), persona="buyer")}).series
    plan = make_plan(test)
    record = record_of(plan, test, make_run(plan, result), result)
    assert [each.subject for each in record.series] == [Subject(kind="request", name="login")]
    requests = {each.subject: each.requests for each in record.parts}
    assert requests == {BUYERS: 200, LARGE: 400, VISIT: 100}
    assert record.series[0].requests == 600
    assert record.find(VISIT) is record.parts[-1]
    assert record.find(Subject(kind="group", name="visit", persona="buyer")) is None
    assert all(each.variance["p95"] > 0 for each in record.parts)


def test_the_probe_is_that_of_the_judged_seconds() -> None:
    test = make_test(stages=(Stage(users=10, ramp_s=10, hold_s=20), Stage(users=0, ramp_s=5)))
    plan, result = make_plan(test), measure(test, {"login": latencies(100, 0.1)})
    record = record_of(plan, test, make_run(plan, result), result)
    assert record.probe_s is None
    result.probe = [
        ProbeWindow(
            index=index, took=Histogram.of([500 if 10 <= result.edges[index] < 30 else 9000] * 20)
        )
        for index in range(len(result.edges) - 1)
    ]
    record = record_of(plan, test, make_run(plan, result), result)
    assert record.probe_s == pytest.approx(0.0005, rel=0.01)


def test_messages_that_nobody_acknowledges_count_without_a_time() -> None:
    test = make_test()
    traffic = {
        "login": Traffic(latencies(400, 0.1)),
        "chat.chunk": Traffic([0.0] * 6000, {ErrorClass.RESET: 60}, timed=False),
    }
    result, plan = measure(test, traffic), make_plan(test)
    record = record_of(plan, test, make_run(plan, result), result)
    assert jsonio.decode(jsonio.encode(record), Record) == record
    login, chunk = record.series
    assert (login.requests, login.untimed) == (400, 0)
    assert (chunk.requests, chunk.untimed, chunk.latency.count) == (6000, 6000, 0)
    assert {each.p95 for each in chunk.windows} == {None}
    assert sum(each.requests for each in chunk.windows) == 6000
    point = point_of(record)
    assert point.of(chunk.subject) == Numbers(requests=6000, failed=60, rate=100.0, latency={})
    total = point.of(Subject(kind="total"))
    assert (total.requests, total.error_rate) == (6400, 60 / 6400)
    assert total.latency == point.of(login.subject).latency
    assert throughput_of(record) == 6400 / 60
