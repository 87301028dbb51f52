"""What monitors say of a target: what is used up, what grows, what does not scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from perfspec.judge.verdict import judge_test
from perfspec.measure.errors import ErrorClass
from perfspec.measure.monitored import Monitored, SampledSeries
from perfspec.plan.limits import Metric, Objective, Subject
from tests.results import error_group, limit, make_test, measure, place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.judge.model import Diagnosis
    from perfspec.measure.model import TestResult

POOL = Subject(kind="monitor", name="db.pool")


def bound(fail: float | None, *, least: bool = False, **rest: Any) -> Objective:  # noqa: ANN401  (fields)
    metric = Metric(name="max", kind="sampled", at_least=least, scale="count")
    return Objective(
        id="db.pool.max", subject=POOL, metric=metric, fail=fail, min_samples=1,
        place=place(70), origin="slo.monitors.db.pool", **rest,
    )  # fmt: skip


def result_of(objective: Objective, values: Sequence[float]) -> TestResult:
    """One reading a second."""
    result = measure(make_test(objective), {"login": [0.1] * 600})
    at_s = [0.5 + second for second in range(len(values))]
    pool = SampledSeries(name="pool", unit="count", at_s=at_s, values=list(values))
    result.monitors = [Monitored(name="db", every_s=1.0, series=[pool])]
    return result


def found(objective: Objective, values: Sequence[float]) -> Sequence[Diagnosis]:
    return judge_test(make_test(objective), result_of(objective, values)).diagnoses


def test_a_number_that_stays_at_its_top_is_something_used_up() -> None:
    (diagnosis,) = found(bound(18), [*range(20), *[20] * 40])
    assert diagnosis.cause.startswith("db.pool went up to 20 and no further")
    assert diagnosis.evidence == "40 of 60 readings at 20, at up to 10 users"


@pytest.mark.parametrize(
    ("objective", "values"),
    [
        (bound(18), [*range(59), 100]),  # at its top only once
        (bound(20), [20] * 60),  # within the limit
        (bound(None, warn=18), [20] * 60),  # not forbidden
        (bound(0), [20] * 60),  # what should not happen at all has no size
    ],
)
def test_a_number_that_moves_or_may_be_there_is_nobodys_problem(
    objective: Objective, values: Sequence[float]
) -> None:
    assert found(objective, values) == ()


def test_what_should_rise_with_the_load_and_stays_does_not_scale() -> None:
    (diagnosis,) = found(bound(3, least=True), [1] * 60)
    assert diagnosis.cause == "db.pool stayed at 1 whatever the load was: scaling did not begin."
    assert found(bound(3, least=True), [1] * 58 + [2] * 2) == ()


def test_what_should_reach_more_and_stops_is_something_used_up() -> None:
    (diagnosis,) = found(bound(50, least=True), [*range(20), *[20] * 40])
    assert diagnosis.cause.startswith("db.pool went up to 20 and no further")


def test_growth_is_told_with_its_trend() -> None:
    objective = limit("growth.db.pool", 0.1, on=POOL)
    (diagnosis,) = found(objective, [100 + at for at in range(60)])
    assert diagnosis.cause.startswith("db.pool grows while the load stays as it is")
    assert "by the trend of 60 readings" in diagnosis.evidence


def test_errors_are_told_with_what_was_beyond_its_limit_when_they_began() -> None:
    result = result_of(bound(18), [5] * 5 + [20] * 55)
    result.errors = [error_group("login", ErrorClass.SERVER, "status 500", 100)]
    first, _ = judge_test(make_test(bound(18)), result).diagnoses
    assert first.error == ErrorClass.SERVER
    assert first.cause.endswith("Then db.pool was at 20, beyond 18.")
