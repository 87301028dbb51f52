from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from perfspec.plan.shares import split_users
from perfspec.run.driver.balance import share_out
from tests.plans import persona

levels = st.lists(st.integers(min_value=0, max_value=80), min_size=1, max_size=6)
people = st.lists(
    st.tuples(st.integers(1, 9), st.one_of(st.none(), st.integers(1, 5))), min_size=1, max_size=4
)


def crowd(shares: list[tuple[int, int | None]]) -> list:  # type: ignore[type-arg]
    return [
        persona("a", name=f"p{index}", weight=float(weight), users=users)
        for index, (weight, users) in enumerate(shares)
    ]


def workers(count: int, names: list[str]) -> dict[str, dict[str, int]]:
    return {f"w{index}": dict.fromkeys(names, 0) for index in range(count)}


@given(people, levels, st.integers(min_value=1, max_value=4))
def test_a_level_that_is_reached_is_shared_by_largest_remainder_and_balanced(
    shares: list[tuple[int, int | None]], wanted: list[int], count: int
) -> None:
    personas = crowd(shares)
    counts = workers(count, [each.name for each in personas])
    for level in wanted:
        share_out(counts, personas, level, settled=True)
        for name, users in split_users(personas, level).items():
            mine = [each[name] for each in counts.values()]
            assert sum(mine) == users
            assert max(mine) - min(mine) <= 1


@given(people, st.integers(0, 80), st.integers(0, 80))
def test_in_a_ramp_nobody_is_stopped_to_start_somebody_else(
    shares: list[tuple[int, int | None]], first: int, last: int
) -> None:
    personas = crowd(shares)
    reachable = sum(split_users(personas, 10_000).values())
    counts = workers(2, [each.name for each in personas])
    share_out(counts, personas, first, settled=True)
    step = 1 if last >= first else -1
    for level in range(first, last, step):
        before = {name: sum(each[name] for each in counts.values()) for name in counts["w0"]}
        share_out(counts, personas, level, settled=False)
        after = {name: sum(each[name] for each in counts.values()) for name in counts["w0"]}
        assert all((after[name] - before[name]) * step >= 0 for name in after)
        assert sum(after.values()) == min(level, reachable)


def test_personas_that_share_data_are_balanced_together() -> None:
    personas = [persona("a", name=name, data="accounts") for name in ("one", "two")]
    counts = workers(2, ["one", "two"])
    share_out(counts, personas, 6, settled=True)
    assert {sum(each.values()) for each in counts.values()} == {3}
