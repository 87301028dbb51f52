"""The load that a target bears, on series whose truth is known: in steps, and by a search."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from perfspec.cli.judging import Judging
from perfspec.clock import SystemClock
from perfspec.judge.analyses.capacity import capacity
from perfspec.measure.collect import Collector
from perfspec.measure.histogram import Histogram
from perfspec.measure.model import Key, Series, Window
from perfspec.measure.progress import Tick
from perfspec.measure.tries import as_run
from perfspec.plan.limits import AbortLimit
from perfspec.plan.load import Stage, duration_s
from perfspec.plan.metrics import metric_of
from perfspec.plan.search import Search, first_level, most_tries
from perfspec.run.search import Steering
from tests.results import STARTED, make_plan, make_test, place
from tests.series import spread, timeline

if TYPE_CHECKING:
    from perfspec.judge.model import Capacity
    from perfspec.plan.model import Test

LIMIT_S = 0.5
RAMP_S, HOLD_S = 4.0, 16.0
STOP_WHEN = (
    AbortLimit(metric=metric_of("p95"), limit=LIMIT_S, place=place(70), origin="stop_when.p95"),
)
KEY = Key(kind="request", name="login", persona="reader")
truths = st.integers(5, 520)


def waits(users: float, truth: int, rate: int) -> list[float]:
    """A p95 of 0.3 s up to ``truth`` users, and twice the limit above it."""
    return spread(rate, 0.15 if users <= truth else 1.0)


@given(st.lists(st.integers(2, 400), min_size=2, max_size=8, unique=True), truths)
@settings(max_examples=40, deadline=None)
def test_of_steps_the_last_one_that_was_kept_is_the_answer(levels: list[int], truth: int) -> None:
    levels.sort()
    test = make_test(
        stages=tuple(Stage(users=each, ramp_s=RAMP_S, hold_s=HOLD_S) for each in levels),
        stop_when=STOP_WHEN,
    )
    step_s = RAMP_S + HOLD_S
    result = timeline(test, lambda at: waits(levels[int(at // step_s)], truth, 20))
    found = capacity(test, result)
    assert found is not None
    kept = [each for each in levels if each <= truth]
    broken = [each for each in levels if each > truth]
    assert found.users == max(kept, default=0)
    assert found.broken_at == min(broken, default=None)
    assert found.certainty == ("at_least" if not broken else "exact" if kept else "below")
    if broken:
        assert found.failure is not None
        assert found.failure.users == min(broken)


def search_test(search: Search, hold_s: float) -> Test:
    stage = Stage(users=search.high, ramp_s=RAMP_S, hold_s=hold_s)
    first = Stage(users=first_level(search), ramp_s=RAMP_S, hold_s=hold_s)
    return make_test(
        stages=(first, *[stage] * (most_tries(search) - 1)), stop_when=STOP_WHEN, search=search
    )


def window_of(collector: Collector, second: float) -> int:
    """A tick tells of the second before it."""
    return bisect_left(collector.edges, second) - 1


def searched(test: Test, search: Search, truth: int, rate: int) -> Capacity:
    """What the run and the judge make of a target that bears ``truth`` users."""
    collector = Collector(test, STARTED)
    steering = Steering(test, search, collector, Judging(make_plan(test), SystemClock()))
    second = 0
    while not steering.over and second < duration_s(test.stages):
        second += 1
        current = collector.tries[-1]
        latency = Histogram.of(round(each * 1e6) for each in waits(current.users, truth, rate))
        window = Window(index=window_of(collector, second), latency=latency)
        collector.add(
            Tick(
                at_s=second, users=current.users, ready=current.users, planned=current.users,
                workers=1, cpu=0.2, busy_s=0, hub_delay_us=100,
                series=[Series(key=KEY, windows=[window])],
            )
        )  # fmt: skip
        before = len(collector.tries)
        users = steering.look()
        assert (users is not None) == (len(collector.tries) > before)
    result = collector.result("complete")
    found = capacity(as_run(test, result.tries), result)
    assert found is not None
    assert found.certainty in {"exact", "at_least", "below"}
    return found


@given(truths, st.integers(2, 60), st.sampled_from([6.0, HOLD_S, 30.0]))
@settings(max_examples=30, deadline=None)
def test_a_search_encloses_the_truth_and_confirms_it(truth: int, rate: int, hold_s: float) -> None:
    search = Search(low=10, high=500)
    found = searched(search_test(search, hold_s), search, truth, rate)
    assert found.confirmed
    if truth < search.low:
        assert (found.certainty, found.broken_at) == ("below", search.low)
    elif truth >= search.high:
        assert (found.certainty, found.users, found.broken_at) == ("at_least", search.high, None)
    else:
        assert found.broken_at is not None
        assert found.users <= truth < found.broken_at <= max(found.users * 1.05, found.users + 1)
        assert found.failure is not None
        assert found.failure.users == found.broken_at
        assert found.failure.breaches[0].metric.name == "p95"
        assert found.failure.slowest is not None
        assert found.failure.slowest.usual_users == found.users


def test_a_level_that_breaks_is_left_at_once() -> None:
    search = Search(low=10, high=500)
    found = searched(search_test(search, 30.0), search, 20, 20)
    first, second = found.levels[:2]
    assert (first.users, first.kept, second.users) == (71, False, 27)
    assert first.span.end_s - first.span.start_s == 10  # seconds that stop_when looks back
    assert second.span.start_s == 2 * RAMP_S + 30


def test_too_few_requests_confirm_nothing() -> None:
    search = Search(low=10, high=500)
    found = searched(search_test(search, 4.0), search, 20, 2)
    assert (found.users, found.confirmed) == (0, False)
    assert {each.kept for each in found.levels} == {None}
