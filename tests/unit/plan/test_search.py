"""Bisection against targets that bear a known number of users."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from perfspec.plan.search import (
    PRECISION,
    SPARE,
    Bounds,
    Search,
    Tried,
    bounds,
    first_level,
    most_tries,
    search_next,
)

numbers = st.integers(1, 100_000)


def tries_of(search: Search, truth: int) -> list[Tried]:
    """What a target does that bears ``truth`` users."""
    tries: list[Tried] = []
    users: int | None = first_level(search)
    while users is not None:
        assert search.low <= users <= search.high
        tries.append(Tried(users, users <= truth))
        users = search_next(search, tries)
    return tries


@given(numbers, numbers, numbers)
def test_what_a_target_bears_is_found_within_the_tries_that_are_planned(
    low: int, high: int, truth: int
) -> None:
    assume(low < high)
    search = Search(low=low, high=high)
    tries = tries_of(search, truth)
    assert len(tries) <= most_tries(search) - SPARE
    found = bounds(search, tries)
    assert found.confirmed
    if truth < low:
        assert (found.kept, found.broken) == (None, low)
    elif truth >= high:
        assert (found.kept, found.broken) == (high, None)
    else:
        assert found.kept is not None
        assert found.broken is not None
        assert found.kept <= truth < found.broken
        assert found.broken - found.kept == 1 or found.broken / found.kept <= PRECISION


@given(st.integers(10, 500))
def test_the_answer_was_kept_three_times_and_the_level_above_it_broke_twice(truth: int) -> None:
    tries = tries_of(Search(low=10, high=500), truth)
    found = bounds(Search(low=10, high=500), tries)
    assert tries.count(Tried(found.kept or 0, kept=True)) == 3
    if found.broken is not None:
        assert tries.count(Tried(found.broken, kept=False)) == 2


def test_far_too_much_load_is_tried_late() -> None:
    levels = [each.users for each in tries_of(Search(low=10, high=500), 45)]
    assert levels[:4] == [71, 27, 44, 56]
    assert max(levels) == 71


TENS = Search(low=10, high=12)


@pytest.mark.parametrize(
    ("did", "then"),
    [
        ([(11, True)], 12),
        ([(11, True), (12, False)], 12),
        ([(11, True), (12, False), (12, True)], 12),  # once this, once that
        ([(11, True), (12, False), (12, True), (12, True)], 12),
        ([(11, True), (12, False), (12, True), (12, False)], 11),
        ([(11, True), (12, False), (12, False), (11, False)], 11),
        ([(11, True), (12, False), (12, False), (11, False), (11, False)], 10),
        ([(11, None)], 11),  # too few requests to tell
        ([(11, False), (10, False), (10, False), (10, False)], None),
        ([(11, True), (12, True), (12, True), (12, True)], None),
    ],
)
def test_what_comes_next(did: list[tuple[int, bool | None]], then: int | None) -> None:
    assert search_next(TENS, [Tried(*each) for each in did]) == then


def test_a_level_that_broke_twice_is_broken_however_often_it_was_kept() -> None:
    did = [Tried(11, kept=True), *[Tried(12, kept) for kept in (True, True, False, False)]]
    assert bounds(TENS, did) == Bounds(11, 12, confirmed=False)
