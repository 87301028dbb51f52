from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfspec import jsonio
from perfspec.measure.collect import Collector
from perfspec.measure.errors import ErrorClass
from perfspec.measure.histogram import Histogram
from perfspec.measure.model import Key
from perfspec.measure.progress import Tick
from perfspec.plan.load import Stage
from perfspec.run.driver.merge import Merger
from perfspec.run.driver.recorder import MAX_GROUPS, OTHER, Recorder
from tests.plans import persona, plan

if TYPE_CHECKING:
    from perfspec.run.driver.recorder import Folded

KEY = Key(kind="request", name="it", persona="visitor")
EDGES = (0.0, 1.0, 2.0, 4.0)
LOAD = plan("http://x", [persona()], [], stages=[Stage(users=1, hold_s=4.0)]).tests[0]


def recorded(*started: float, zero: float = 100.0) -> Recorder:
    recorder = Recorder(EDGES)
    recorder.zero = zero
    for at in started:
        recorder.series(KEY).record((zero + at, 1000, 500, 10, 20, True, 0))
    return recorder


def tick(folded: Folded) -> Tick:
    return Tick(
        at_s=1.0, users=1, ready=1, planned=1, workers=1, cpu=0.1, busy_s=0.0, hub_delay_us=5,
        series=folded.series, errors=folded.errors, journeys=folded.journeys, overrun=folded.overrun,
    )  # fmt: skip


def test_a_sample_belongs_to_the_window_in_which_it_started() -> None:
    recorder = recorded(0.2, 0.9, 1.0, 3.9, 4.0, 9.0)
    (series,) = recorder.fold().series
    counts = {each.index: each.count for each in series.windows}
    assert counts == {0: 2, 1: 1, 2: 3}  # what begins after the end is counted in the last window
    first = series.windows[0]
    assert (first.bytes_sent, first.bytes_received, first.connections) == (20, 40, 2)
    assert (first.latency.sum_us, first.ttfb.sum_us) == (2000, 1000)


def test_a_fold_takes_everything_once() -> None:
    recorder = recorded(0.5)
    recorder.overrun = 2
    recorder.journeys("visitor").completed += [0.5, 1.5, 1.6]
    folded = recorder.fold()
    assert (folded.overrun, folded.journeys[0].completed) == (2, 3)
    again = recorder.fold()
    assert (again.series, again.errors, again.journeys, again.overrun) == ([], [], [], 0)


def test_errors_count_in_the_window_of_their_sample_and_remember_the_load() -> None:
    recorder = recorded(0.5, 1.5)
    series = recorder.series(KEY)
    recorder.users = 7
    recorder.failed(series, 100.5, ErrorClass.SERVER, "status 500")
    recorder.users = 8
    recorder.failed(series, 101.5, ErrorClass.SERVER, "status 500")
    folded = recorder.fold()
    assert [each.errors for each in folded.series[0].windows] == [{ErrorClass.SERVER: 1}] * 2
    (group,) = folded.errors
    assert (group.count, group.first_s, group.first_users) == (2, 0.5, 7)


def test_messages_of_one_series_are_bounded() -> None:
    recorder = recorded(*[0.1] * (MAX_GROUPS + 20))
    for index in range(MAX_GROUPS + 20):
        text = f"message {index} " + "x" * 300
        recorder.failed(recorder.series(KEY), 100.1, ErrorClass.CHECK, text)
    groups = {each.message: each.count for each in recorder.fold().errors}
    assert len(groups) == MAX_GROUPS + 1
    assert groups[OTHER] == 20
    assert max(map(len, groups)) <= 200
    recorder.series(KEY).record((100.2, 1, 1, 0, 0, False, 0))
    recorder.failed(recorder.series(KEY), 100.2, ErrorClass.CHECK, "one more")
    assert recorder.fold().errors[0].message == OTHER


def test_listeners_hear_every_sample_before_it_is_folded() -> None:
    heard: list[int] = []
    recorder = recorded(0.1, 0.2)
    recorder.fold(lambda _key, samples, _failures: heard.append(len(samples)))
    assert heard == [2]


samples = st.lists(st.tuples(st.floats(0, 3.99), st.integers(1, 10**7), st.booleans()), max_size=40)


@given(st.lists(samples, min_size=1, max_size=4))
def test_merging_workers_is_the_same_as_counting_in_one_place(
    workers: list[list[tuple[float, int, bool]]],
) -> None:
    one, merger, many = Collector(LOAD, ""), Merger(), Collector(LOAD, "")
    for mine in workers:
        recorder = Recorder(one.edges)
        for started, latency, fails in mine:
            recorder.series(KEY).record((started, latency, latency, 1, 2, False, 0))
            if fails:
                recorder.failed(recorder.series(KEY), started, ErrorClass.SERVER, f"m{latency % 3}")
        recorder.journeys("visitor").failed += [started for started, _, _ in mine]
        recorder.overrun = 1
        sent = jsonio.encode(tick(recorder.fold()))
        one.add(jsonio.decode(sent, Tick))
        merger.add(jsonio.decode(sent, Tick))
    blank = Tick(
        at_s=1.0, users=1, ready=1, planned=1, workers=1, cpu=0.1, busy_s=0, hub_delay_us=0
    )
    many.add(merger.take_into(blank))
    here, there = one.result("complete"), many.result("complete")
    assert here.series == there.series
    assert (here.journeys, here.overrun) == (there.journeys, there.overrun)
    counts = [
        {(each.message, each.count, each.first_s) for each in found.errors}
        for found in (here, there)
    ]
    assert counts[0] == counts[1]


def test_settling_lets_others_go_on_and_loses_nothing() -> None:
    recorder = recorded(*(number / 500 for number in range(1_000)))
    recorder.series(KEY).late((recorder.zero + 0.1, 7))
    recorder.failed(recorder.series(KEY), recorder.zero, ErrorClass.RESET, "broke")
    parts = 0
    for _ in recorder.settle():
        parts += 1
        if parts == 2:
            recorder.series(KEY).record((recorder.zero + 3.0, 1000, 500, 10, 20, 0, 0))
    assert parts == 1_000 // 64
    folded = recorder.fold()
    (series,) = folded.series
    assert [each.count for each in series.windows] == [500, 500, 1]
    assert series.windows[0].errors == {ErrorClass.RESET: 1}
    assert series.windows[0].lateness == Histogram.of([7])
    assert recorder.fold().series == []


def test_samples_without_a_time_are_counted_and_merged() -> None:
    merger = Merger()
    for _ in range(2):  # workers
        recorder = Recorder(EDGES)
        recorder.zero = 100.0
        series = recorder.series(KEY, timed=False)
        assert recorder.series(KEY) is series
        for at in range(130):  # more than are settled at once
            series.record((100.0 + at / 65, 5, 5, 10, 0, 0, 0))
            series.late((100.0 + at / 65, 7))
        recorder.failed(series, 100.0, ErrorClass.RESET, "broke")
        merger.add(jsonio.decode(jsonio.encode(tick(recorder.fold())), Tick))
    collector = Collector(LOAD, "")
    collector.add(merger.take_into(tick(Recorder(EDGES).fold())))
    (series_,) = collector.result("complete").series
    assert not series_.timed
    assert [(each.untimed, each.count, each.latency.count) for each in series_.windows] == [
        (130, 130, 0),
        (130, 130, 0),
    ]
    assert [each.ttfb.count for each in series_.windows] == [0, 0]
    assert [each.lateness and each.lateness.count for each in series_.windows] == [130, 130]
    assert series_.windows[0].errors == {ErrorClass.RESET: 2}
    assert sum(each.bytes_sent for each in series_.windows) == 2600


@pytest.mark.parametrize(
    ("known", "merged"),
    [([[1, 2], [3]], [1, 2, 3]), ([[1, 2], None], None), ([None, [3]], None), ([], [])],
)
def test_waits_are_known_of_all_workers_or_of_none(
    known: list[list[int] | None], merged: list[int] | None
) -> None:
    merger = Merger()
    for _ in range(2):  # the second time shows that nothing is left of the first
        for each in known:
            told = tick(Recorder(EDGES).fold())
            told.waits = None if each is None else Histogram.of(each)
            merger.add(told)
        taken = merger.take_into(tick(Recorder(EDGES).fold()))
        assert taken.waits == (None if merged is None else Histogram.of(merged))
