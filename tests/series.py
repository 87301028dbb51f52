"""Results whose latencies change with time, second by second."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import NormalDist
from typing import TYPE_CHECKING

from perfspec.measure.histogram import Histogram
from perfspec.measure.model import Health, Key, Series, TestResult, Window
from perfspec.plan.load import phases, users_at, window_edges
from tests.results import STARTED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfspec.measure.errors import ErrorClass
    from perfspec.plan.model import Test

    Errors = Callable[[float], dict[ErrorClass, int]]


def spread(count: int, middle_s: float, sigma: float = 0.4) -> list[float]:
    """A log-normal distribution as evenly as ``count`` values can be, the same at every call."""
    normal = NormalDist()
    return [
        middle_s * math.exp(sigma * normal.inv_cdf((each + 0.5) / count)) for each in range(count)
    ]


def _health(test: Test, index: int, middle: float) -> Health:
    level = users_at(phases(test.stages), middle)
    return Health(
        index=index, users=level, ready=level, planned=level,
        cpu=0.2, cpu_max=0.3, busy_s=0, hub_delay_us=500, workers=1,
    )  # fmt: skip


def timeline(
    test: Test,
    seconds_at: Callable[[float], Sequence[float]],
    errors_at: Errors = lambda _: {},
    *,
    until_s: float = math.inf,
) -> TestResult:
    """The latencies of the requests that began in the window whose middle is handed in."""
    edges = window_edges(test.stages, test.warm_up_s)
    windows = []
    for index, (start, end) in enumerate(pairwise(edges)):
        middle = (start + end) / 2
        values = seconds_at(middle) if middle < until_s else ()
        if values:
            latency = Histogram.of(round(each * 1e6) for each in values)
            windows.append(Window(index=index, latency=latency, errors=errors_at(middle)))
    key = Key(kind="request", name="login", persona="reader")
    return TestResult(
        name=test.name,
        status="complete",
        started=STARTED,
        measured_s=min(until_s, edges[-1]),
        edges=edges,
        series=[Series(key=key, windows=windows)],
        health=[
            _health(test, index, (edges[index] + edges[index + 1]) / 2)
            for index in range(len(edges) - 1)
            if edges[index] < until_s
        ],
    )
