from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from perfspec.plan.load import Jitter, Stage, duration_s, peak_users, phases, users_at
from perfspec.run.driver.curve import LONGEST_SLOT_S, SHORTEST_SLOT_S, Curve, SteeredCurve, slot_s

seconds = st.floats(min_value=0.5, max_value=60)
jitters = st.builds(
    Jitter,
    by=st.floats(min_value=0.01, max_value=0.5),
    every_s=st.tuples(st.floats(0.5, 5), st.floats(5, 20)),
)


def stages(jitter: st.SearchStrategy[Jitter | None]) -> st.SearchStrategy[list[Stage]]:
    users = st.integers(min_value=0, max_value=500)
    stage = st.builds(Stage, users=users, ramp_s=seconds, hold_s=seconds, jitter=jitter)
    return st.lists(stage, min_size=1, max_size=4)


@given(stages(st.none()), st.floats(min_value=0, max_value=300))
def test_without_jitter_it_is_the_plans_own_curve(given_stages: list[Stage], second: float) -> None:
    assert Curve(given_stages, "1").level(second) == users_at(phases(given_stages), second)


@given(stages(jitters))
def test_jitter_stays_within_its_bounds_and_leaves_no_gap(given_stages: list[Stage]) -> None:
    curve = Curve(given_stages, "1")
    assert [a.end_s for a, _ in pairwise(curve.phases)] == [
        b.start_s for _, b in pairwise(curve.phases)
    ]
    assert curve.end_s == curve.phases[-1].end_s
    assert abs(curve.end_s - duration_s(given_stages)) < 1e-6
    assert max(each.level_to for each in curve.phases) <= peak_users(given_stages)
    for each in curve.phases:
        stage = given_stages[each.stage]
        if each.kind == "hold" and stage.jitter is not None:
            assert abs(each.level_to - stage.level) <= stage.jitter.by * stage.level + 0.5


def test_jitter_is_drawn_by_seed() -> None:
    held = [Stage(users=100, hold_s=60, jitter=Jitter(by=0.2, every_s=(1, 5)))]
    assert Curve(held, "1").phases == Curve(held, "1").phases != Curve(held, "2").phases
    assert Curve(held, "1").phases[0].level_to == 100
    assert len({each.level_to for each in Curve(held, "1").phases}) > 5


def test_only_rising_ramps_are_spread() -> None:
    curve = Curve([Stage(users=10, ramp_s=5, hold_s=5), Stage(users=0, ramp_s=5)], "1")
    assert [curve.spread_s(at) > 0 for at in (1, 6, 11)] == [True, False, False]
    assert curve.ramp_at(6) is None


@given(st.integers(min_value=0, max_value=100_000))
def test_slots_are_between_a_tenth_and_a_second(users: int) -> None:
    assert SHORTEST_SLOT_S <= slot_s(users) <= LONGEST_SLOT_S


def test_a_search_follows_who_steers_it() -> None:
    curve = SteeredCurve(
        [Stage(users=70, ramp_s=5, hold_s=20), Stage(users=500, ramp_s=5, hold_s=20)], "1"
    )
    assert [curve.level(at) for at in (2.5, 10, 26, 49.9)] == [35, 70, 70, 70]
    broken = curve.steer(15.0, 27)
    assert (broken.start_s, broken.level_from, broken.level_to) == (15.0, 27, 27)
    assert [curve.level(at) for at in (14.9, 15, 26, 49.9)] == [70, 27, 27, 27]
    ramp = curve.steer(26.0, 43)
    assert (ramp.start_s, ramp.end_s, ramp.level_from, ramp.level_to) == (26.0, 30.0, 27, 43)
    assert [curve.level(at) for at in (25.9, 28, 30, 49.9)] == [27, 35, 43, 43]
    assert curve.ramp_at(28.0) == ramp
    assert (curve.level(50.0), curve.end_s) == (0, 50.0)
    assert all(a.end_s == b.start_s for a, b in pairwise(curve.phases))
