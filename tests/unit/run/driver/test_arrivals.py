"""The open model as its target sees it: journeys come on time, whatever it does."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from perfspec.plan.journey import PythonStep
from perfspec.plan.load import Stage
from perfspec.plan.model import OpenModel
from tests.drivers import run, running
from tests.plans import PLACE, endpoint, persona, plan, rows
from tests.targets import Answer

if TYPE_CHECKING:
    from pathlib import Path

    from perfspec.plan.journey import Persona
    from perfspec.plan.model import Plan
    from tests.conftest import Eventually
    from tests.drivers import Driver
    from tests.targets import Target

pytestmark = pytest.mark.slow

A, B, C = endpoint("a", "GET /a"), endpoint("b", "GET /b"), endpoint("c", "GET /c")
TWENTY = Stage(arrivals=20, hold_s=1.0)


def opened(
    target: Target,
    *people: Persona,
    stages: tuple[Stage, ...] = (TWENTY,),
    max_users: int = 20,
    finish_within_s: float = 10.0,
    **rest: Any,  # noqa: ANN401  (fields of the plan)
) -> Plan:
    model = OpenModel(max_users=max_users, finish_within_s=finish_within_s)
    return plan(target.url, people, [A, B, C], stages=stages, open_model=model, **rest)


def fates(driver: Driver) -> tuple[int, int, int, int]:
    """Completed, failed, cut off, dropped."""
    every = driver.result.journeys
    return (
        sum(each.completed for each in every),
        sum(each.failed for each in every),
        sum(each.cut_off for each in every),
        sum(each.dropped for each in every),
    )


@pytest.mark.parametrize("workers", ["1", "2"])
def test_every_journey_starts_once_and_ends(target: Target, tmp_path: Path, workers: str) -> None:
    people = persona("a", name="often", weight=3), persona("a", "b", name="seldom", weight=1)
    driver = run(opened(target, *people), tmp_path, "--workers", workers)
    assert driver.ended.problem is None
    assert fates(driver) == (20, 0, 0, 0)
    counts = {each.persona: each.completed for each in driver.result.journeys}
    assert counts["seldom"] in {4, 5, 6}
    assert (len(target.seen("/a")), len(target.seen("/b"))) == (20, counts["seldom"])
    assert driver.totals()["a"].count == 20
    assert {each.planned for each in driver.ticks} == {20}


def test_they_start_at_equal_distances_though_answers_take_longer(
    target: Target, tmp_path: Path
) -> None:
    target.on("/a", Answer(after_s=0.4))
    driver = run(opened(target, persona("a")), tmp_path)
    assert fates(driver) == (20, 0, 0, 0)
    starts = [each.at for each in target.seen("/a")]
    whole = starts[-1] - starts[0]
    assert max(after - before for before, after in pairwise(starts)) < whole / 4
    users = len({each.port for each in target.received})
    assert 6 < users < 20  # eight are busy at once; the first come back


def test_a_user_goes_on_with_its_data_and_its_connection(target: Target, tmp_path: Path) -> None:
    who = persona("a", on_start=["b"], on_stop=["c"], data="people")
    data = [rows("people", 20, pick="unique")]
    driver = run(opened(target, who, data=data), tmp_path)
    users = len({each.port for each in target.received})
    assert (len(target.seen("/b")), len(target.seen("/c"))) == (users, users)
    assert users < 20
    assert fates(driver) == (20, 0, 0, 0)


def test_users_and_their_rows_are_shared_alike(target: Target, tmp_path: Path) -> None:
    target.on("/a", Answer(after_s=3.0))
    data = [rows("people", 5, pick="unique")]
    planned = opened(target, persona("a", data="people"), max_users=5, data=data)
    driver = run(planned, tmp_path, "--workers", "2")
    assert driver.ended.problem is None
    assert fates(driver) == (5, 0, 0, 15)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_journey_without_a_free_user_is_dropped(
    target: Target, tmp_path: Path, workers: str
) -> None:
    target.on("/a", Answer(after_s=3.0))
    driver = run(opened(target, persona("a"), max_users=4), tmp_path, "--workers", workers)
    assert fates(driver) == (4, 0, 0, 16)
    assert len(target.received) == 4
    assert max(each.users for each in driver.ticks) == 4


def test_what_is_not_finished_in_time_is_cut_off_and_no_error(
    target: Target, tmp_path: Path
) -> None:
    target.on("/b", Answer(after_s=1.0))
    who = persona("a", "b", "b", "b", "b")
    stages = (Stage(arrivals=2, hold_s=1.0),)
    driver = run(opened(target, who, stages=stages, finish_within_s=0.5), tmp_path)
    assert fates(driver) == (0, 0, 2, 0)
    assert driver.result.errors == []
    assert driver.result.measured_s == 1.0
    assert sum(each.count for each in driver.totals().values()) == len(target.received)


def test_journeys_that_end_later_are_in_no_second_of_the_load(
    target: Target, tmp_path: Path
) -> None:
    who = persona("a", "b", think_s=(1.5, 1.5))
    driver = run(opened(target, who, stages=(Stage(arrivals=4, hold_s=1.0),)), tmp_path)
    assert fates(driver) == (4, 0, 0, 0)
    edges = driver.result.edges
    (late,) = [each for each in driver.result.series if each.key.name == "b"]
    assert [edges[window.index] for window in late.windows] == [1.0]


def test_a_failed_sign_in_is_a_failed_journey_and_the_next_one_tries_again(
    target: Target, tmp_path: Path
) -> None:
    target.on("/b", Answer(500))
    who = persona("a", on_start=["b"], on_stop=["c"])
    driver = run(opened(target, who, max_users=3), tmp_path)
    assert fates(driver) == (0, 20, 0, 0)
    assert (len(target.seen("/b")), target.seen("/a"), target.seen("/c")) == (20, [], [])
    assert max(each.ready for each in driver.ticks) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_test_that_is_stopped_neither_starts_nor_finishes_journeys(
    target: Target, tmp_path: Path, eventually: Eventually, workers: str
) -> None:
    who = persona("a", "b", think_s=(600.0, 600.0))
    stages = (Stage(arrivals=20, hold_s=600.0),)
    planned = opened(target, who, stages=stages, max_users=1000, finish_within_s=600.0)
    with running(planned, tmp_path, "--workers", workers) as driver:
        eventually(lambda: len(target.seen("/a")) >= 3)
        driver.say(b"stop\n")
    assert driver.ended.problem is None
    completed, failed, cut_off, dropped = fates(driver)
    assert (completed, failed, cut_off) == (0, 0, len(target.seen("/a")))
    assert dropped <= int(workers)  # due in the very moment


def test_a_late_generator_is_late_and_not_fast(target: Target, tmp_path: Path) -> None:
    """A function that blocks the process: latency counts from when requests should have begun."""
    (tmp_path / "slow.py").write_text(
        "from time import perf_counter\n\n\ndef work(session):\n"
        "    end = perf_counter() + 0.3\n    while perf_counter() < end:\n        pass\n"
    )
    blocking = persona(PythonStep(function="slow:work", place=PLACE), name="blocking")
    people = persona("a", name="reader", weight=9), blocking
    driver = run(opened(target, *people, directory=tmp_path), tmp_path)
    window = driver.totals()["a"]
    assert window.service is not None
    assert window.lateness is not None
    assert window.lateness.max_us > 100_000
    assert window.latency.max_us >= window.lateness.max_us
    assert window.latency.sum_us == window.service.sum_us + window.lateness.sum_us


def test_more_workers_than_users_cannot_be(target: Target, tmp_path: Path) -> None:
    driver = run(opened(target, persona("a"), max_users=1), tmp_path, "--workers", "2")
    assert driver.ended.problem == "max_users of 1 cannot be shared by 2 workers"
