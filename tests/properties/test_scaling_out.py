"""Reaching a number in time after load comes, on series whose truth is known."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from perfspec.judge.monitors import judge_monitor
from perfspec.measure.monitored import Monitored, SampledSeries
from perfspec.plan.limits import Metric, Objective, Subject
from perfspec.plan.load import Stage
from tests.results import make_test, measure, place

BEFORE_S, RAMP_S, PEAK_S = 40.0, 20.0, 200.0
TEST = make_test(
    stages=(
        Stage(users=5, hold_s=BEFORE_S),
        Stage(users=60, ramp_s=RAMP_S, hold_s=PEAK_S),
        Stage(users=5, hold_s=20),
    )
)
RESULT = measure(TEST, {"login": [0.1] * 1000})
INSTANCES = Metric(name="max", kind="sampled", at_least=True, scale="count")
delays = st.floats(0, RAMP_S + PEAK_S)


def outcome(
    delay: float, within_s: float, every_s: float, wanted: int, missing: frozenset[int]
) -> str:
    """Of a target that has ``wanted`` instances ``delay`` seconds after the ramp begins."""
    RESULT.monitors = [instances(delay, every_s, wanted, missing)]
    objective = Objective(
        id="edge.instances.max.within",
        subject=Subject(kind="monitor", name="edge.instances"),
        metric=INSTANCES,
        fail=float(wanted),
        place=place(70),
        origin="tests.load.slo.monitors.edge.instances",
        within_s=within_s,
    )
    return judge_monitor(TEST, RESULT, objective).outcome


def instances(delay: float, every_s: float, wanted: int, missing: frozenset[int]) -> Monitored:
    at_s = [every_s * (n + 1) for n in range(int(280 / every_s))]
    values = [
        None if n in missing else float(wanted if at >= BEFORE_S + delay else wanted - 1)
        for n, at in enumerate(at_s)
    ]
    series = SampledSeries(name="instances", unit="count", at_s=at_s, values=values)
    return Monitored(name="edge", every_s=every_s, series=[series])


@given(delays, st.floats(10, 200), st.sampled_from([0.5, 1.0, 2.0]), st.integers(2, 20))
@settings(max_examples=80)
def test_it_is_in_time_or_it_is_not(
    delay: float, within_s: float, every_s: float, wanted: int
) -> None:
    found = outcome(delay, within_s, every_s, wanted, frozenset())
    if delay < within_s - every_s:
        assert found == "pass"
    elif delay >= within_s:
        assert found == "fail"
    else:  # it came between the last reading and the end
        assert found in {"pass", "fail"}


@given(delays, st.floats(20, 200), st.data())
@settings(max_examples=80)
def test_gaps_never_make_a_pass_of_a_failure(
    delay: float, within_s: float, data: st.DataObject
) -> None:
    missing = data.draw(st.frozensets(st.integers(0, 279), max_size=40))
    if outcome(delay, within_s, 1.0, 3, frozenset()) == "fail":
        assert outcome(delay, within_s, 1.0, 3, missing) != "pass"
