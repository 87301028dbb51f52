"""Remote write to a real Prometheus: what was measured is what it answers."""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from perfspec.clock import SystemClock
from perfspec.errors import UsageError
from perfspec.export.lines import LATENCY, REQUESTS, Line, lines_of
from perfspec.export.prometheus import HEADERS, MOST_POINTS, URL, batches, send
from perfspec.export.sending import NotSentError
from perfspec.judge.verdict import judge_run
from tests.runs import free_port
from tests.shapes import failing_run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_httpserver import HTTPServer

    from tests.conftest import Eventually


@pytest.fixture(scope="module")
def server(
    session_leaves_nothing_behind: None,  # noqa: ARG001  (order)
    tmp_path_factory: pytest.TempPathFactory,
    eventually: Eventually,
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "prometheus.yml").write_text("", encoding="utf-8")
    url = f"http://127.0.0.1:{free_port()}"
    command = [
        "prometheus",
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address={url.removeprefix('http://')}",
        "--web.enable-remote-write-receiver",
    ]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            eventually(lambda: _ready(url), within_s=60)
            yield url
        finally:
            process.kill()


def _ready(url: str) -> bool:
    try:
        with urlopen(f"{url}/-/ready") as answer:
            return bool(answer.status == 200)
    except URLError:
        return False


def lines_of_today() -> list[Line]:
    """A run that began five minutes ago."""
    plan, result = failing_run()
    begin = SystemClock().now() - timedelta(minutes=5)
    for each in result.tests:
        each.started = begin.isoformat()
    return lines_of(plan, result, judge_run(plan, result))


def asked(url: str, query: str, at: float) -> list[dict[str, Any]]:
    asking = urlencode({"query": query, "time": at})
    with urlopen(f"{url}/api/v1/query?{asking}") as answer:
        found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
    return found


@pytest.mark.slow
@pytest.mark.xdist_group("prometheus")
def test_a_real_prometheus_answers_what_was_measured(server: str) -> None:
    lines = lines_of_today()
    target = {URL: f"{server}/api/v1/write"}
    assert send(lines, target) == target[URL]
    [rate] = [
        each for each in lines if each.metric == REQUESTS and each.labels.get("endpoint") == "order"
    ]
    at, value = rate.points[50]
    [found] = asked(server, 'perfspec_requests_rate{endpoint="order"}', at)
    assert float(found["value"][1]) == pytest.approx(value)
    assert found["metric"]["job"] == "perfspec"
    assert found["metric"]["run"] == rate.labels["run"]
    [p95] = [
        each for each in lines
        if each.metric == LATENCY and each.labels["scope"] == "all" and each.labels["quantile"] == "0.95"
    ]  # fmt: skip
    last, value = p95.points[-1]
    [found] = asked(server, 'perfspec_latency_seconds{scope="all",quantile="0.95"}', last)
    assert float(found["value"][1]) == pytest.approx(value)
    counted = asked(server, 'count({job="perfspec"})', p95.points[100][0])
    assert int(counted[0]["value"][1]) == len(lines) - 1  # the outcome comes at the end


@pytest.mark.slow
@pytest.mark.xdist_group("prometheus")
def test_a_run_of_last_year_is_refused_with_the_reason(server: str) -> None:
    lines = lines_of_today()
    old = [Line(each.metric, each.labels, ((each.points[0][0] - 3e7, 1.0),)) for each in lines]
    with pytest.raises(NotSentError, match=r"answered 400: out of bounds"):
        send(old, {URL: f"{server}/api/v1/write"})


def test_credentials_go_into_a_header_and_into_no_message(httpserver: HTTPServer) -> None:
    httpserver.expect_request(
        "/write",
        method="POST",
        headers={
            "Authorization": "Basic am86czNjcmV0",
            "X-Scope-OrgID": "team a",
            "Content-Encoding": "snappy",
            "X-Prometheus-Remote-Write-Version": "0.1.0",
        },
    ).respond_with_data("no more quota", status=429)
    address = httpserver.url_for("/write").replace("http://", "http://jo:s3cret@")
    with pytest.raises(NotSentError) as caught:
        send(lines_of_today(), {URL: address, HEADERS: "X-Scope-OrgID=team%20a"})
    assert str(caught.value) == f"{httpserver.url_for('/write')} answered 429: no more quota"


def test_nobody_there_is_told() -> None:
    with pytest.raises(NotSentError, match=r"cannot be reached: .*refused"):
        send(lines_of_today(), {URL: f"http://127.0.0.1:{free_port()}/api/v1/write"})


@pytest.mark.parametrize("address", ["", "127.0.0.1:9090", "file:///etc/passwd", "http://"])
def test_an_address_is_needed(address: str) -> None:
    with pytest.raises(UsageError, match="names no server"):
        send([], {URL: address})


def test_many_points_go_in_several_requests() -> None:
    line = lines_of_today()[0]
    many = [line] * 300
    found = list(batches(many))
    assert len(found) > 1
    assert [each for batch in found for each in batch] == many
    assert max(sum(len(each.points) for each in batch) for batch in found) <= MOST_POINTS
    assert list(batches([])) == []
