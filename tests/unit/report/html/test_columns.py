"""What charts show is what was measured: in fewer columns, with the same requests in them."""

from __future__ import annotations

import pytest

from perfspec.judge.select import samples
from perfspec.judge.verdict import judge_test
from perfspec.plan.load import Span, phases
from perfspec.report.html.columns import added_up, coarser, columns, edges_of, in_columns
from perfspec.report.html.compare import aligned
from tests.results import TOTAL, limit, make_test, measure
from tests.shapes import LOAD, shaped

TEST = make_test(limit("p95", 0.3), stages=LOAD, warm_up_s=10)
RESULT = shaped(TEST, lambda _: 0.1)
JUDGED = judge_test(TEST, RESULT).judged
WHOLE = (Span(start_s=0, end_s=RESULT.edges[-1]),)


@pytest.mark.parametrize("most", [1, 7, 40, 10_000])
def test_columns_hold_every_request_once(most: int) -> None:
    axis = columns(TEST, RESULT, JUDGED, most)
    fewer = in_columns(RESULT, axis)
    assert samples(fewer, TOTAL, WHOLE) == samples(RESULT, TOTAL, WHOLE)
    assert samples(fewer, TOTAL, JUDGED) == samples(RESULT, TOTAL, JUDGED)


def test_no_column_crosses_a_phase() -> None:
    edges = edges_of(columns(TEST, RESULT, JUDGED, 7))
    assert {each.end_s for each in phases(TEST.stages)} <= set(edges)
    assert {edge for each in JUDGED for edge in (each.start_s, each.end_s)} <= set(edges)


def test_what_was_not_measured_has_no_column() -> None:
    short = measure(TEST, {"login": [0.1] * 100}, until_s=42)
    assert edges_of(columns(TEST, short, JUDGED, 1000))[-1] == 42
    nothing = measure(TEST, {}, until_s=0)
    assert columns(TEST, nothing, (), 100) == ()


def test_coarser_columns_hold_the_same() -> None:
    axis = columns(TEST, RESULT, JUDGED, 50)
    few = coarser(axis, 6)
    assert len(few) <= 6
    assert (few[0].start_s, few[-1].end_s) == (axis[0].start_s, axis[-1].end_s)
    fewer = in_columns(RESULT, axis)
    windows = [samples(fewer, TOTAL, (Span(start_s=e.start_s, end_s=e.end_s),)) for e in axis]
    assert sum(each.count for each in added_up(windows, axis, few)) == sum(
        each.count for each in windows
    )


def test_another_run_fits_into_the_same_columns() -> None:
    axis = columns(TEST, RESULT, JUDGED, 9)
    assert aligned(RESULT, edges_of(axis)) == axis
