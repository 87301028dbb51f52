"""What a baseline is worth: no false alarm on itself, and what finding a slowdown takes."""

from __future__ import annotations

from itertools import pairwise

from perfspec.judge.change import Question
from perfspec.judge.power import needs, self_test
from perfspec.plan.budget import BaselineRule
from tests.records import record
from tests.unit.judge.test_compare import EVERY, SLOW

RULE = BaselineRule(store="dir:x")


def test_a_quiet_baseline_does_not_fail_itself() -> None:
    found = self_test(Question(EVERY, RULE), [record(number) for number in range(8)])
    assert (found.runs, found.failed) == (8, ())
    assert len(found.smallest) == len(EVERY)
    assert all(each.detectable is not None for each in found.smallest)


def test_a_slow_run_in_the_baseline_is_named() -> None:
    records = [record(number, slower=SLOW if number == 4 else None) for number in range(8)]
    assert self_test(Question(EVERY, RULE), records).failed == (records[4].run_id,)


def test_too_few_runs_are_not_tried() -> None:
    records = [record(number) for number in range(2)]
    assert self_test(Question(EVERY, RULE), records).smallest == ()
    assert list(needs(EVERY, records, 0.1, 30)) == []


def test_a_larger_slowdown_needs_no_more_runs() -> None:
    records = [record(number, noise=0.03) for number in range(6)]
    wanted = [
        {each.budget.id: each for each in needs(EVERY, records, detect, 60)}
        for detect in (0.15, 0.3, 0.6)
    ]
    for small, large in pairwise(wanted):
        for name, need in small.items():
            assert large[name].runs is not None or need.runs is None
            assert (large[name].runs or 99) <= (need.runs or 99)
    assert all(need.runs == 5 for need in wanted[-1].values())


def test_what_no_number_of_runs_finds_takes_longer_ones_or_another_way() -> None:
    records = [record(number, noise=0.1) for number in range(6)]
    found = list(needs(EVERY, records, 0.05, 30))
    assert found
    assert all(each.runs is None for each in found)
