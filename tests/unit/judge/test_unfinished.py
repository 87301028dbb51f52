"""A target that loses jobs is not judged by those that it does."""

from __future__ import annotations

import pytest

from perfspec.judge.model import Outcome
from perfspec.judge.verdict import judge_test
from perfspec.measure.errors import ErrorClass
from perfspec.plan.limits import Subject
from tests.results import Traffic, limit, make_test, measure

DONE = Subject(kind="done", name="job.done")


@pytest.mark.parametrize(
    ("metric", "ended", "outcome"),
    [
        ("p95", 1200, Outcome.PASS),
        ("p95", 1160, Outcome.PASS),
        ("p95", 600, Outcome.INCONCLUSIVE),
        ("p50", 700, Outcome.PASS),
        ("p50", 500, Outcome.INCONCLUSIVE),
        ("max", 1190, Outcome.INCONCLUSIVE),
    ],
)
def test_jobs_that_were_never_done(metric: str, ended: int, outcome: Outcome) -> None:
    test = make_test(limit(metric, 1.0, on=DONE))
    jobs = {"job": Traffic([0.01] * 1200), "job.done": Traffic([0.1] * ended, kind="done")}
    found = judge_test(test, measure(test, jobs))
    assert found.outcome is outcome
    if outcome is Outcome.INCONCLUSIVE:
        assert "before the end and never done" in found.findings[0].reason


def test_jobs_that_were_refused_or_still_had_time_are_not_missing() -> None:
    test = make_test(limit("p95", 30.0, on=DONE))
    refused = {ErrorClass.THROTTLED: 600}
    jobs = {"job": Traffic([0.01] * 1200, refused), "job.done": Traffic([0.1] * 600, kind="done")}
    assert judge_test(test, measure(test, jobs)).outcome is Outcome.PASS
    patient = make_test(limit("p95", 60.0, on=DONE))
    lost = {"job": Traffic([0.01] * 1200), "job.done": Traffic([0.1] * 600, kind="done")}
    assert judge_test(patient, measure(patient, lost)).outcome is Outcome.PASS
