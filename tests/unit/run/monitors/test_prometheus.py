"""Against a real Prometheus that scrapes the demo target."""

from __future__ import annotations

import math
import subprocess
from typing import TYPE_CHECKING

import pytest

from perfspec.clock import SystemClock
from perfspec.plan.monitor import PrometheusSource
from perfspec.run.monitors.prometheus import PrometheusHistory
from perfspec.run.monitors.source import ReadError
from tests.demo_target import running_demo
from tests.runs import free_port
from tests.unit.run.monitors.sources import column, series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Eventually

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("prometheus")]

CONFIG = """
global: {{ scrape_interval: 1s }}
scrape_configs:
  - job_name: bookshop
    static_configs: [ {{ targets: ['{target}'] }} ]
"""


@pytest.fixture(scope="module")
def server(
    session_leaves_nothing_behind: None,  # noqa: ARG001  (order)
    tmp_path_factory: pytest.TempPathFactory,
    eventually: Eventually,
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("prometheus")
    port = free_port()
    with running_demo("--speed", "inf") as demo:
        target = demo.url.removeprefix("http://")
        (folder / "prometheus.yml").write_text(CONFIG.format(target=target), encoding="utf-8")
        command = ["prometheus", f"--config.file={folder}/prometheus.yml"]
        command += [f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            try:
                url = f"http://127.0.0.1:{port}"
                eventually(lambda: _scraped(url), within_s=60)
                yield url
            finally:
                process.kill()


def _scraped(url: str) -> bool:
    now = SystemClock().now().timestamp()
    try:
        return column(history(url, "up", start=now - 3).read(now), "one") == [1.0] * 3
    except ReadError:
        return False  # it is starting


def history(
    url: str, query: str, *, start: float, headers: dict[str, str] | None = None
) -> PrometheusHistory:
    source = PrometheusSource(url=url, headers=headers or {})
    return PrometheusHistory((series("one", query),), 1.0, start, source)


def test_every_second_of_the_span_is_there(server: str) -> None:
    now = SystemClock().now().timestamp()
    reader = history(server, 'sum(up{job="bookshop"})', start=now - 2)
    found = reader.read(now)
    assert [each.at for each in found] == [float(math.floor(now) - 1), float(math.floor(now))]
    assert column(found, "one") == [1.0, 1.0]
    assert reader.read(now) == []


def test_seconds_before_there_were_numbers_are_missing(server: str) -> None:
    now = SystemClock().now().timestamp()
    found = history(server, "up", start=now - 3600).read(now - 3590)
    assert column(found, "one") == [None] * len(found)
    assert len(found) == 10


def test_what_one_reading_missed_the_next_one_brings(server: str) -> None:
    now = SystemClock().now().timestamp()
    reader = history("http://127.0.0.1:9", "up", start=now - 3)
    with pytest.raises(ReadError, match="cannot be reached"):
        reader.read(now)
    reader._source = PrometheusSource(url=server)
    assert len(reader.read(now)) >= 3


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("sum(", r"it answered 400: .*parse error"),
        ("{__name__=~'process_.*'}", "gives 2 series, and one is needed"),
    ],
)
def test_a_query_that_gives_no_number_is_an_error(server: str, query: str, why: str) -> None:
    now = SystemClock().now().timestamp()
    with pytest.raises(ReadError, match=why):
        history(server, query, start=now).read(now + 1)


def test_a_query_without_result_is_missing_and_says_so(server: str) -> None:
    now = SystemClock().now().timestamp()
    reader = history(server, "no_such_metric", start=now)
    assert set(column(reader.read(now + 1), "one")) == {None}
    assert reader.problem == "the query of one gives no series"


def test_the_address_of_something_else_is_an_error(server: str) -> None:
    now = SystemClock().now().timestamp()
    with pytest.raises(ReadError, match="404"):
        history(f"{server}/graph", "up", start=now).read(now + 1)
