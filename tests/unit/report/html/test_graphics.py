"""Small drawings in tables: what lies left of what, and which runs of a history count."""

from __future__ import annotations

import re

import msgspec
import pytest

from perfspec.plan.metrics import metric_of
from perfspec.report.html.graphics import GAUGE_WIDTH, change_gauges, history_drawing
from tests.shapes import slower_than_before

SLOWER, STEADY, NEW = slower_than_before().changes
RATE = msgspec.structs.replace(
    SLOWER, metric=metric_of("error_rate"), fail=0.001, change=0.0, low=None, high=None
)


def test_changes_of_one_unit_share_a_scale() -> None:
    slower, steady, new = change_gauges([SLOWER, STEADY, NEW])
    assert slower
    assert steady
    assert new is None
    assert (slower.zero, slower.limit) == (steady.zero, steady.limit)
    assert slower.zero is not None
    assert (
        0
        < steady.low
        < slower.zero
        < steady.value
        < slower.limit
        < slower.low
        < slower.value
        < slower.high
    )
    assert slower.high < GAUGE_WIDTH


def test_shares_have_a_scale_of_their_own() -> None:
    slower, _, rate = change_gauges([SLOWER, STEADY, RATE])
    alone, _ = change_gauges([SLOWER, STEADY])
    assert slower == alone
    assert rate
    assert rate.value == rate.zero
    assert rate.limit > GAUGE_WIDTH / 2


def test_what_is_far_beyond_ends_at_the_edge() -> None:
    far = msgspec.structs.replace(SLOWER, change=40.0, low=38.0, high=42.0)
    found, steady = change_gauges([far, STEADY])
    assert found
    assert steady
    assert found.value == found.low == found.high
    assert steady.limit - (steady.zero or 0) > 0.1 * GAUGE_WIDTH


def test_a_faster_service_is_left_of_zero_and_a_slower_throughput_too() -> None:
    faster = msgspec.structs.replace(SLOWER, change=-0.2, low=-0.25, high=-0.15)
    throughput = msgspec.structs.replace(faster, metric=metric_of("throughput"))
    for each in change_gauges([faster, throughput]):
        assert each
        assert each.zero is not None
        assert each.value < each.zero
    [only] = change_gauges([throughput])
    assert only
    assert only.zero is not None
    assert only.limit < only.zero


def test_a_history_is_cut_where_its_level_changed() -> None:
    drawing = history_drawing(SLOWER)
    assert drawing
    before, counted = (
        re.findall(r"[\d.]+ [\d.]+", each) for each in (drawing.before, drawing.counted)
    )
    assert (len(before), len(counted)) == (4, 12)
    assert before[-1] == counted[0]
    assert drawing.level
    assert drawing.now
    start, end, height = drawing.level
    assert start == float(counted[0].split()[0])
    assert end == drawing.now[0]
    assert drawing.now[1] < height  # slower is higher


@pytest.mark.parametrize("history", [(), (0.5,)])
def test_a_short_history_is_drawn_as_far_as_it_goes(history: tuple[float, ...]) -> None:
    drawing = history_drawing(msgspec.structs.replace(SLOWER, history=history, since=0))
    assert (drawing is None) == (not history)
    if drawing:
        assert drawing.counted.startswith("M")
        assert drawing.before == ""
