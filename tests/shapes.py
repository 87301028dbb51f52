"""Results whose load and latencies change over time, as those of real tests do: for charts.

``shaped`` takes functions: how slow at so many users, which share fails, how busy the generator is.
"""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING

from perfspec.judge.model import Change, Comparison, Outcome
from perfspec.measure.errors import ErrorClass
from perfspec.measure.histogram import Histogram
from perfspec.measure.model import (
    ErrorGroup,
    Health,
    Key,
    Series,
    TestResult,
    Window,
)
from perfspec.measure.monitored import Monitored, SampledSeries
from perfspec.plan.limits import Subject
from perfspec.plan.load import Stage, phases, users_at, window_edges
from perfspec.plan.metrics import metric_of
from tests.results import STARTED, abort, error_group, limit, make_plan, make_run, make_test, place

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.judge.model import State
    from perfspec.measure.model import RunResult
    from perfspec.plan.limits import Objective
    from perfspec.plan.load import Phase
    from perfspec.plan.model import Plan, Test

    Shape = Callable[[float], float]

SLOWNESS = {"login": 1.4, "list_books": 0.6, "get_book": 0.4, "order": 2.0}
LOAD = (Stage(users=40, ramp_s=30, hold_s=120), Stage(users=0, ramp_s=15))
LADDER = tuple(Stage(users=20 * step, ramp_s=10, hold_s=50) for step in range(1, 8))
SPIKE = (
    Stage(users=20, ramp_s=5, hold_s=120),
    Stage(users=60, ramp_s=10, hold_s=40),
    Stage(users=20, ramp_s=5, hold_s=120),
)
WAVES = (1.01, 0.97, 1.0, 1.03, 0.99, 0.98, 1.02, 1.0, 0.97, 1.01, 1.0, 0.99)
MESSAGE = 'expected status 201, got 503: {"error": "pool exhausted"}'


def shaped(
    test: Test,
    slow: Shape,
    *,
    failing: Shape = lambda _: 0.0,
    busy: Shape = lambda _: 0.35,
    drag: Shape = lambda _: 1.0,
    requests_of_a_user: float = 0.6,
    slowness: dict[str, float] = SLOWNESS,
) -> TestResult:
    """``slow`` is seconds by users; ``failing`` (a share), ``busy`` (of a core) and ``drag`` (a factor) by second."""
    random = Random(7)
    edges = window_edges(test.stages, test.warm_up_s)
    curve = phases(test.stages)
    series: dict[str, list[Window]] = {name: [] for name in slowness}
    for index, (start, end) in enumerate(pairwise(edges)):
        users = users_at(curve, (start + end) / 2)
        each = users * requests_of_a_user * (end - start) / len(slowness)
        for name, factor in slowness.items():
            n = round(each * random.uniform(0.9, 1.1))
            median = slow(users) * drag(start) * factor * random.uniform(0.93, 1.07)
            times = [int(median * random.lognormvariate(0, 0.35) * 1e6) for _ in range(n)]
            if times:
                failed = round(n * failing(start))
                series[name].append(_window(index, times, failed))
    return TestResult(
        name=test.name,
        status="complete",
        started=STARTED,
        measured_s=edges[-1],
        edges=edges,
        series=[
            Series(key=Key(kind="request", name=name, persona="reader"), windows=windows)
            for name, windows in series.items()
        ],
        health=[
            _health(index, users_at(curve, (start + end) / 2), busy(start), random.random())
            for index, (start, end) in enumerate(pairwise(edges))
        ],
        errors=_errors(series, curve, edges),
    )


def passing_run() -> tuple[Plan, RunResult]:
    smoke = make_test(limit("error_rate", 0.01), name="smoke", users=5, hold_s=30)
    load = make_test(*_limits(0.5), stages=LOAD, warm_up_s=10)
    plan = make_plan(smoke, load)
    return plan, make_run(plan, shaped(smoke, lambda _: 0.06), shaped(load, _gentle))


def failing_run() -> tuple[Plan, RunResult]:
    """Something filled up in the middle of the hold."""
    load = make_test(
        *_limits(0.25, warn=0.1),
        stages=LOAD,
        warm_up_s=10,
        say="The shop is not ready for the sale.",
        advice=("look at the connection pool", "index books.title"),
    )
    plan = make_plan(load)
    measured = shaped(
        load,
        lambda users: 0.05 + users * 0.004,
        failing=lambda second: 0.25 if 90 <= second < 130 else 0.0,
    )
    measured.monitors = [_pool()]
    return plan, make_run(plan, measured)


def undecided_run() -> tuple[Plan, RunResult]:
    """The generator was at its end, so its numbers say nothing."""
    load = make_test(*_limits(0.5), stages=LOAD, warm_up_s=10)
    plan = make_plan(load)
    measured = shaped(load, _gentle, busy=lambda second: min(0.3 + second / 80, 0.99))
    return plan, make_run(plan, measured)


def ladder_run() -> tuple[Plan, RunResult]:
    """Steps of users up to where latency runs away."""
    capacity = make_test(
        limit("error_rate", 0.01, line=41),
        name="capacity",
        stages=LADDER,
        warm_up_s=5,
        stop_when=(abort("p95", 0.8),),
        recommend=0.7,
    )
    plan = make_plan(capacity)
    measured = shaped(capacity, lambda users: 0.05 / max(1 - users / 150, 0.06))  # a queue
    return plan, make_run(plan, measured)


def spiky_run() -> tuple[Plan, RunResult]:
    """Slower and slower before a peak, and 40 s of pain after it."""
    memory = Subject(kind="monitor", name="api.memory")
    spike = make_test(
        limit("recovery_time", 30.0, line=51),
        limit("degradation.p95", 0.2, line=52),
        limit("growth.api.memory", 0.1, on=memory, line=53),
        name="spike",
        stages=SPIKE,
        warm_up_s=5,
    )
    plan = make_plan(spike)
    measured = shaped(
        spike,
        _gentle,
        drag=lambda second: 1 + second / 400 if second < 130 else 3.0 if second < 218 else 1.3,
        requests_of_a_user=1.5,
    )
    at_s = [float(second) for second in range(0, 300, 2)]
    rising = [4e8 * (1 + at / 600) for at in at_s]
    series = SampledSeries(name="memory", unit="bytes", at_s=at_s, values=list(rising))
    measured.monitors = [Monitored(name="api", every_s=2, series=[series])]
    return plan, make_run(plan, measured)


def slower_than_before() -> Comparison:
    """What a baseline of twelve runs says of the failing run."""
    return Comparison(
        runs=12,
        first="1f0c9a2e7d",
        last="9b3e51c0aa",
        shift=0.012,
        shift_low=-0.01,
        shift_high=0.03,
        false_alarms=0.01,
        changes=(
            _change("order", Outcome.FAIL, "regression", base=0.62, head=0.75),
            _change("login", Outcome.PASS, "within", base=0.5, head=0.51),
            _change("get_book", Outcome.PASS, "no_baseline", base=None, head=0.17),
        ),
    )


def six_hours_run(endpoints: int = 20) -> tuple[Plan, RunResult]:
    stages = (Stage(users=40, ramp_s=600, hold_s=20_400), Stage(users=0, ramp_s=600))
    names = [f"endpoint_{number:02}" for number in range(endpoints)]
    soak = make_test(
        *(limit("p95", 0.4, on=name) for name in names), name="soak", stages=stages, warm_up_s=10
    )
    plan = make_plan(soak)
    slowness = {name: 0.5 + 0.1 * number for number, name in enumerate(names)}
    measured = shaped(
        soak,
        _gentle,
        slowness=slowness,
        failing=lambda second: 0.02 if second % 3000 < 300 else 0.0,
        requests_of_a_user=1.5,
    )
    return plan, make_run(plan, measured)


def _change(
    name: str, outcome: Outcome, state: State, *, base: float | None, head: float
) -> Change:
    change = None if base is None else head / base - 1
    return Change(
        budget=f"{name}.p95",
        subject=Subject(kind="request", name=name),
        metric=metric_of("p95"),
        outcome=outcome,
        state=state,
        fail=0.1,
        warn=0.05,
        base=base,
        head=head,
        change=change,
        low=None if change is None else change - 0.05,
        high=None if change is None else change + 0.06,
        p=0.0004,
        detectable=0.06,
        samples=660,
        history=() if base is None else tuple(base * wave for wave in (1.3, 1.28, 1.31, *WAVES)),
        since=0 if base is None else 3,
        reason={"regression": "beyond the budget", "within": "within the budget"}.get(
            state, "there is nothing to compare with yet"
        ),
        place=place(81),
        origin=f"endpoints.{name}.budgets.p95",
    )


def _pool() -> Monitored:
    """A connection pool that is full while orders fail, and then cannot be read for a while."""
    at_s = [float(second) for second in range(0, 165, 5)]
    full = [20.0 if 90 <= at < 130 else 4 + at % 3 for at in at_s]
    used = SampledSeries(
        name="connections",
        unit="count",
        at_s=at_s,
        values=[None if at == 140 else n for at, n in zip(at_s, full, strict=True)],
    )
    wait = SampledSeries(name="wait", unit="s", at_s=at_s, values=[n / 400 for n in full])
    return Monitored(name="pool", every_s=5, series=[used, wait])


def _gentle(users: float) -> float:
    return 0.08 + users * 0.0005


def _limits(p95: float, warn: float = 0.3) -> list[Objective]:
    return [
        limit("error_rate", 0.01, line=41),
        limit("p95", p95, line=42, requirement="PERF-7"),
        limit("p95", 0.7, on="login", line=44),
        limit("p95", 0.35, warn=warn, on="list_books", line=45),
        limit("p99", 0.3, on="get_book", line=46),
        limit("p95", 0.9, on="order", line=47),
        limit("throughput", 5.0, line=48),
    ]


def _window(index: int, times: list[int], failed: int) -> Window:
    return Window(
        index=index,
        latency=Histogram.of(times),
        ttfb=Histogram.of(each * 9 // 10 for each in times),
        errors={ErrorClass.SERVER: failed} if failed else {},
    )


def _health(index: int, users: int, cpu: float, noise: float) -> Health:
    return Health(
        index=index,
        users=users,
        ready=users,
        planned=users,
        cpu=cpu * (0.9 + noise / 10),
        cpu_max=min(cpu * 1.08, 1.0),
        busy_s=15.0 if cpu > 0.9 else 0.0,
        hub_delay_us=round(900 + 4000 * cpu * noise),
        workers=1,
    )


def _errors(
    series: dict[str, list[Window]], curve: tuple[Phase, ...], edges: tuple[float, ...]
) -> list[ErrorGroup]:
    groups = []
    for name, windows in series.items():
        failing = [each for each in windows if each.errors]
        if failing:
            group = error_group(
                name, ErrorClass.SERVER, MESSAGE, sum(sum(w.errors.values()) for w in failing)
            )
            group.first_s = edges[failing[0].index] + 0.4
            group.first_users = users_at(curve, group.first_s)
            groups.append(group)
    return groups
