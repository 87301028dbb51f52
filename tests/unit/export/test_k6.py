"""The summary of k6: the same numbers as the verdict's, and no limit is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from perfspec.export.k6 import k6_summary
from perfspec.judge.model import Outcome
from perfspec.judge.select import samples
from perfspec.judge.verdict import judge_run
from tests.results import (
    TOTAL,
    Traffic,
    bookshop_run,
    limit,
    make_plan,
    make_run,
    make_test,
    measure,
)
from tests.shapes import failing_run, passing_run, undecided_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.measure.model import RunResult
    from perfspec.plan.model import Plan

    Run = Callable[[], tuple[Plan, RunResult]]


def summary(run: Run) -> dict[str, Any]:
    plan, result = run()
    return k6_summary(result, judge_run(plan, result))


def test_values_are_those_of_the_judged_seconds() -> None:
    plan, result = failing_run()
    verdict = judge_run(plan, result)
    found = samples(result.tests[0], TOTAL, verdict.tests[0].judged)
    metrics = k6_summary(result, verdict)["metrics"]
    assert metrics["http_reqs"]["values"]["count"] == found.count
    duration = metrics["http_req_duration"]
    assert (duration["type"], duration["contains"]) == ("trend", "time")
    assert list(duration["values"]) == ["avg", "min", "med", "max", "p(90)", "p(95)", "p(99)"]
    assert duration["values"]["p(95)"] == pytest.approx((found.latency.quantile(0.95) or 0) * 1000)
    failed = metrics["http_req_failed"]["values"]
    assert failed["passes"] == sum(found.errors.values())
    assert failed["passes"] + failed["fails"] == found.count
    assert failed["rate"] == pytest.approx(failed["passes"] / found.count)
    checks = metrics["checks"]["values"]
    assert (checks["passes"], checks["fails"]) == (failed["fails"], failed["passes"])
    assert metrics["vus"]["values"]["max"] == 40
    order = metrics["http_reqs{test:load,name:order}"]["values"]["count"]
    assert 0 < order < found.count


@pytest.mark.parametrize("run", [passing_run, failing_run, undecided_run, bookshop_run])
def test_every_limit_is_a_threshold_that_says_what_the_verdict_says(run: Run) -> None:
    plan, result = run()
    verdict = judge_run(plan, result)
    metrics = k6_summary(result, verdict)["metrics"]
    said = [ok for each in metrics.values() for ok in each.get("thresholds", {}).values()]
    findings = [finding for test in verdict.tests for finding in test.findings]
    kept = sum(each.outcome in {Outcome.PASS, Outcome.WARN} for each in findings)
    assert sum(each["ok"] for each in said) == kept
    assert len(said) == len(findings)


def test_thresholds_are_written_as_k6_writes_them() -> None:
    metrics = summary(failing_run)["metrics"]
    assert {"p(95)<=250"} <= set(metrics["http_req_duration"]["thresholds"])
    assert metrics["http_req_failed"]["thresholds"] == {"rate<=0.01": {"ok": False}}


def test_several_tests_are_kept_apart() -> None:
    metrics = summary(passing_run)["metrics"]
    assert {"http_reqs{test:smoke}", "http_reqs{test:load}"} <= set(metrics)
    parts = [metrics[f"http_reqs{{test:{each}}}"]["values"]["count"] for each in ("smoke", "load")]
    assert metrics["http_reqs"]["values"]["count"] == sum(parts)
    assert "thresholds" not in metrics["http_req_duration"]
    assert metrics["http_req_duration{test:load}"]["thresholds"]


def test_messages_that_nobody_acknowledges_have_no_duration() -> None:
    test = make_test(limit("error_rate", 0.01))
    chunks = Traffic([0.0] * 600, timed=False)
    plan, found = make_plan(test), measure(test, {"chat.chunk": chunks})
    result = make_run(plan, found)
    metrics = k6_summary(result, judge_run(plan, result))["metrics"]
    assert metrics["http_reqs{test:load,name:chat.chunk}"]["values"]["count"] == 600
    assert not [each for each in metrics if each.startswith(("http_req_dur", "http_req_wait"))]
