from __future__ import annotations

import pytest

from perfspec.measure.errors import ErrorClass
from perfspec.measure.histogram import Histogram
from perfspec.measure.model import Window
from perfspec.measure.progress import Tick
from perfspec.measure.summary import count_of, seconds_of, summarise, value_of
from perfspec.plan.limits import Metric
from perfspec.plan.metrics import metric_of

WINDOW = Window(
    index=0,
    latency=Histogram.of(range(1000, 101_000, 1000)),
    ttfb=Histogram.of([500] * 100),
    errors={ErrorClass.TIMEOUT: 3, ErrorClass.CHECK: 1},
    bytes_sent=10,
    bytes_received=20,
)
EMPTY = Window(index=0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("p50", 0.050), ("p95", 0.095), ("p99", 0.099), ("p99_9", 0.1), ("max", 0.1),
        ("mean", 0.0505), ("ttfb_p95", 0.0005), ("error_rate", 0.04), ("success_rate", 0.96),
        ("server_error_rate", 0.03), ("availability", 0.97), ("errors.check", 0.01),
        ("errors.dns", 0.0), ("throughput", 5.0),
    ],
)  # fmt: skip
def test_a_metric_is_what_the_language_says(name: str, value: float) -> None:
    assert value_of(metric_of(name), WINDOW, 20) == pytest.approx(value, rel=0.004)
    assert value_of(metric_of(name), EMPTY, 20) is None


def test_a_rate_needs_time() -> None:
    assert value_of(metric_of("throughput"), WINDOW, 0) is None


def test_a_quantile_without_a_number_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="which quantile"):
        value_of(Metric(name="p95", kind="quantile"), WINDOW, 1)


def test_a_summary_and_a_metric_are_the_same_numbers() -> None:
    found = summarise(WINDOW, 20)
    for name, value in found.quantiles.items():
        assert value == value_of(metric_of(name), WINDOW, 20)
        assert found.ttfb[name] == value_of(metric_of(f"ttfb_{name}"), WINDOW, 20)
    assert found.error_rate == value_of(metric_of("error_rate"), WINDOW, 20)
    assert found.rate == value_of(metric_of("throughput"), WINDOW, 20)
    assert (found.mean_s, found.max_s) == (0.0505, 0.1)
    assert (found.count, found.failed, found.bytes_sent) == (100, 4, 10)
    assert list(found.errors) == sorted(found.errors)


def test_no_samples_have_no_numbers() -> None:
    found = summarise(EMPTY, 20)
    assert (found.count, found.failed) == (0, 0)
    assert [found.rate, found.error_rate, found.mean_s, found.max_s] == [None] * 4
    assert not found.quantiles
    assert not found.ttfb


def test_ticks_count_the_second_before_the_first_one() -> None:
    def tick(at_s: float) -> Tick:
        return Tick(
            at_s=at_s, users=1, ready=1, planned=1, workers=1, cpu=0, busy_s=0, hub_delay_us=0
        )  # fmt: skip

    assert seconds_of([]) == 0
    assert seconds_of([tick(0.7)]) == 0.7
    assert seconds_of([tick(5), tick(6), tick(7)]) == 3


def test_what_nobody_acknowledges_counts_and_has_no_times() -> None:
    untimed = Window(index=0, untimed=300, errors={ErrorClass.RESET: 8})
    for whole in (
        merged(WINDOW, untimed),
        merged(untimed, WINDOW),
        Window.total([WINDOW, untimed]),
    ):
        found, alone = summarise(whole, 20), summarise(WINDOW, 20)
        assert (found.count, found.rate, found.error_rate) == (400, 20.0, 12 / 400)
        assert (found.mean_s, found.max_s) == (alone.mean_s, alone.max_s)
        assert (found.quantiles, found.ttfb) == (alone.quantiles, alone.ttfb)
        assert count_of(metric_of("error_rate"), whole) == 400
        assert count_of(metric_of("throughput"), whole) == 400
        assert count_of(metric_of("p95"), whole) == 100
    nothing = summarise(untimed, 20)
    assert (nothing.count, nothing.mean_s, nothing.max_s, nothing.quantiles) == (
        300,
        None,
        None,
        {},
    )
    for name in ("p95", "mean", "max", "ttfb_p95"):
        assert value_of(metric_of(name), untimed, 20) is None


def merged(one: Window, other: Window) -> Window:
    whole = Window(index=0)
    whole.merge(one)
    whole.merge(other)
    return whole
