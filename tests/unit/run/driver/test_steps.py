"""A journey's steps in the words of the language: what is taken, how often, and what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.measure.errors import ErrorClass
from perfspec.plan.journey import GroupStep, MixStep, Options, SetStep, ThinkStep
from perfspec.plan.request import Capture
from tests.plans import PLACE, endpoint, persona, plan, step
from tests.players import errors, named, on_stage, play
from tests.targets import Answer, in_turn, json_answer

if TYPE_CHECKING:
    from perfspec.plan.journey import Persona, Step
    from perfspec.plan.model import Plan
    from tests.targets import Target

ENDPOINTS = [endpoint(name, f"GET /{name}") for name in ("a", "b", "c", "d")]
FAILS = Answer(status=500)


def planned(target: Target, who: Persona) -> Plan:
    return plan(target.url, [who], ENDPOINTS)


def group(name: str, *names: str, **options: object) -> GroupStep:
    steps = tuple(step(each) for each in names)
    return GroupStep(name=name, steps=steps, options=Options(**options), place=PLACE)  # type: ignore[arg-type]


def test_steps_run_in_order_over_and_over(target: Target) -> None:
    folded = play(planned(target, persona("a", "b")), journeys=2)
    assert target.paths() == ["/a", "/b", "/a", "/b"]
    assert (folded.journeys[0].completed, folded.journeys[0].failed) == (2, 0)


def test_only_if_takes_null_false_zero_and_empty_text_as_false(target: Target) -> None:
    conditions = {"a": "nothing", "b": '""', "c": "0", "d": "environment.name == 'local'"}
    steps = [step(name, only_if=condition) for name, condition in conditions.items()]
    play(planned(target, persona(*steps)))
    assert target.paths() == ["/d"]


def test_chance_is_drawn_once_for_all_times(target: Target) -> None:
    play(planned(target, persona(step("a", chance=0.5, times=(2, 2)))), journeys=40)
    assert 20 < len(target.received) < 60
    assert len(target.received) % 2 == 0


def test_times_are_equally_likely(target: Target) -> None:
    with on_stage(planned(target, persona(step("a", times=(1, 3))))) as stage:
        stage.user.start()
        taken = []
        for _ in range(60):
            stage.user.journey()
            taken.append(stage.samples()["a"].count)
    assert {n: taken.count(n) > 10 for n in (1, 2, 3)} == {1: True, 2: True, 3: True}
    assert set(taken) == {1, 2, 3}


def test_set_is_given_anew_before_every_pass(target: Target) -> None:
    endpoints = [endpoint("a", "GET /a/{{ n }}/{{ once }}")]
    taken = step("a", times=(3, 3), set={"n": "{{ random_int(1, 1000000) }}"})
    journey = persona(SetStep(values={"once": "{{ 40 + 2 }}"}, place=PLACE), taken)
    play(plan(target.url, [journey], endpoints))
    assert len(set(target.paths())) == 3
    assert all(path.endswith("/42") for path in target.paths())


def test_a_failed_step_cuts_the_journey_short(target: Target) -> None:
    target.on("/b", FAILS)
    folded = play(planned(target, persona("a", step("b", times=(2, 2)), "c")), journeys=2)
    assert target.paths() == ["/a", "/b", "/a", "/b"]
    assert folded.journeys[0].failed == 2
    assert errors(folded)["b"] == (ErrorClass.SERVER, "status 500, expected 2xx")


def test_if_fails_continue_keeps_going_and_the_journey_counts_as_completed(target: Target) -> None:
    target.on("/b", FAILS)
    folded = play(planned(target, persona("a", step("b", if_fails="continue", times=(2, 2)), "c")))
    assert target.paths() == ["/a", "/b", "/b", "/c"]
    assert (folded.journeys[0].completed, folded.journeys[0].failed) == (1, 0)


def test_a_group_is_the_sum_of_its_requests_without_think_time(target: Target) -> None:
    target.on("/a", Answer(after_s=0.02))
    target.on("/b", Answer(after_s=0.03))
    folded = play(planned(target, persona(group("both", "a", "b"), think_s=(0.05, 0.05))))
    requests, both = named(folded), named(folded, "group")["both"]
    assert both.latency.sum_us == requests["a"].latency.sum_us + requests["b"].latency.sum_us
    assert both.count == 1
    assert 50_000 <= both.latency.sum_us < 100_000


def test_a_failed_group_says_why_and_fails_the_journey(target: Target) -> None:
    target.on("/a", FAILS)
    folded = play(planned(target, persona(group("both", "a", "b"), "c")))
    assert target.paths() == ["/a"]
    assert errors(folded)["both"][0] is ErrorClass.SERVER
    assert folded.journeys[0].failed == 1


def test_a_group_may_fail_without_the_journey(target: Target) -> None:
    target.on("/a", FAILS)
    folded = play(planned(target, persona(group("both", "a", "b", if_fails="continue"), "c")))
    assert target.paths() == ["/a", "/c"]
    assert folded.journeys[0].completed == 1


def test_a_group_in_which_nothing_was_sent_is_no_sample(target: Target) -> None:
    skipped = GroupStep(name="none", steps=(step("a", only_if="false"),), place=PLACE)
    folded = play(planned(target, persona(skipped, "b")))
    assert named(folded, "group") == {}


def test_a_mix_takes_one_by_weight(target: Target) -> None:
    mix = MixStep(choices=(("a", 3.0), ("b", 1.0)), place=PLACE)
    play(planned(target, persona(mix)), journeys=200)
    taken = {path: len(target.seen(path)) for path in ("/a", "/b")}
    assert sum(taken.values()) == 200
    assert 130 < taken["/a"] < 170


def test_the_same_seed_draws_the_same_and_another_one_does_not(target: Target) -> None:
    mix = MixStep(choices=(("a", 1.0), ("b", 1.0)), place=PLACE)
    drawn = []
    for seed in (1, 1, 2):
        target.received.clear()
        play(plan(target.url, [persona(mix)], ENDPOINTS, seed=seed), journeys=30)
        drawn.append(target.paths())
    assert drawn[0] == drawn[1] != drawn[2]


def test_users_think_after_every_request_that_they_wait_for(
    target: Target, pauses: list[float]
) -> None:
    journey: list[Step] = [
        step("a"),
        step("b", think_s=(9.0, 9.0)),
        step("c", only_if="false"),
        ThinkStep(think_s=(5.0, 5.0), place=PLACE),
        GroupStep(name="g", steps=(step("d"),), options=Options(think_s=(7.0, 7.0)), place=PLACE),
    ]
    who = persona(*journey, think_s=(2.0, 2.0), on_start=["a"], on_stop=["b"])
    with on_stage(planned(target, who)) as stage:
        stage.user.start()
        stage.user.journey()
        stage.user.end()
    assert target.paths() == ["/a", "/a", "/b", "/d", "/b"]
    assert pauses == [2.0, 9.0, 5.0, 7.0]


def test_a_failed_step_is_thought_about_too(target: Target, pauses: list[float]) -> None:
    target.on("/a", FAILS)
    play(planned(target, persona("a", "b", think_s=(2.0, 2.0))))
    assert pauses == [2.0]


def test_variables_of_on_start_live_on_and_those_of_a_journey_do_not(target: Target) -> None:
    target.on("/a", json_answer({"x": "kept"}))
    target.on("/b", in_turn(json_answer({"y": "first"}), json_answer({})))
    kept = Capture(name="x", source="json", query="$.x")
    passing = Capture(name="y", source="json", query="$.y", optional=True)
    endpoints = [
        endpoint("a", "GET /a", captures=(kept,)),
        endpoint("b", "GET /b", captures=(passing,)),
        endpoint("c", "GET /c", query={"x": "{{ x }}", "y": "{{ y }}"}),
    ]
    who = persona("c", step("b", only_if="y == null"), "c", on_start=["a"])
    play(plan(target.url, [who], endpoints), journeys=2)
    asked = [dict(each.query) for each in target.seen("/c")]
    assert asked == [{"x": "kept"}, {"x": "kept", "y": "first"}, {"x": "kept"}, {"x": "kept"}]


def test_a_condition_that_cannot_be_computed_is_a_failed_check(target: Target) -> None:
    folded = play(planned(target, persona(step("a", only_if="environment + 1"), "b")))
    assert target.paths() == []
    assert errors(folded)["a"][0] is ErrorClass.CHECK
    assert "only_if" in errors(folded)["a"][1]
    assert (named(folded)["a"].count, folded.journeys[0].failed) == (1, 1)


def test_a_value_that_cannot_be_set_is_a_failed_check(target: Target) -> None:
    bad = SetStep(values={"x": "{{ 1 / 0 }}"}, place=PLACE)
    folded = play(planned(target, persona(bad, "b")))
    assert errors(folded)["set"][0] is ErrorClass.CHECK
    assert folded.journeys[0].failed == 1


def test_a_journey_that_sends_nothing_does_not_spin(target: Target, pauses: list[float]) -> None:
    play(planned(target, persona(step("a", only_if="false"))), journeys=2)
    assert len(pauses) == 2
    assert min(pauses) > 0


def test_a_request_that_may_not_leave_does_not_spin(target: Target, pauses: list[float]) -> None:
    endpoints = [endpoint("a", "GET http://elsewhere.example/")]
    folded = play(plan(target.url, [persona("a")], endpoints))
    assert errors(folded)["a"][0] is ErrorClass.GENERATOR
    assert min(pauses) > 0
