"""Duets that never were: log-normal latencies of both sides, block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perfspec.judge.change import Question
from perfspec.judge.duet import compare_sides
from perfspec.measure.errors import ErrorClass
from perfspec.measure.histogram import Histogram
from perfspec.measure.model import Health, Key, Series, TestResult, Window
from perfspec.plan.budget import BaselineRule, Budget
from perfspec.plan.duet import Duet, block_spans, duet_of
from perfspec.plan.limits import Subject
from perfspec.plan.metrics import metric_of
from tests.results import make_plan, make_run, make_test, place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfspec.judge.model import Comparison
    from perfspec.measure.model import RunResult
    from perfspec.plan.model import Plan

NAMES = tuple(f"endpoint_{index}" for index in range(8))
DUET = Duet(base="3f2c1d" + "0" * 34, head="9ab04e" + "0" * 34)


def budget(
    metric: str = "p95", on: str = "endpoint_3", fail: float = 0.1, least: int = 500
) -> Budget:
    return Budget(
        id=f"{on}.{metric}",
        subject=Subject(kind="request", name=on),
        metric=metric_of(metric),
        fail=fail,
        min_samples=least,
        place=place(7),
        origin=f"budget.{metric}",
    )


BUDGETS = tuple(budget(metric, name) for name in NAMES for metric in ("p50", "p95"))


def duet_result(
    blocks: int,
    *,
    slower: Mapping[str, float] | None = None,
    failed: Mapping[str, int] | None = None,
    requests: int = 200,
    noise: float = 0.02,
    seed: int = 1,
    duet: Duet = DUET,
) -> TestResult:
    """``slower`` are factors of the head's latencies, ``failed`` its failures in each block."""
    rng = np.random.default_rng(seed)
    base, head = (
        [
            Series(
                key=Key(kind="request", name=name, persona="reader"),
                windows=[
                    _window(2 * at + 1, 0.02 * factor * np.exp(rng.normal(0, noise)), requests, rng)
                    for at in range(blocks)
                ],
            )
            for name in NAMES
            for factor in (side.get(name, 1.0),)
        ]
        for side in ({}, slower or {})
    )
    for each in head:
        for window in each.windows:
            if count := (failed or {}).get(each.key.name, 0):
                window.errors = {ErrorClass.SERVER: count}
    edges = [
        edge for each in block_spans(duet) for edge in (each.start_s - duet.cut_s, each.start_s)
    ]
    return TestResult(
        name="load.duet",
        status="complete" if blocks == duet.looks[-1] else "stopped",
        started="2026-11-21T03:35:36+00:00",
        measured_s=blocks * duet.block_s,
        edges=(*edges, duet.looks[-1] * duet.block_s),
        series=head,
        base=base,
    )


def _window(index: int, median_s: float, requests: int, rng: np.random.Generator) -> Window:
    us = (median_s * 1e6 * np.exp(rng.normal(0, 0.3, requests))).astype(int)
    return Window(index=index, latency=Histogram.of(us.tolist()))


def duet_run() -> tuple[Plan, RunResult, dict[str, Comparison]]:
    """All blocks, in which the head has slowed one endpoint and made another fail."""
    rates = tuple(budget("error_rate", name, 0.005) for name in NAMES[:2])
    test = duet_of(make_test(name="load", budgets=(*BUDGETS, *rates)), DUET)
    slower = {"endpoint_3": 1.17, "endpoint_5": 0.93}
    result = duet_result(DUET.looks[-1], slower=slower, failed={"endpoint_1": 4})
    result.health = [
        Health(
            index=at, users=10, ready=10, planned=10, cpu=0.3, cpu_max=0.35, busy_s=0.0,
            hub_delay_us=800, workers=1,
        )
        for at in range(len(result.edges) - 1)
    ]  # fmt: skip
    comparison = compare_sides(Question(test.budgets, BaselineRule()), DUET, result)
    plan = make_plan(test)
    return plan, make_run(plan, result), {test.name: comparison}
