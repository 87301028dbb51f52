"""What a test leaves for later comparisons: its judged seconds as one record."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, cast

from perfspec.baseline.record import GeneratorHealth, Record, SeriesRecord, WindowRecord
from perfspec.judge.select import blocks, health_in, measured, merged, probe_in, seconds
from perfspec.judge.statistics.jackknife import log_quantile_variances
from perfspec.plan.limits import Subject
from perfspec.plan.load import judged
from perfspec.plan.metrics import QUANTILES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.measure.model import RunResult, TestResult, Window
    from perfspec.plan.limits import SeriesKind
    from perfspec.plan.load import Span
    from perfspec.plan.model import Plan, Test

KINDS = ("request", "poll", "done")


def comparable_fingerprint(test: Test, tool: str) -> str:
    """16 hex digits that runs must share: what is measured, and by which major version of us."""
    text = f"{test.fingerprint} {tool.partition('.')[0]}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def record_of(
    plan: Plan,
    test: Test,
    run: RunResult,
    result: TestResult,
    *,
    commit: str | None = None,
    branch: str | None = None,
) -> Record:
    """The record of one test; whether it may enter a baseline is another question.

    The same seconds are looked at as by limits that do not say otherwise: holds after the warm-up.
    """
    spans = measured(result, judged(test.stages, "hold", test.warm_up_s))
    health = health_in(result, spans)
    keys = (each.key for each in result.series if each.key.kind in KINDS)
    whole = dict.fromkeys(Subject(kind=each.kind, name=each.name) for each in keys)
    asked = dict.fromkeys(each.subject for each in test.budgets)
    parts = [each for each in asked if each.kind != "total" and each not in whole]
    return Record(
        tool=run.tool,
        run_id=run.run_id,
        commit=commit,
        branch=branch,
        time=result.started,
        test=test.name,
        environment=plan.environment.name,
        fingerprint=comparable_fingerprint(test, run.tool),
        time_scale=test.time_scale,
        seed=plan.seed,
        warm_up_s=test.warm_up_s,
        judged_s=seconds(spans),
        machine=run.machine,
        health=GeneratorHealth(
            cpu_max=max((each.cpu_max for each in health), default=0.0),
            hub_delay_s=max((each.hub_delay_us for each in health), default=0) / 1e6,
            workers=max((each.workers for each in health), default=0),
        ),
        probe_s=probe_in(result, spans),
        series=tuple(_series(result, each, spans) for each in whole),
        parts=tuple(_series(result, each, spans) for each in parts),
    )


def _series(result: TestResult, subject: Subject, spans: Sequence[Span]) -> SeriesRecord:
    parts = blocks(result, subject, spans)
    total = merged(parts)
    latencies = [each.latency for each in parts if each.latency.count]
    return SeriesRecord(
        kind=cast("SeriesKind", subject.kind),  # neither the total nor a monitor
        name=subject.name,
        persona=subject.persona,
        file_class=subject.file_class,
        latency=total.latency,
        untimed=total.untimed,
        errors=dict(sorted(total.errors.items())),
        windows=tuple(map(_window, parts)),
        variance=log_quantile_variances(latencies, QUANTILES),
    )


def _window(window: Window) -> WindowRecord:
    return WindowRecord(
        requests=window.count,
        failed=sum(window.errors.values()),
        p50=window.latency.quantile(0.5),
        p95=window.latency.quantile(0.95),
        p99=window.latency.quantile(0.99),
    )
