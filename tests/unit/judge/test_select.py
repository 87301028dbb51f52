from __future__ import annotations

from itertools import pairwise

import pytest

from perfspec.judge.select import blocks, by_window, measured, seconds, windows_in
from perfspec.measure.model import AbortHit
from perfspec.plan.load import Span, Stage, judged
from tests.results import TOTAL, make_test, measure


@pytest.mark.parametrize("during", ["hold", "ramp", "all"])
def test_windows_fill_the_judged_seconds_exactly(during: str) -> None:
    stages = (Stage(users=7, ramp_s=3.7, hold_s=11.3), Stage(users=2, ramp_s=0.4, hold_s=5))
    test = make_test(stages=stages, warm_up_s=1.1)
    result = measure(test, {})
    spans = judged(stages, during, 1.1)  # type: ignore[arg-type]  # pytest's parameters are str
    lengths = [end - start for start, end in pairwise(result.edges)]
    inside = sum(lengths[each] for each in windows_in(result, spans))
    assert inside == pytest.approx(seconds(spans), abs=1e-4)


def test_only_what_was_measured_counts_as_time() -> None:
    result = measure(make_test(hold_s=60), {}, until_s=12.5)
    spans = (Span(start_s=0, end_s=10), Span(start_s=10, end_s=20), Span(start_s=30, end_s=40))
    assert seconds(measured(result, spans)) == 12.5
    assert len(measured(result, spans)) == 2


def test_time_after_an_abort_is_no_load() -> None:
    test = make_test(hold_s=60)
    result = measure(test, {}, until_s=20, status="aborted")
    result.abort = AbortHit(
        origin="x", metric="p95", limit=1, observed=2, requests=50, at_s=17
    )  # fmt: skip
    assert measured(result, judged(test.stages, "hold", 0)) == (Span(start_s=0, end_s=17),)


@pytest.mark.parametrize(
    ("hold_s", "expected"), [(60, 12), (20, 8), (8, 8), (5, 5), (250, 30), (7200, 30)]
)
def test_blocks_are_five_seconds_or_an_eighth(hold_s: int, expected: int) -> None:
    test = make_test(hold_s=hold_s)
    result = measure(test, {"login": [0.1] * 8000, "order": [0.1] * 100})
    merged = blocks(result, TOTAL, judged(test.stages, "hold", 0))
    assert len(merged) == expected
    assert sum(each.count for each in merged) == 8100


def test_blocks_without_samples_are_left_out() -> None:
    test = make_test(hold_s=40)
    result = measure(test, {"login": [0.1] * 400}, until_s=20)
    assert len(blocks(result, TOTAL, judged(test.stages, "hold", 0))) == 4
    assert blocks(result, TOTAL, ()) == []


def test_a_window_in_which_nothing_happened_is_there() -> None:
    test = make_test(hold_s=10)
    assert [
        each.count for each in by_window(measure(test, {}), TOTAL, judged(test.stages, "hold", 0))
    ] == [0] * 10
