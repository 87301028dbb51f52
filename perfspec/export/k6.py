"""A run as k6 gives it to ``handleSummary``, for dashboards and reports made for k6.

Numbers are those of the judged seconds, latencies in milliseconds. Submetrics are tagged with test
and endpoint. A limit that k6 has a metric for is a threshold of that; all others, so that none is
lost, are thresholds of ``perfspec_limits``.
https://grafana.com/docs/k6/latest/results-output/end-of-test/custom-summary/
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from perfspec.judge.model import Outcome
from perfspec.judge.select import health_in, journeys_in, merged, samples, seconds
from perfspec.plan.limits import Subject
from perfspec.report.tables import JOURNEYS, TOTAL, finding_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfspec.judge.model import Finding, TestVerdict, Verdict
    from perfspec.measure.histogram import Histogram
    from perfspec.measure.model import RunResult, TestResult, Window

KEPT: Final = {Outcome.PASS, Outcome.WARN}
ANSWERED: Final = {"check", "client", "server", "throttled", "auth", "payment"}
STATISTICS: Final = {"med": 0.5, "p(90)": 0.9, "p(95)": 0.95, "p(99)": 0.99}
MEASURED: Final = {"latency": "http_req_duration", "ttfb": "http_req_waiting"}
TREND: Final = ["avg", "min", "med", "max", "p(90)", "p(95)", "p(99)"]


@dataclass(slots=True)
class _Metric:
    """``contains`` is what its numbers are; ``values`` and ``thresholds`` as k6 names them."""

    type: str
    contains: str
    values: dict[str, float]
    thresholds: dict[str, dict[str, bool]] = field(default_factory=dict)

    def written(self) -> dict[str, Any]:
        """Without ``thresholds`` where there is none, as k6 does."""
        found = {"type": self.type, "contains": self.contains, "values": self.values}
        return found | ({"thresholds": self.thresholds} if self.thresholds else {})


def k6_summary(result: RunResult, verdict: Verdict) -> dict[str, Any]:
    """The whole object; tests that did not run are not in it."""
    verdicts = {each.name: each for each in verdict.tests}
    tests = [(each, verdicts[each.name]) for each in result.tests if each.status != "skipped"]
    metrics = dict(_whole(tests))
    for test, judged in tests:
        keys = (each.key for each in test.series if each.key.kind != "group")
        named = (Subject(kind=each.kind, name=each.name) for each in keys)
        for subject in dict.fromkeys((TOTAL, *named)):
            metrics |= _submetrics(test, judged, subject)
    for _, judged in tests:
        _limits(judged, metrics, alone=len(tests) == 1)
    return {
        "metrics": {name: each.written() for name, each in metrics.items()},
        "root_group": {"name": "", "path": "", "groups": [], "checks": []},
        "options": {"summaryTrendStats": TREND, "summaryTimeUnit": "", "noColor": True},
        "state": {
            "isStdOutTTY": False,
            "isStdErrTTY": False,
            "testRunDurationMs": sum(each.measured_s for each, _ in tests) * 1000,
        },
    }


def _whole(tests: Sequence[tuple[TestResult, TestVerdict]]) -> Iterator[tuple[str, _Metric]]:
    """What k6 has without tags: all tests together."""
    total = merged(samples(test, TOTAL, judged.judged) for test, judged in tests)
    took = sum(seconds(judged.judged) for _, judged in tests)
    yield from _of_requests(total, took, "")
    answered = sum(n for error, n in total.errors.items() if error in ANSWERED)
    passes = total.count - sum(total.errors.values())
    yield "checks", _rate(passes, answered)
    journeys = [journeys_in(test, JOURNEYS, judged.judged) for test, judged in tests]
    done = sum(each.completed + each.failed for each in journeys)
    yield "iterations", _counter(done, took)
    dropped = sum(each.dropped for each in journeys)
    if dropped:
        yield "dropped_iterations", _counter(dropped, took)
    for name in ("sent", "received"):
        yield f"data_{name}", _counter(getattr(total, f"bytes_{name}"), took, "data")
    users = [each.users for test, judged in tests for each in health_in(test, judged.judged)]
    if users:
        values = {"value": users[-1], "min": min(users), "max": max(users)}
        yield "vus", _Metric("gauge", "default", values)
        yield "vus_max", _Metric("gauge", "default", dict.fromkeys(values, max(users)))


def _submetrics(test: TestResult, judged: TestVerdict, subject: Subject) -> dict[str, _Metric]:
    """Of one test, or of one of its endpoints."""
    found = samples(test, subject, judged.judged)
    return dict(_of_requests(found, seconds(judged.judged), _tags(judged.name, subject.name)))


def _of_requests(found: Window, took: float, tags: str) -> Iterator[tuple[str, _Metric]]:
    failed = sum(found.errors.values())
    yield f"http_reqs{tags}", _counter(found.count, took)
    yield f"http_req_failed{tags}", _rate(failed, found.count - failed)
    if found.latency.count:
        yield f"http_req_duration{tags}", _trend(found.latency)
    if found.ttfb.count:
        yield f"http_req_waiting{tags}", _trend(found.ttfb)


def _limits(judged: TestVerdict, metrics: dict[str, _Metric], *, alone: bool) -> None:
    """Every limit as a threshold of the metric that it is about."""
    others: dict[str, bool] = {}
    for each in judged.findings:
        kept = each.outcome in KEPT
        about, text = _threshold(each)
        whole = alone and not each.subject.name
        metric = metrics.get(about + ("" if whole else _tags(judged.name, each.subject.name)))
        if about and metric:
            metric.thresholds[text] = {"ok": kept}
        else:
            row = finding_row(each)
            others[f"{judged.name}: {row.subject} {row.metric} {row.limit}"] = kept
    if others:
        lost = metrics.setdefault("perfspec_limits", _rate(0, 0))
        lost.thresholds |= {text: {"ok": kept} for text, kept in others.items()}
        kept_ones = sum(each["ok"] for each in lost.thresholds.values())
        lost.values = _rate(kept_ones, len(lost.thresholds) - kept_ones).values


def _threshold(finding: Finding) -> tuple[str, str]:
    """k6's metric and expression for a limit; empty where k6 has none."""
    metric, limit = finding.metric, finding.limit
    if finding.subject.file_class or finding.subject.persona:
        return "", ""
    if metric.kind == "quantile" and metric.quantile is not None and metric.of in MEASURED:
        return MEASURED[metric.of], f"p({metric.quantile * 100:g})<={limit * 1000:g}"
    if metric.kind in {"mean", "max"} and metric.of in MEASURED:
        name = "avg" if metric.kind == "mean" else "max"
        return MEASURED[metric.of], f"{name}<={limit * 1000:g}"
    if metric.name == "error_rate":
        return "http_req_failed", f"rate<={limit:g}"
    if metric.kind == "throughput" and not metric.about_journeys:
        return "http_reqs", f"rate>={limit:g}"
    return "", ""


def _tags(test: str, endpoint: str) -> str:
    return f"{{test:{test},name:{endpoint}}}" if endpoint else f"{{test:{test}}}"


def _counter(count: int, took: float, contains: str = "default") -> _Metric:
    return _Metric("counter", contains, {"count": count, "rate": count / took if took else 0.0})


def _rate(true: int, false: int) -> _Metric:
    """``passes`` counts what was true, also where that is a failure."""
    share = true / (true + false) if true + false else 0.0
    return _Metric("rate", "default", {"rate": share, "passes": true, "fails": false})


def _trend(times: Histogram) -> _Metric:
    values = {
        "avg": times.sum_us / times.count / 1000,
        "min": times.at_rank(1) * 1000,
        "max": times.max_us / 1000,
    }
    for name, q in STATISTICS.items():
        values[name] = (times.quantile(q) or 0.0) * 1000
    return _Metric("trend", "time", {name: values[name] for name in TREND})
