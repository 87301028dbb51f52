"""Numbers of a URL: JSON and Prometheus' text format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfspec.plan.monitor import HttpSource
from perfspec.run.monitors.endpoint import EndpointGauge, metric
from perfspec.run.monitors.source import ReadError
from tests.demo_target import running_demo
from tests.unit.run.monitors.sources import series, values

if TYPE_CHECKING:
    from pytest_httpserver import HTTPServer

TEXT = r"""
# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{route="/a",status="200"} 40 1395066363000
requests_total{route="/b",status="200"} 2
requests_total{route="/b \"x\"",status="500"} 1e1
in_flight 7
in_flight_max 9
broken NaN
"""


@pytest.mark.parametrize(
    ("selector", "value"),
    [
        ("in_flight", 7.0),
        ("requests_total", 52.0),
        ('requests_total{status="200"}', 42.0),
        ('requests_total{status="200",route="/b"}', 2.0),
        (r'requests_total{ route="/b \"x\"" }', 10.0),
        ('requests_total{status="404"}', None),
        ("no_such_metric", None),
    ],
)
def test_a_metric_is_the_sum_of_its_samples(selector: str, value: float | None) -> None:
    assert metric(TEXT, selector) == value


def test_what_is_no_name_of_a_metric_is_an_error() -> None:
    with pytest.raises(ReadError, match="no name of a metric"):
        metric(TEXT, "sum(in_flight)")


def test_no_number_is_missing_and_says_so(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/status").respond_with_json({"pool": {"active": 3}, "name": "x"})
    source = HttpSource(url=httpserver.url_for("/status"))
    wanted = [
        series("active", "$.pool.active", "json"),
        series("name", "$.name", "json"),
        series("gone", "$.gone", "json"),
    ]
    gauge = EndpointGauge(wanted, source)
    assert values(gauge.read(1.0)) == {"active": 3.0, "name": None, "gone": None}
    assert gauge.problem == "gone needs one number, and its path finds nothing"


def test_headers_are_sent_and_stay_with_the_address(httpserver: HTTPServer) -> None:
    wanted = [series("n", "n")]
    httpserver.expect_request("/metrics", headers={"Authorization": "Bearer x"}).respond_with_data(
        "n 5\n"
    )
    httpserver.expect_request("/moved").respond_with_data(
        "", 302, {"Location": httpserver.url_for("/metrics")}
    )
    headers = {"Authorization": "Bearer x"}
    good = HttpSource(url=httpserver.url_for("/metrics"), headers=headers)
    assert values(EndpointGauge(wanted, good).read(1.0)) == {"n": 5.0}
    moved = HttpSource(url=httpserver.url_for("/moved"), headers=headers)
    with pytest.raises(ReadError, match="it answered 302"):
        EndpointGauge(wanted, moved).read(1.0)


@pytest.mark.parametrize(
    ("body", "form", "why"), [("<html>", "json", "no JSON"), ("x" * 17_000_000, "query", "16 MiB")]
)
def test_another_answer_is_an_error(httpserver: HTTPServer, body: str, form: str, why: str) -> None:
    httpserver.expect_request("/").respond_with_data(body)
    wanted = [series("n", "$.n", "json") if form == "json" else series("n", "n")]
    with pytest.raises(ReadError, match=why):
        EndpointGauge(wanted, HttpSource(url=httpserver.url_for("/"))).read(1.0)


@pytest.mark.slow
def test_the_demo_targets_own_metrics() -> None:
    wanted = [
        series("rss", "process_resident_memory_bytes", unit="bytes"),
        series("good", 'bookshop_requests_total{status="200"}'),
    ]
    with running_demo("--speed", "inf") as demo:
        for _ in range(3):
            demo.ask("GET", "/books")
        found = values(EndpointGauge(wanted, HttpSource(url=f"{demo.url}/metrics")).read(1.0))
    assert found["good"] == 3
    assert (found["rss"] or 0) > 10_000_000
