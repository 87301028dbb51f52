"""Where a history changed level: by how much, whose, and never across what is not comparable."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from perfspec.judge.points import TOTAL, Point, point_of
from perfspec.judge.steps import levels, segments, steps
from perfspec.plan.limits import Subject
from tests.records import NAMES, record

THIRD = Subject(kind="request", name=NAMES[2])


def runs(count: int, at: int, factor: float, *names: str, **rest: Any) -> list[Point]:  # noqa: ANN401
    """From run ``at`` on, some endpoints are slower."""
    slower = dict.fromkeys(names, factor)
    return [
        point_of(record(each, slower=slower if each >= at else None, **rest))
        for each in range(count)
    ]


def test_a_point_holds_the_numbers_of_its_record() -> None:
    whole = record(0, failed={NAMES[0]: 10})
    point = point_of(whole)
    assert (point.run_id, point.commit, point.test) == (whole.run_id, whole.commit, "load")
    third = whole.series[2]
    assert point.numbers[THIRD].latency["p95"] == third.latency.quantile(0.95)
    assert point.numbers[THIRD].rate == pytest.approx(third.requests / whole.judged_s)
    assert point.numbers[TOTAL].requests == sum(each.requests for each in whole.series)
    assert point.numbers[TOTAL].error_rate == pytest.approx(10 / 8000)
    assert list(point.numbers) == [TOTAL, *(Subject(kind="request", name=each) for each in NAMES)]


def test_parts_of_an_endpoint_are_not_counted_again() -> None:
    whole = record(0)
    part = msgspec.structs.replace(whole.series[2], persona="buyer")
    with_part = msgspec.structs.replace(whole, series=(*whole.series, part))
    assert point_of(with_part) == point_of(whole)


def test_a_slowdown_is_found_with_its_size_and_its_endpoint() -> None:
    points = runs(30, 18, 1.3, NAMES[2])
    [step] = steps(points)
    assert (step.at, step.subject) == (18, THIRD)
    moved = {each.metric: each for each in step.moved}
    assert set(moved) == {"p50", "p95", "p99"}
    assert moved["p95"].change == pytest.approx(0.3, abs=0.06)
    assert moved["p95"].after / moved["p95"].before == pytest.approx(1.3, abs=0.08)
    assert max(step.moved, key=lambda each: abs(each.change)) == step.moved[0]
    level = levels(points, [step], THIRD)
    assert set(level) == {moved["p95"].before, moved["p95"].after}
    assert level.index(moved["p95"].after) == 18


def test_what_all_endpoints_do_is_one_step() -> None:
    found = steps(runs(24, 12, 0.7, *NAMES))
    assert {(each.at, each.subject) for each in found} == {(12, TOTAL)}
    assert found[0].moved[0].change == pytest.approx(-0.3, abs=0.06)


def test_a_history_without_a_step_has_none() -> None:
    points = runs(40, 40, 1.0)
    assert steps(points) == ()
    assert len(set(levels(points, (), TOTAL))) == 1


def test_few_endpoints_share_nothing() -> None:
    names = NAMES[:2]
    [step] = steps(runs(20, 10, 1.4, names[0], names=names))
    assert (step.at, step.subject.name) == (10, names[0])


def test_the_step_of_one_of_few_is_no_step_back_of_the_others() -> None:
    names = NAMES[:5]
    found = steps(runs(60, 30, 1.4, names[1], names=names))
    assert [(each.at, each.subject.name) for each in found] == [(30, names[1])]


def test_runs_of_another_plan_are_another_history() -> None:
    before = runs(12, 0, 1.0)
    after = [
        point_of(record(each, fingerprint="0" * 16, slower=dict.fromkeys(NAMES, 2.0)))
        for each in range(12, 24)
    ]
    points = [*before, *after]
    assert segments(points) == ((0, 12), (12, 24))
    assert steps(points) == ()
    level = levels(points, (), THIRD)
    assert len(set(level)) == 2
    assert level[11] != level[12]


def test_an_endpoint_that_is_not_always_called_hides_no_other() -> None:
    points = runs(24, 12, 1.4, NAMES[2])
    gone = Subject(kind="request", name=NAMES[5])
    del points[3].numbers[gone]
    assert [each.subject for each in steps(points)] == [THIRD]
    assert levels(points, (), gone)[3] is not None
    del points[0].numbers[gone]
    assert levels(points[:1], (), gone) == (None,)
