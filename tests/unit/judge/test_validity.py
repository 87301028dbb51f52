from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.judge.select import measured
from perfspec.judge.validity import Validity, check, unready
from perfspec.measure.histogram import Histogram
from perfspec.plan.load import Jitter, Span, Stage, judged
from tests.results import make_test, measure

if TYPE_CHECKING:
    from perfspec.measure.model import TestResult
    from perfspec.plan.model import Test


def look(test: Test, result: TestResult) -> Validity:
    return check(test, result, judged(test.stages, "hold", test.warm_up_s))


def with_health(hold_s: float = 60, p50_s: float = 0.1, **health: float) -> Validity:
    test = make_test(users=20, hold_s=hold_s)
    return look(test, measure(test, {"login": [p50_s] * 100}, health=health))


def test_a_healthy_generator_is_valid() -> None:
    assert with_health() == Validity(delay_s=0.0008)


def test_ten_busy_seconds_are_saturation() -> None:
    assert with_health(busy_s=9.9).invalid is None
    found = with_health(busy_s=10)
    assert not found.broken
    assert found.invalid is not None
    assert "saturated" in found.invalid
    assert "for 10s" in found.invalid


def test_a_busy_core_on_average_is_saturation_although_it_rests_now_and_then() -> None:
    assert with_health(cpu=0.89, busy_s=4).invalid is None
    assert "used 93% of its core on average" in str(with_health(cpu=0.93, busy_s=4).invalid)
    assert with_health(hold_s=8, cpu=0.93, busy_s=4).invalid is None


def test_a_test_of_a_few_seconds_is_saturated_when_it_was_busy_throughout() -> None:
    assert with_health(hold_s=4, busy_s=3).invalid is None
    assert with_health(hold_s=4, busy_s=4).invalid is not None


def test_busy_seconds_outside_the_judged_ones_do_not_count() -> None:
    test = make_test(stages=(Stage(users=20, hold_s=20), Stage(users=0, ramp_s=20)))
    result = measure(test, {"login": [0.1] * 100})
    for each in result.health[20:]:
        each.busy_s = 15
    assert look(test, result).invalid is None


def test_planned_users_missed_by_two_percent() -> None:
    test = make_test(users=200, hold_s=60)
    for users, valid in ((200, True), (196, True), (195, False), (205, False)):
        result = measure(test, {"login": [0.1] * 100}, health={"users": users})
        found = look(test, result).invalid
        assert (found is None) is valid, users
    assert "ran 195 users where 200" in str(
        look(test, measure(test, {"login": [0.1]}, health={"users": 195})).invalid
    )


def test_a_user_is_rounding() -> None:
    assert with_health(users=19).invalid is None
    assert with_health(users=18.9).invalid is not None


def test_each_hold_is_looked_at_by_itself() -> None:
    stages = tuple(Stage(users=each, ramp_s=2, hold_s=20) for each in (100, 200, 300))
    test = make_test(stages=stages)
    result = measure(test, {"login": [0.1] * 100})
    levels = [min((start // 22 + 1) * 100, 300) for start in result.edges[:-1]]
    for health, level in zip(result.health, levels, strict=True):
        health.planned = health.users = level
    assert look(test, result).invalid is None
    for health in result.health:
        if 22 <= result.edges[health.index] < 44:
            health.users = 190
    assert "between 24s and 44s" in str(look(test, result).invalid)


def test_the_second_that_a_jump_takes_is_no_miss() -> None:
    test = make_test(stages=(Stage(users=10, hold_s=10), Stage(users=100, hold_s=10)))
    result = measure(test, {"login": [0.1] * 100})
    for health in result.health:
        health.planned = health.users = 10 if health.index < 10 else 100
    result.health[10].users = 40
    assert look(test, result).invalid is None


def test_a_tick_that_tells_of_what_follows_the_hold_is_no_miss() -> None:
    test = make_test(users=200, hold_s=20)
    result = measure(test, {"login": [0.1] * 100})
    result.health[-1].planned = 0
    assert look(test, result).invalid is None
    result.health[-3].planned = 0
    assert look(test, result).invalid is not None


def test_users_who_leave_a_test_that_was_stopped_are_no_miss() -> None:
    test = make_test(users=200, hold_s=60)
    result = measure(test, {"login": [0.1] * 100}, until_s=25, status="partial")
    for health in result.health[20:]:
        health.users = 0
    result.health[19].users = 150
    spans = measured(result, judged(test.stages, "hold", 0))
    assert spans == (Span(start_s=0, end_s=20),)
    assert check(test, result, spans).invalid is None


def test_jitter_is_what_was_planned() -> None:
    stage = Stage(users=100, hold_s=60, jitter=Jitter(by=0.1, every_s=(5, 10)))
    test = make_test(stages=(stage,))
    result = measure(test, {"login": [0.1] * 100})
    for health in result.health:
        health.users = health.planned = 90 + health.index % 20
    assert look(test, result).invalid is None


def test_a_lost_worker_breaks_the_run() -> None:
    test = make_test(hold_s=20)
    result = measure(test, {"login": [0.1] * 100}, health={"workers": 4})
    for health in result.health[12:]:
        health.workers = 3
    found = look(test, result)
    assert found.broken
    assert found.invalid == "1 of 4 load generator workers were lost."


def test_a_loop_that_stands_still_is_invalid() -> None:
    assert with_health(hub_delay_us=99_000).invalid is None
    assert with_health(hub_delay_us=100_000, p50_s=2.0).invalid is None
    found = with_health(hub_delay_us=120_000)
    assert found.delay_s == 0.12
    assert "stood still for 120 ms" in str(found.invalid)


def test_one_long_iteration_is_not_typical() -> None:
    test = make_test(hold_s=20)
    result = measure(test, {"login": [0.1] * 100})
    result.health[3].hub_delay_us = 900_000
    assert look(test, result) == Validity(delay_s=0.0008)


def test_where_answers_are_stamped_the_loop_adds_nothing_to_latencies() -> None:
    test = make_test(hold_s=20)
    result = measure(test, {"login": [0.1] * 100}, health={"hub_delay_us": 90_000})
    for health in result.health:
        health.waits = Histogram.of([80_000])
    assert look(test, result) == Validity()
    result.health[5].waits = None
    assert look(test, result) == Validity(delay_s=0.09)


def test_samples_without_a_word_of_the_generator_are_not_judged() -> None:
    test = make_test(hold_s=20)
    result = measure(test, {"login": [0.1] * 100})
    result.health.clear()
    assert "did not report" in str(look(test, result).invalid)


def test_users_who_never_come_past_on_start_send_no_load() -> None:
    test = make_test(users=50, hold_s=60)
    spans = judged(test.stages, "hold", test.warm_up_s)
    for ready, whole in ((50, True), (49, True), (48, False), (0, False)):
        result = measure(test, {"login": [0.1] * 100}, health={"ready": ready})
        found = unready(test, result, spans)
        assert (found is None) == whole
        assert check(test, result, spans).invalid is None  # what is broken stays so
    nobody = measure(test, {"login": [0.1] * 100}, health={"ready": 0})
    said = "50 of 50 users never came past `on_start` between 0s and 1m, so"
    assert (unready(test, nobody, spans) or "").startswith(said)


def test_on_start_may_take_a_while() -> None:
    test = make_test(users=50, hold_s=60)
    result = measure(test, {"login": [0.1] * 100}, health={"ready": 0})
    result.health[50].ready = 50
    assert unready(test, result, judged(test.stages, "hold", test.warm_up_s)) is None
