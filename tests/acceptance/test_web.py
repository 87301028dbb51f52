"""Locust's web UI beside a real run: it shows the load, changes nothing, and ends with the test."""

from __future__ import annotations

import json
import os
import signal
import socket
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

from tests.commands import Kept, perfspec, started, write_spec
from tests.demo_target import running_demo
from tests.runs import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Eventually
    from tests.demo_target import Demo

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("terminal")]

SPEC = """\
perfspec: 1
name: shop
environments: { local: { url: "<url>" } }
endpoints: { books: { request: GET /books } }
personas: { reader: { think: 50ms, journey: [books] } }
tests:
  load: { users: 3, duration: 5m, slo: { error_rate: 1% } }
"""


@pytest.fixture(scope="module")
def shop() -> Iterator[Demo]:
    with running_demo() as demo:
        yield demo


def refused(url: str, data: bytes | None = None, **headers: str) -> int | None:
    """The status of what was refused, None for what was not."""
    try:
        with urlopen(Request(url, data, headers)):
            return None
    except HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_load_can_be_looked_at_and_not_changed(
    workers: str, shop: Demo, tmp_path: Path, eventually: Eventually
) -> None:
    write_spec(tmp_path, SPEC, url=shop.url)
    port = free_port()
    url = f"http://127.0.0.1:{port}"

    def report() -> dict[str, Any]:
        try:
            with urlopen(f"{url}/stats/requests") as answer:
                found: dict[str, Any] = json.load(answer)
        except URLError:
            return {"user_count": 0, "stats": []}
        return found

    def loaded() -> bool:
        found = report()
        return bool(found["user_count"] == 3 and found["stats"][0]["num_requests"])

    with started(tmp_path, "run", "--web", str(port), "--workers", workers) as run:
        eventually(loaded, within_s=60)
        assert [each["name"] for each in report()["stats"]] == ["books", "Aggregated"]
        with urlopen(url) as page:
            assert "<title>Locust</title>" in page.read().decode()
        form = b"user_count=500&spawn_rate=500"
        assert refused(f"{url}/swarm", data=form) == 403
        assert refused(f"{url}/stop", data=b"") == 403
        assert refused(f"{url}/stats/requests", Origin="https://example.com") == 403
        assert refused(f"{url}/stats/requests", Origin=url) is None
        assert refused(f"{url}/stats/requests", Host="example.com") == 403
        assert report()["user_count"] == 3
        os.kill(run.process.pid, signal.SIGINT)
        done = run.end()
    assert f"Locust's web UI, while a test runs: {url}/\n" in done.err
    assert "interrupted" in (Kept(tmp_path).test("load").reason or "")
    with pytest.raises(URLError, match="refused"):
        urlopen(url)


def test_a_port_that_is_taken_is_told(shop: Demo, tmp_path: Path) -> None:
    write_spec(tmp_path, SPEC, url=shop.url)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = perfspec(tmp_path, "run", "--web", str(port))
    assert done.code == 3
    assert f"Locust's web UI cannot be served at 127.0.0.1:{port}: " in done.err
