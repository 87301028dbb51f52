"""What an analysis makes of a limit."""

from __future__ import annotations

import msgspec
import pytest

from perfspec.judge.analyses.analyse import analyse
from perfspec.judge.analyses.reading import Reading, decide_reading
from perfspec.judge.verdict import judge_test
from perfspec.measure.model import Key, Series, Window
from perfspec.plan.load import Stage
from tests.results import limit, make_test
from tests.series import spread, timeline

RECOVERY = limit("recovery_time", 20.0, warn=10.0)
DRIFT = limit("degradation.p95", 0.2, warn=0.1)
SPIKE = (
    Stage(users=5, hold_s=40),
    Stage(users=60, hold_s=20),
    Stage(users=5, hold_s=80),
)


def outcome(reading: Reading, fail: float = 20.0, warn: float | None = None) -> str:
    return decide_reading(limit("recovery_time", fail, warn=warn), reading).outcome


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        (Reading(10, 100), "pass"),
        (Reading(20, 100), "pass"),
        (Reading(21, 100), "fail"),
        (Reading(21, 100, low=19, high=25), "warn"),
        (Reading(30, 100, low=25, high=35), "fail"),
        (Reading(10, 100, doubt="seen for 20s only"), "warn"),
        (Reading(10, 100, low=10, open_ended=True), "inconclusive"),
        (Reading(21, 100, low=21, open_ended=True), "fail"),
        (Reading(None, 3, remark="too few"), "inconclusive"),
    ],
)
def test_a_reading_decides_a_limit(reading: Reading, expected: str) -> None:
    assert outcome(reading) == expected


def test_the_level_that_warns_never_fails() -> None:
    assert outcome(Reading(15, 100), fail=20, warn=10) == "warn"
    only = decide_reading(limit("recovery_time", None, warn=10.0), Reading(99, 100))
    assert (only.outcome, only.reason) == ("warn", "beyond the level that warns")


def test_a_recovery_is_judged_with_the_rest_of_the_test() -> None:
    test = make_test(RECOVERY, limit("p95", 5.0), stages=SPIKE)

    def seconds_at(middle: float) -> list[float]:
        return spread(20, 1.0 if 40 <= middle < 75 else 0.1)

    verdict = judge_test(test, timeline(test, seconds_at))
    (found, p95) = verdict.findings
    assert (found.outcome, found.limit) == ("warn", 10.0)
    assert found.observed == pytest.approx(15, abs=1)
    assert p95.outcome == "pass"
    assert verdict.outcome == "warn"


def test_a_shortened_test_is_too_short_for_it() -> None:
    test = make_test(RECOVERY, DRIFT, limit("p95", 5.0), stages=SPIKE, time_scale=0.1)
    result = timeline(test, lambda _: spread(20, 0.1))
    for each in (RECOVERY, DRIFT):
        found = analyse(test, result, each)
        assert (found.outcome, found.reason) == ("skipped", "not judged at 10% of its time")
    assert judge_test(test, result).outcome == "pass"
    alone = make_test(RECOVERY, stages=SPIKE, time_scale=0.1)
    assert judge_test(alone, result).outcome == "inconclusive"


def test_a_drift_within_its_interval_warns() -> None:
    test = make_test(DRIFT, stages=(Stage(users=5, hold_s=240),))

    def seconds_at(middle: float) -> list[float]:
        return spread(20, 0.1 * (1 + 0.15 * middle / 240))

    found = analyse(test, timeline(test, seconds_at), DRIFT)
    assert (found.outcome, found.metric.unit) == ("warn", "ratio")
    assert found.observed == pytest.approx(0.15, abs=0.01)


def test_an_ordinary_metric_is_no_analysis() -> None:
    test = make_test(limit("p95", 1.0))
    with pytest.raises(ValueError, match="p95 is no analysis"):
        analyse(test, timeline(test, lambda _: [0.1]), test.objectives[0])


def test_messages_that_nobody_acknowledges_hide_no_slow_ones() -> None:
    """Two slow requests a second for 30 s after the peak, among 200 messages without a time."""
    stages = (Stage(users=5, hold_s=40), Stage(users=60, hold_s=20), Stage(users=5, hold_s=140))
    test = make_test(RECOVERY, stages=stages)
    slow = timeline(test, lambda middle: [0.1 if middle < 40 or middle > 90 else 2.0] * 2)
    chunks = [Window(index=each.index, untimed=200) for each in slow.series[0].windows]
    key = Key(kind="request", name="chat.chunk", persona="reader")
    talking = msgspec.structs.replace(slow, series=[*slow.series, Series(key=key, windows=chunks)])
    plain, found = (analyse(test, each, RECOVERY) for each in (slow, talking))
    assert plain.observed == pytest.approx(30, abs=3)
    assert (found.outcome, found.observed, found.samples) == ("fail", plain.observed, plain.samples)
