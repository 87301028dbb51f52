"""How much of a latency is the load generator's own waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfspec.judge.blur import blur, waits_in
from perfspec.judge.verdict import judge_run
from perfspec.measure.histogram import Histogram
from perfspec.plan.load import judged
from perfspec.report.tables import generator_text
from tests.results import limit, make_plan, make_run, make_test, measure

if TYPE_CHECKING:
    from perfspec.measure.model import TestResult

TEST = make_test(limit("p95", 0.5), users=20, hold_s=60)
SPANS = judged(TEST.stages, "hold", TEST.warm_up_s)


def waited(*per_window_ms: float, login_s: float = 0.1, count: int = 2000) -> TestResult:
    """Every window with these waits."""
    result = measure(TEST, {"login": [login_s] * count, "order": [1.0] * count})
    for each in result.health:
        each.waits = Histogram.of(round(ms * 1000) for ms in per_window_ms)
    return result


def test_waits_are_those_of_the_judged_seconds() -> None:
    result = waited(1.0, 2.0)
    result.health[0].waits = None
    found = waits_in(result, SPANS)
    assert found is not None
    assert found.count == 2 * (len(result.health) - 1)
    assert waits_in(measure(TEST, {"login": [0.1]}), SPANS) is None


def test_the_percentile_that_is_wrong_by_most_is_told() -> None:
    found = blur(waited(*[0.2] * 18, 8.0, 30.0), SPANS)
    assert found is not None
    assert (found.percentile, found.endpoint) == ("p99", "login")
    assert found.wait_s == pytest.approx(0.03, rel=0.01)
    assert found.share == pytest.approx(0.3, rel=0.01)


@pytest.mark.parametrize(
    ("waits_ms", "login_s", "wrong"),
    [
        ([0.9], 0.001, False),  # nobody wakes up at once
        ([3.9], 0.1, False),  # less than 4 %
        ([4.1], 0.1, True),
        ([1.1], 0.02, True),
        ([0.0] * 9 + [10.0], 0.1, True),  # one in ten: p95 and p99
        ([0.0] * 199 + [10.0], 0.1, False),  # one in 200
    ],
)
def test_it_is_told_before_it_is_five_percent(
    waits_ms: list[float], login_s: float, *, wrong: bool
) -> None:
    assert (blur(waited(*waits_ms, login_s=login_s), SPANS) is not None) is wrong


def test_few_samples_say_nothing() -> None:
    assert blur(waited(50.0, count=4), SPANS) is None


def test_what_is_kept_is_kept_and_what_is_missed_by_no_more_is_undecided() -> None:
    for login_s, outcome in ((0.45, "pass"), (0.52, "inconclusive"), (0.6, "fail")):
        result = measure(TEST, {"login": [login_s] * 2000})
        for each in result.health:
            each.waits = Histogram.of([50_000] * 50)
        plan = make_plan(TEST)
        run = make_run(plan, result)
        (test,) = judge_run(plan, run).tests
        assert test.outcome == outcome, login_s
        text = generator_text(run.tests[0], test)
        assert "answers waited for it 50 ms (p95)" in text
        assert "latencies read too long, p50 by up to 50 ms" in text
