"""Laws of the open model's schedule: as many as the curve says, shared out without overlap."""

from __future__ import annotations

from itertools import pairwise
from statistics import mean, pvariance

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfspec.plan.journey import Persona
from perfspec.plan.load import Stage, level_at, phases
from perfspec.run.driver.schedule import Arrival, arrival_times, arrivals

lengths = st.floats(0, 20).map(lambda value: round(value, 3))
curves = st.lists(
    st.builds(
        lambda level, ramp, hold, spacing: Stage(
            arrivals=level, ramp_s=ramp, hold_s=hold, spacing=spacing
        ),
        st.floats(0, 50).map(lambda value: round(value, 2)),
        lengths,
        lengths,
        st.sampled_from(["even", "poisson"]),
    ),
    min_size=1,
    max_size=5,
).map(tuple)
people = st.lists(st.floats(0.5, 100), min_size=1, max_size=5).map(
    lambda weights: [Persona(name=f"p{i}", weight=w, journey=()) for i, w in enumerate(weights)]
)


def times(*stages: Stage, seed: str = "1") -> list[float]:
    return list(arrival_times(phases(stages), stages, seed))


def area(stages: tuple[Stage, ...]) -> float:
    return sum(
        (each.level_from + each.level_to) / 2 * (each.end_s - each.start_s)
        for each in phases(stages)
    )


@settings(max_examples=50)
@given(curves)
def test_they_come_in_order_and_only_where_there_is_a_level(stages: tuple[Stage, ...]) -> None:
    every = phases(stages)
    found = times(*stages)
    assert found == sorted(found)
    for at_s in found:
        near = [level_at(every, at_s + step) for step in (-1e-6, 0.0, 1e-6)]
        assert max(near) > 0


@settings(max_examples=50)
@given(curves)
def test_even_ones_are_as_many_as_the_area_below_the_curve(stages: tuple[Stage, ...]) -> None:
    even = tuple(
        Stage(arrivals=each.arrivals, ramp_s=each.ramp_s, hold_s=each.hold_s) for each in stages
    )
    assert abs(len(times(*even)) - area(even)) <= 0.5 + 1e-6


@settings(max_examples=30)
@given(curves, people, st.integers(1, 5))
def test_workers_share_them_without_overlap(
    stages: tuple[Stage, ...], personas: list[Persona], workers: int
) -> None:
    def share(worker: int, workers: int) -> list[Arrival]:
        found = arrivals(phases(stages), stages, personas, "1", worker=worker, workers=workers)
        return list(found)

    parts = [share(worker, workers) for worker in range(workers)]
    assert sorted(each for part in parts for each in part) == sorted(share(0, 1))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@settings(max_examples=30)
@given(people, st.integers(1, 4))
def test_personas_get_their_shares_in_every_worker(personas: list[Persona], workers: int) -> None:
    stages = (Stage(arrivals=200.0 * workers, hold_s=10.0),)
    total = sum(each.weight for each in personas)
    for worker in range(workers):
        found = list(
            arrivals(phases(stages), stages, personas, "1", worker=worker, workers=workers)
        )
        for each in personas:
            count = sum(arrival.persona == each.name for arrival in found)
            assert abs(count / len(found) - each.weight / total) < 0.01


def test_even_spacing_is_even_also_where_a_ramp_meets_a_hold() -> None:
    found = times(Stage(arrivals=10, hold_s=1.0), Stage(arrivals=10, hold_s=1.0))
    assert found[0] == pytest.approx(0.05)
    assert [b - a for a, b in pairwise(found)] == [pytest.approx(0.1)] * 19
    rising = times(Stage(arrivals=10, ramp_s=2.0, hold_s=1.0))
    gaps = [b - a for a, b in pairwise(rising)]
    assert gaps[-1] == pytest.approx(0.1)
    assert all(later < earlier + 1e-9 for earlier, later in pairwise(gaps))


def test_poisson_arrivals_are_as_many_and_as_irregular_as_chance_makes_them() -> None:
    found = times(Stage(arrivals=50, spacing="poisson", hold_s=400.0))
    counts = [sum(start <= each < start + 1 for each in found) for start in range(400)]
    assert mean(counts) == pytest.approx(50, rel=0.03)
    assert pvariance(counts) / mean(counts) == pytest.approx(1, abs=0.25)  # even ones: 0
    again = times(Stage(arrivals=50, spacing="poisson", hold_s=400.0))
    other = times(Stage(arrivals=50, spacing="poisson", hold_s=400.0), seed="2")
    assert found == again
    assert found != other
