"""Growth of a monitor's series: the same trend, of readings with gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfspec.judge.analyses.growth import growth
from perfspec.judge.verdict import judge_test
from perfspec.measure.monitored import Monitored, SampledSeries
from perfspec.plan.limits import Subject
from perfspec.plan.load import Stage
from tests.results import limit, make_test
from tests.series import timeline

if TYPE_CHECKING:
    from perfspec.measure.model import TestResult

HOLD_S = 120
MEMORY = Subject(kind="monitor", name="api.memory")
TEST = make_test(
    limit("growth.api.memory", 0.2, on=MEMORY, warn=0.1),
    stages=(Stage(users=5, ramp_s=10, hold_s=HOLD_S),),
)


def run(values: list[float | None], absent: str | None = None) -> TestResult:
    """A reading a second, from the first second of the test on."""
    series = SampledSeries(
        name="memory", unit="ratio", at_s=[float(at) for at in range(len(values))], values=values
    )
    result = timeline(TEST, lambda _: [0.1] * 5)
    result.monitors = [Monitored(name="api", every_s=1.0, series=[series], absent=absent)]
    return result


def leaking(change: float) -> list[float | None]:
    return [*[50.0] * 10, *(50.0 * (1 + change * at / HOLD_S) for at in range(HOLD_S))]


@given(st.floats(-0.9, 5), st.sets(st.integers(10, HOLD_S + 9), max_size=HOLD_S // 6))
@settings(max_examples=40, deadline=None)
def test_a_leak_is_found_through_gaps(change: float, gaps: set[int]) -> None:
    values = [None if at in gaps else each for at, each in enumerate(leaking(change))]
    reading = growth(TEST, run(values), MEMORY)
    assert reading.observed == pytest.approx(change, abs=0.02 * (1 + abs(change)))
    assert reading.samples == HOLD_S - len(gaps)


@pytest.mark.parametrize(
    ("change", "outcome"), [(0.0, "pass"), (0.15, "warn"), (0.5, "fail"), (-0.5, "pass")]
)
def test_it_is_judged_like_every_limit(change: float, outcome: str) -> None:
    verdict = judge_test(TEST, run(leaking(change)))
    assert verdict.findings[0].outcome == outcome
    assert str(verdict.findings[0].subject) == "api.memory"


def test_what_was_not_read_is_no_growth_and_no_pass() -> None:
    many = [None if at % 3 == 0 else each for at, each in enumerate(leaking(0.0))]
    said = {
        "too many readings are missing": run(many),
        "nothing to read: no such service": run([], absent="no such service"),
        "nothing to read: there is no such monitor here": timeline(TEST, lambda _: [0.1] * 5),
        "a trend needs 8 readings in a hold, and a start above 0": run([0.0] * 130),
    }
    for remark, result in said.items():
        assert growth(TEST, result, MEMORY).remark == remark
        assert judge_test(TEST, result).findings[0].outcome == "inconclusive"
