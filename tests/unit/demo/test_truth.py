from __future__ import annotations

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfspec.demo.truth import ServiceTimes, Truth

TIMES = st.lists(st.integers(0, 10**13), min_size=1, max_size=300)
QUANTILES = {"p50": 500, "p90": 900, "p95": 950, "p99": 990, "p99.9": 999}


def recorded(times: list[int]) -> ServiceTimes:
    histogram = ServiceTimes()
    for each in times:
        histogram.add(each)
    return histogram


@given(TIMES)
def test_quantiles_are_nearest_ranks_within_a_thousandth(times: list[int]) -> None:
    summary = recorded(times).summary()
    assert summary is not None
    ordered = sorted(times)
    for name, per_mille in QUANTILES.items():
        exact = ordered[max(1, ceil(Fraction(per_mille * len(times), 1000))) - 1] / 1e9
        assert summary[name] == pytest.approx(exact, rel=0.001, abs=1e-12)
    assert (summary["min"], summary["max"]) == (ordered[0] / 1e9, ordered[-1] / 1e9)
    assert summary["mean"] == pytest.approx(sum(times) / len(times) / 1e9)


@given(TIMES, TIMES)
def test_merging_is_recording_together(one: list[int], other: list[int]) -> None:
    merged = recorded(one)
    merged.merge(recorded(other))
    assert merged.summary() == recorded(one + other).summary()


def test_memory_does_not_grow_with_the_number_of_requests() -> None:
    times = recorded([5_000_000 + each for each in range(50_000)])
    assert times.count == 50_000
    assert len(times._buckets) < 50


def test_nothing_seen_has_no_quantile() -> None:
    truth = Truth()
    assert truth.report() == {
        "all": {
            "count": 0,
            "statuses": {},
            "bytes_in": 0,
            "bytes_out": 0,
            "unstamped": 0,
            "service_s": None,
        },
        "routes": {},
    }


def test_a_report_counts_each_route_and_all_together() -> None:
    truth = Truth()
    truth.record("GET /books", "200", 1000, bytes_in=1, bytes_out=10, stamped=True)
    truth.record("GET /books", "500", 3000, bytes_in=2, bytes_out=20, stamped=False)
    truth.record("GET /cart", "200", 2000, bytes_in=4, bytes_out=40, stamped=True)
    report = truth.report()
    assert report["all"] == {
        "count": 3,
        "statuses": {"200": 2, "500": 1},
        "bytes_in": 7,
        "bytes_out": 70,
        "unstamped": 1,
        "service_s": {
            "min": 1e-6, "mean": 2e-6, "p50": 2e-6, "p90": 3e-6, "p95": 3e-6, "p99": 3e-6,
            "p99.9": 3e-6, "max": 3e-6,
        },
    }  # fmt: skip
    routes = report["routes"]
    assert isinstance(routes, dict)
    assert {name: seen["count"] for name, seen in routes.items()} == {
        "GET /books": 2,
        "GET /cart": 1,
    }
    truth.reset()
    assert truth.report()["routes"] == {}
