"""A comparison in words, as every report has it."""

from __future__ import annotations

from perfspec.baseline.archive import Past
from perfspec.judge.change import Question
from perfspec.judge.compare import compare_test
from perfspec.judge.confirmation import Again, compare_again
from perfspec.plan.budget import BaselineRule
from perfspec.report.changes import change_rows, comparison_lines, sentence
from tests.records import NAMES, record
from tests.unit.judge.test_compare import EVERY, SLOW

QUESTION = Question(EVERY, BaselineRule(store="dir:x"))
PAST = Past(tuple(record(number, probe_s=0.001) for number in range(10)))


def test_what_the_machine_did_is_told_from_what_all_endpoints_share() -> None:
    slower = dict.fromkeys(NAMES, 1.3)
    found = compare_test(QUESTION, record(100, slower=slower, probe_s=0.0012), PAST)
    said = list(comparison_lines(found))
    assert "the machine by itself (calibration probe): +20%" in said
    [together] = [each for each in said if each.startswith("all endpoints together")]
    assert "beyond the machine" in together
    without = compare_test(QUESTION, record(100), Past(tuple(record(n) for n in range(10))))
    assert not any("machine" in each for each in comparison_lines(without))


def test_a_second_run_stands_beside_the_first() -> None:
    head, again = (record(number, slower=SLOW, probe_s=0.001) for number in (100, 101))
    found = compare_again(QUESTION, head, [Again(again)], PAST)
    row = change_rows(found.changes)[0]
    assert sentence(row).startswith(f"endpoint_3: p50 {row.change} (")
    assert f", {row.again} in a second run, budget +10%" in sentence(row)
    assert "Of 2 exceeded budgets 2 were exceeded in a second run too." in comparison_lines(found)
