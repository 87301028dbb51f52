"""Laws of load curves, windows and judged seconds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from perfspec.plan.journey import Persona
from perfspec.plan.load import (
    Stage,
    duration_s,
    judged,
    peak_users,
    phases,
    users_at,
    window_edges,
)
from perfspec.plan.shares import split_users

seconds = st.floats(min_value=0, max_value=7200).map(lambda value: round(value, 3))
stages = st.lists(
    st.builds(
        lambda users, ramp, hold: Stage(users=users, ramp_s=ramp, hold_s=hold),
        st.integers(0, 500),
        seconds,
        seconds,
    ),
    min_size=1,
    max_size=6,
).map(tuple)
durings = st.sampled_from(["hold", "ramp", "all"])


@given(stages)
def test_phases_are_a_partition_of_the_test(written: tuple[Stage, ...]) -> None:
    at = 0.0
    for phase in phases(written):
        assert phase.start_s == at
        assert phase.end_s > phase.start_s
        at = phase.end_s
    assert at == duration_s(written)


@given(stages, st.floats(0, 1))
def test_the_level_never_exceeds_the_peak(written: tuple[Stage, ...], share: float) -> None:
    level = users_at(phases(written), share * duration_s(written))
    assert 0 <= level <= peak_users(written)


@given(stages, durings, seconds)
def test_judged_seconds_are_whole_windows(
    written: tuple[Stage, ...], during: str, warm_up: float
) -> None:
    edges = window_edges(written, warm_up)
    assert list(edges) == sorted(set(edges))
    for span in judged(written, during, warm_up):  # type: ignore[arg-type]
        assert span.start_s in edges
        assert span.end_s in edges


@given(stages, seconds)
def test_the_end_of_the_load_is_an_edge(written: tuple[Stage, ...], tail: float) -> None:
    edges = window_edges(written, 0.0, tail)
    assert edges.index(duration_s(written)) == len(edges) - (2 if tail else 1)


def test_a_sum_that_is_off_by_a_hair_makes_no_window_of_its_own() -> None:
    written = [Stage(arrivals=0.2, hold_s=0.9), Stage(arrivals=20.0, hold_s=5.4)]
    assert 0.9 + 5.4 != 6.3
    assert duration_s(written) == 6.3
    assert window_edges(written, 0.09, 30.0)[-2:] == (6.3, 36.3)


@given(stages, seconds)
def test_windows_stay_bounded(written: tuple[Stage, ...], warm_up: float) -> None:
    edges = window_edges(written, warm_up)
    assert edges[0] == 0
    assert edges[-1] == duration_s(written)
    assert len(edges) <= 1500 + 4 * len(written)


def _persona(name: str, weight: float, users: int | None) -> Persona:
    return Persona(name=name, weight=weight, users=users, journey=())


personas = st.lists(
    st.tuples(st.floats(0.1, 100), st.none() | st.integers(0, 20)), min_size=1, max_size=6
).map(lambda rows: [_persona(f"p{i}", weight, fixed) for i, (weight, fixed) in enumerate(rows)])


@given(personas, st.integers(0, 300))
def test_users_are_whole_and_all_are_given_out(kinds: list[Persona], users: int) -> None:
    counts = split_users(kinds, users)
    weighted = any(each.users is None for each in kinds)
    fixed = sum(each.users or 0 for each in kinds)
    assert sum(counts.values()) == (users if weighted else min(users, fixed))
    assert all(n >= 0 for n in counts.values())


@given(personas, st.integers(0, 300))
def test_no_share_is_off_by_a_whole_user(kinds: list[Persona], users: int) -> None:
    counts = split_users(kinds, users)
    weighted = [each for each in kinds if each.users is None]
    left = users - sum(counts[each.name] for each in kinds if each.users is not None)
    total = sum(each.weight for each in weighted)
    for each in weighted:
        assert abs(counts[each.name] - left * each.weight / total) < 1 + 1e-6


def test_ties_go_in_file_order() -> None:
    kinds = [_persona("a", 1, None), _persona("b", 1, None), _persona("c", 1, None)]
    assert split_users(kinds, 4) == {"a": 2, "b": 1, "c": 1}
