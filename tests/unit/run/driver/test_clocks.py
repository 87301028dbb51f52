from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfspec.run.driver.clocks import Offset, Reading

delays = st.floats(min_value=0, max_value=1)


@given(st.lists(st.tuples(delays, delays), min_size=1), st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_the_truth_is_within_the_uncertainty(
    trips: list[tuple[float, float]], steady_s: float, wall_s: float
) -> None:
    """Whatever the way there and the way back take, and however unlike they are."""
    offset = Offset()
    for sent_s, (there_s, back_s) in enumerate(trips, start=100):
        theirs = Reading(sent_s + there_s + steady_s, 1e9 + sent_s + there_s + wall_s)
        back = sent_s + there_s + back_s
        offset.add(sent_s, theirs, Reading(back, 1e9 + back))
    assert offset.pings == len(trips)
    assert offset.within_s == pytest.approx(min(sum(trip) for trip in trips) / 2, abs=1e-6)
    assert abs(offset.steady_s - steady_s) <= offset.within_s + 1e-6
    assert abs(offset.wall_s - wall_s) <= offset.within_s + 1e-6
