"""Plans and results made by hand: a test asks for latencies and gets what a run would have measured.

``make_test`` → ``measure`` → ``make_run``; see ``tests/unit/judge`` for how they go together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from perfspec.measure.errors import ErrorClass
from perfspec.measure.excerpt import first_words
from perfspec.measure.histogram import Histogram
from perfspec.measure.model import (
    ErrorGroup,
    Health,
    Journeys,
    JourneyWindow,
    Key,
    Machine,
    RunResult,
    Series,
    TestResult,
    Window,
)
from perfspec.plan.base import Place
from perfspec.plan.journey import Persona, RequestStep
from perfspec.plan.limits import AbortLimit, Objective, Subject
from perfspec.plan.load import Stage, window_edges
from perfspec.plan.metrics import metric_of
from perfspec.plan.model import Environment, Plan, Test
from perfspec.plan.request import Endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfspec.measure.model import TestStatus
    from perfspec.plan.limits import SeriesKind

FILE = "perfspec.yaml"
ENDPOINTS = ("login", "list_books", "get_book", "order")
STARTED, FINISHED = "2026-11-21T03:35:36Z", "2026-11-21T03:37:36Z"
HEALTHY: Mapping[str, float] = {
    "cpu": 0.4, "cpu_max": 0.5, "busy_s": 0.0, "hub_delay_us": 800, "workers": 1,
}  # fmt: skip
HOSTILE = "503 <script>alert(1)</script> | `x` [a](http://evil) \x1b[31m\x00 @team #1 &lt; \ud800\u202e\n| # x"
TOTAL = Subject(kind="total")


@dataclass(frozen=True)
class Traffic:
    """What one series measured: seconds, and how many of them failed in which class.

    Of what is not ``timed`` nobody knows the seconds; there are as many samples.
    """

    seconds: Sequence[float]
    errors: Mapping[ErrorClass, int] = field(default_factory=dict)
    kind: SeriesKind = "request"
    persona: str = "reader"
    file_class: str | None = None
    timed: bool = True


def place(line: int, column: int = 5) -> Place:
    return Place(file=FILE, line=line, column=column)


def limit(
    metric: str,
    fail: float | None = None,
    *,
    on: str | Subject = TOTAL,
    line: int = 40,
    **rest: Any,  # noqa: ANN401  (fields of the struct)
) -> Objective:
    """An objective in one line: ``limit("p95", 0.3, on="login")``; limits are seconds or ratios."""
    subject = Subject(kind="request", name=on) if isinstance(on, str) else on
    who = subject.name or "total"
    defaults: dict[str, Any] = {
        "id": f"{who}.{metric}",
        "origin": f"endpoints.{who}.slo.{metric}" if subject.name else f"slo.{metric}",
    }
    return Objective(
        subject=subject, metric=metric_of(metric), fail=fail, place=place(line), **(defaults | rest)
    )


def abort(metric: str, bound: float, line: int = 70) -> AbortLimit:
    origin = f"tests.load.abort.{metric}"
    return AbortLimit(metric=metric_of(metric), limit=bound, place=place(line), origin=origin)


def make_test(
    *objectives: Objective,
    name: str = "load",
    users: int = 10,
    hold_s: float = 60.0,
    stages: Sequence[Stage] = (),
    **rest: Any,  # noqa: ANN401  (fields of the struct)
) -> Test:
    """One hold of ``users``, or the given stages."""
    return Test(
        name=name,
        place=place(60, 3),
        personas=(reader(),),
        stages=tuple(stages) or (Stage(users=users, hold_s=hold_s),),
        objectives=objectives,
        **rest,
    )


def reader() -> Persona:
    steps = tuple(RequestStep(endpoint=name, place=place(50)) for name in ENDPOINTS)
    return Persona(name="reader", weight=1, journey=steps)


def make_plan(*tests: Test, **rest: Any) -> Plan:  # noqa: ANN401  (as above)
    defaults: dict[str, Any] = {
        "tool": "0.1.0",
        "name": "bookshop",
        "file": FILE,
        "directory": ".",
        "sequence": "default",
        "environment": Environment(
            name="local", url="http://127.0.0.1:8800", hosts=("127.0.0.1:8800",)
        ),
        "endpoints": tuple(
            Endpoint(name=name, method="GET", url=f"/{name}", place=place(10 + 3 * index, 3))
            for index, name in enumerate(ENDPOINTS)
        ),
        "fingerprint": "5ca1ab1e5ca1ab1e",
    }
    return Plan(tests=tests, **(defaults | rest))


def measure(
    test: Test,
    traffic: Mapping[str, Traffic | Sequence[float]],
    *,
    until_s: float | None = None,
    health: Mapping[str, float] | None = None,
    status: TestStatus = "complete",
    reason: str | None = None,
    errors: Sequence[ErrorGroup] = (),
) -> TestResult:
    """The samples dealt out in turn over all windows up to ``until_s`` (default: the test's end)."""
    edges = window_edges(test.stages, test.warm_up_s)
    end = edges[-1] if until_s is None else until_s
    indices = [index for index, start in enumerate(edges[:-1]) if start < end]
    level = test.peak_users
    state: dict[str, Any] = {"users": level, "ready": level, "planned": level, **HEALTHY}
    state |= health or {}
    return TestResult(
        name=test.name,
        status=status,
        reason=reason,
        started=STARTED,
        measured_s=end,
        edges=edges,
        series=[_series(name, each, indices) for name, each in traffic.items()],
        health=[Health(index=index, **state) for index in indices],
        errors=list(errors),
        journeys=[Journeys(persona="reader", windows=_journeys(100, indices))],
    )


def skipped(test: Test, reason: str = "smoke failed, and on_fail is stop") -> TestResult:
    edges = window_edges(test.stages, test.warm_up_s)
    return TestResult(
        name=test.name, status="skipped", reason=reason, started=STARTED, measured_s=0, edges=edges
    )


def make_run(plan: Plan, *tests: TestResult, **rest: Any) -> RunResult:  # noqa: ANN401  (as above)
    defaults: dict[str, Any] = {
        "tool": plan.tool,
        "run_id": "2026-11-21T03-35-36Z-3f9c",
        "plan_fingerprint": plan.fingerprint,
        "started": STARTED,
        "finished": FINISHED,
        "machine": Machine(
            cpu="Test CPU", cores=2, memory=8 * 2**30, system="Linux 6.1", python="3.11.9",
            locust="2.47.0", libcurl="8.15.0", workers=1,
        ),
    }  # fmt: skip
    return RunResult(tests=list(tests), **(defaults | rest))


def error_group(
    name: str, error: ErrorClass, message: str, count: int = 1, body: str | None = None
) -> ErrorGroup:
    key = Key(kind="request", name=name, persona="reader")
    return ErrorGroup(
        key=key, error=error, message=message, count=count, first_s=12.4, first_users=7, body=body
    )


def _series(name: str, traffic: Traffic | Sequence[float], indices: Sequence[int]) -> Series:
    if not isinstance(traffic, Traffic):
        traffic = Traffic(traffic)
    us = [round(each * 1e6) for each in traffic.seconds]
    failures = [each for each, n in traffic.errors.items() for _ in range(n)]
    dealt = [us[part :: len(indices)] for part in range(len(indices))]
    windows = [
        _window(index, values, _share(failures, part, len(indices)), timed=traffic.timed)
        for part, (index, values) in enumerate(zip(indices, dealt, strict=True))
        if values
    ]
    key = Key(kind=traffic.kind, name=name, persona=traffic.persona, file_class=traffic.file_class)
    return Series(key=key, windows=windows)


def _journeys(completed: int, indices: Sequence[int]) -> list[JourneyWindow]:
    n = len(indices)
    return [
        JourneyWindow(index=index, completed=completed * (part + 1) // n - completed * part // n)
        for part, index in enumerate(indices)
    ]


def _share(failures: Sequence[ErrorClass], part: int, parts: int) -> list[ErrorClass]:
    """As even as whole failures can be, over all of the time."""
    n = len(failures)
    return [each for at, each in enumerate(failures) if (at * parts + parts // 2) // n == part]


def _window(
    index: int, values: Sequence[int], failures: Sequence[ErrorClass], *, timed: bool
) -> Window:
    known = values if timed else ()
    return Window(
        index=index,
        latency=Histogram.of(known),
        untimed=len(values) - len(known),
        ttfb=Histogram.of(each * 9 // 10 for each in known),
        errors={each: failures.count(each) for each in dict.fromkeys(failures)},
        bytes_sent=200 * len(values),
        bytes_received=1500 * len(values),
        connections=1 if index == 0 else 0,
    )


def bookshop_run() -> tuple[Plan, RunResult]:
    """Three tests with every outcome a limit can have, and errors that mean harm."""
    smoke = make_test(limit("error_rate", 0.0), name="smoke", users=5, hold_s=20)
    load = make_test(
        limit("availability", 0.999, line=41),
        limit("p95", 0.3, on="login", line=44),
        limit("p99", 0.4, warn=0.2, on="get_book", line=45),
        limit("p99", 0.4, on="order", line=46),
        limit("p95", 0.1, on="list_books", line=47, requirement="11.2"),
        limit("throughput", 10.0, line=48),
        users=50,
        stages=(Stage(users=50, ramp_s=10, hold_s=60), Stage(users=0, ramp_s=5)),
        warm_up_s=5,
        say="Baseline performance *insufficient* for @everyone",
        advice=("caching", "indexes"),
    )
    soak = make_test(limit("p95", 0.3), name="soak")
    failing = {ErrorClass.SERVER: 12, ErrorClass.TIMEOUT: 3}
    traffic: dict[str, Traffic | Sequence[float]] = {
        "login": latencies(2000, 0.3),
        "list_books": Traffic(latencies(2000, 0.02), failing),
        "get_book": latencies(3000, 0.1),
        "order": Traffic(latencies(30, 0.2), file_class="small"),
        "review": Traffic(latencies(200, 0.8), kind="group"),
    }
    errors = [
        error_group("list_books", ErrorClass.SERVER, HOSTILE, 12, body=first_words(HOSTILE)),
        error_group("list_books", ErrorClass.TIMEOUT, "no answer within 30s", 3),
    ]
    plan = make_plan(smoke, load, soak)
    measured = (
        measure(smoke, {"login": latencies(300, 0.05)}),
        measure(load, traffic, errors=errors),
        skipped(soak, "load failed, and on_fail is stop"),
    )
    return plan, make_run(plan, *measured)


def latencies(n: int, middle: float) -> list[float]:
    """Log-normal seconds around ``middle``, the same at every call."""
    random = Random(n)
    return [round(middle * random.lognormvariate(0, 0.4), 6) for _ in range(n)]
