from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfspec.judge.abort import broken
from perfspec.measure.collect import Collector
from perfspec.measure.errors import ErrorClass
from perfspec.measure.histogram import Histogram
from perfspec.measure.model import AbortHit, Journeys, JourneyWindow, Key, Series, Window
from perfspec.measure.monitored import Monitored, SampledSeries
from perfspec.measure.progress import Tick
from perfspec.plan.limits import AbortLimit, Metric
from tests.results import STARTED, abort, make_test, place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.plan.load import Span

KEY = Key(kind="request", name="login", persona="reader")


def tick(
    at_s: float,
    n: int = 10,
    failed: int = 0,
    seconds: float = 0.1,
    kind: str = "request",
    untimed: int = 0,
) -> Tick:
    key = KEY if kind == "request" else Key(kind="poll", name="login.poll", persona="reader")
    window = Window(
        index=int(at_s) - 1,
        latency=Histogram.of([round(seconds * 1e6)] * n),
        untimed=untimed,
        errors={ErrorClass.SERVER: failed} if failed else {},
    )
    series = [Series(key=key, windows=[window])] if n else []
    return Tick(
        at_s=at_s, users=10, ready=10, planned=10, workers=1, cpu=0.2, busy_s=0, hub_delay_us=500,
        series=series,
    )  # fmt: skip


def run(
    *ticks: Tick, limits: tuple[AbortLimit, ...] = (abort("error_rate", 0.1),)
) -> AbortHit | None:
    test = make_test(abort=limits)
    collector = Collector(test, STARTED)
    for each in ticks:
        collector.add(each)
    return broken(test.abort, collector)


def test_ten_broken_seconds_end_the_test() -> None:
    hit = run(*(tick(second, failed=2) for second in range(1, 11)))
    assert hit == AbortHit(
        origin="tests.load.abort.error_rate",
        metric="error_rate",
        limit=0.1,
        observed=0.2,
        requests=100,
        at_s=10,
    )


def test_nine_seconds_do_not() -> None:
    assert run(*(tick(second, failed=10) for second in range(1, 10))) is None


def test_ten_ticks_of_less_than_ten_seconds_do_not() -> None:
    assert run(*(tick(number / 2, failed=10) for number in range(1, 11))) is None
    assert run(*(tick(number * 0.98, failed=10) for number in range(1, 11))) is not None


def test_fewer_than_fifty_requests_do_not() -> None:
    assert run(*(tick(second, n=4, failed=4) for second in range(1, 11))) is None
    assert run(*(tick(second, n=5, failed=5) for second in range(1, 11))) is not None


def test_only_the_last_ten_seconds_count() -> None:
    recovered = [tick(s, failed=10) for s in range(1, 11)] + [tick(s) for s in range(11, 21)]
    assert run(*recovered) is None
    collapsed = [tick(s) for s in range(1, 100)] + [tick(s, failed=2) for s in range(100, 110)]
    assert run(*collapsed) is not None


def test_a_kept_limit_and_no_limit_go_on() -> None:
    ticks = [tick(second, failed=1) for second in range(1, 11)]
    assert run(*ticks) is None
    assert run(*ticks, limits=()) is None


def test_the_first_broken_limit_is_the_reason() -> None:
    limits = (abort("p95", 1.0), abort("error_rate", 0.1), abort("availability", 0.99))
    hit = run(*(tick(second, failed=2) for second in range(1, 11)), limits=limits)
    assert hit is not None
    assert hit.metric == "error_rate"


@pytest.mark.parametrize(("metric", "bound"), [("p95", 0.2), ("throughput", 11), ("max", 0.4)])
def test_every_kind_of_metric_can_abort(metric: str, bound: float) -> None:
    slow = [tick(second, seconds=0.5) for second in range(1, 11)]
    assert run(*slow, limits=(abort(metric, bound),)) is not None


def test_polls_are_no_requests_of_the_total() -> None:
    assert run(*(tick(second, failed=10, kind="poll") for second in range(1, 11))) is None


@pytest.mark.parametrize(("dropped", "ends"), [(1, True), (0, False)])
def test_dropped_journeys_end_a_test_too(dropped: int, *, ends: bool) -> None:
    def arriving(second: int) -> Tick:
        window = JourneyWindow(index=second - 1, completed=9, dropped=dropped)
        found = tick(second, n=0)
        found.journeys = [Journeys(persona="reader", windows=[window])]
        return found

    hit = run(*[arriving(second) for second in range(1, 11)], limits=(abort("dropped", 0.05),))
    assert (hit is not None) is ends
    if hit is not None:
        assert (hit.metric, hit.observed, hit.requests) == ("dropped", 0.1, 100)


def test_few_journeys_end_nothing() -> None:
    def arriving(second: int) -> Tick:
        found = tick(second, n=100)
        window = JourneyWindow(index=second - 1, completed=3, dropped=1)
        found.journeys = [Journeys(persona="reader", windows=[window])]
        return found

    ticks = [arriving(second) for second in range(1, 11)]
    assert run(*ticks, limits=(abort("dropped", 0.05),)) is None


def stopped_by(
    readings: Sequence[float | None],
    limit: float,
    statistic: str = "mean",
    *,
    at_least: bool = False,
) -> AbortHit | None:
    """One reading a second, of a test of as many seconds."""
    metric = Metric(name=statistic, kind="sampled", at_least=at_least, scale="ratio")
    bound = AbortLimit(
        metric=metric,
        limit=limit,
        place=place(70),
        origin="abort.monitors.api.cpu",
        series="api.cpu",
    )
    test = make_test(abort=(bound,))
    collector = Collector(test, STARTED)
    seconds = [each + 0.5 for each in range(len(readings))]

    def watch(span: Span) -> list[Monitored]:
        inside = [at for at in seconds if span.start_s <= at < span.end_s]
        values = [readings[int(at)] for at in inside]
        series = SampledSeries(name="cpu", unit="ratio", at_s=inside, values=values)
        return [Monitored(name="api", every_s=1.0, series=[series])]

    collector.watch = watch
    for second in range(1, len(readings) + 1):
        collector.add(tick(second, n=1))
    return broken(test.abort, collector)


def test_a_monitor_ends_the_test_by_its_last_ten_seconds() -> None:
    hit = stopped_by([0.1] * 10 + [0.97] * 10, 0.95)
    assert hit is not None
    assert (hit.metric, hit.requests, hit.at_s) == ("api.cpu mean", 10, 20)
    assert hit.observed == pytest.approx(0.97)
    assert stopped_by([0.97] * 10 + [0.1] * 10, 0.95) is None
    assert stopped_by([0.97] * 9, 0.95) is None
    assert stopped_by([0.1] * 19 + [0.97], 0.95, "max") is not None
    assert stopped_by([0.5] * 20, 0.6, at_least=True) is not None


def test_what_was_not_read_ends_nothing() -> None:
    assert stopped_by([0.97] * 10 + [None] * 10, 0.95) is None
    hit = stopped_by([None] * 19 + [0.97], 0.95)
    assert hit is not None
    assert hit.requests == 1


@pytest.mark.parametrize(("n", "requests"), [(5, 50), (4, None)])
def test_messages_that_nobody_acknowledges_dilute_no_times(n: int, requests: int | None) -> None:
    ticks = [tick(second, n=n, seconds=0.5, untimed=1000) for second in range(1, 11)]
    hit = run(*ticks, limits=(abort("p95", 0.2),))
    assert (hit and hit.requests) == requests


def test_but_are_among_those_that_fail_or_do_not() -> None:
    ticks = [tick(second, n=1, failed=101, untimed=999) for second in range(1, 11)]
    hit = run(*ticks, limits=(abort("error_rate", 0.1),))
    assert hit is not None
    assert (hit.observed, hit.requests) == (0.101, 10_000)
