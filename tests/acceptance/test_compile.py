"""``perfspec compile`` writes what plain Locust runs: headless, in two processes, with its web UI."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from tests.commands import PATIENCE_S, perfspec, surroundings, write_spec
from tests.demo_target import running_demo
from tests.runs import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Eventually
    from tests.demo_target import Demo

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("compile")]

LOCUST = (sys.executable, "-m", "locust", "-f", "build/locustfile.py")
SPEC = """\
perfspec: 1
name: shop
environments: { local: { url: "<url>" } }
secrets: [BOOKWORM]
data:
  readers: { csv: readers.csv, pick: unique }
endpoints:
  login:
    request: POST /login
    auth: none
    json: { email: "{{ user.email }}", password: "${BOOKWORM}" }
    capture: { token: $.token }
  books: { request: GET /books, capture: { ids: "$.books[*].id" } }
  book: { request: "GET /books/{id}", path: { id: "{{ ids | random }}" } }
  cart: { request: GET /cart }
personas:
  reader:
    data: readers
    auth: { bearer: "{{ token }}" }
    think: 20ms..60ms
    on_start: [login]
    journey: [books, book, cart]
tests:
  smoke: { users: 1, duration: 1s, slo: { error_rate: 0% } }
  load: { stages: [{ users: 6, ramp: 1s, hold: 2s }], slo: { error_rate: 0% } }
"""
ROUTES = {
    "login": "POST /login",
    "books": "GET /books",
    "book": "GET /books/{id}",
    "cart": "GET /cart",
}


@pytest.fixture
def shop() -> Iterator[Demo]:
    with running_demo("--speed=inf") as demo:
        yield demo


@pytest.fixture
def folder(shop: Demo, tmp_path: Path) -> Path:
    rows = "".join(f"reader-{n:03}@example.com\n" for n in range(1, 9))
    (tmp_path / "readers.csv").write_text(f"email\n{rows}")
    write_spec(tmp_path, SPEC, url=shop.url)
    done = perfspec(tmp_path, "compile", "--only", "load", "--output", "build", BOOKWORM="bookworm")
    assert (done.code, done.err) == (0, "")
    assert done.out == "build/locustfile.py: test load; run it with locust -f\n"
    return tmp_path


@pytest.mark.parametrize("arguments", [(), ("--processes", "2")], ids=["alone", "two processes"])
def test_headless_it_sends_what_its_statistics_say(
    folder: Path, shop: Demo, arguments: tuple[str, ...]
) -> None:
    done = subprocess.run(
        [*LOCUST, "--headless", "--only-summary", "--json-file", "out", *arguments],
        cwd=folder,
        env=surroundings(BOOKWORM="bookworm"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    rows = {row["name"]: row for row in json.loads((folder / "out.json").read_text())}
    seen = {name: shop.truth()["routes"][route]["count"] for name, route in ROUTES.items()}
    assert {name: row["num_requests"] for name, row in rows.items()} == seen
    assert seen["login"] == 6
    assert seen["cart"] > 20
    assert {row["num_failures"] for row in rows.values()} == {0}


def test_its_web_ui_starts_it(folder: Path, shop: Demo, eventually: Eventually) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    port = url.rpartition(":")[2]
    process = subprocess.Popen(
        [*LOCUST, "--web-host", "127.0.0.1", "--web-port", port],
        cwd=folder,
        env=surroundings(BOOKWORM="bookworm"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: state(url) == "ready")
        with urlopen(f"{url}/") as page:
            assert page.status == 200
            assert b"Locust" in page.read()
        assert shop.truth()["routes"] == {}
        form = urlencode({"user_count": 1, "spawn_rate": 1, "host": shop.url}).encode()
        with urlopen(f"{url}/swarm", data=form) as answer:
            assert json.load(answer)["success"]
        eventually(lambda: state(url) == "stopped")
        seen = {name: shop.truth()["routes"][route]["count"] for name, route in ROUTES.items()}
        assert seen["login"] == 6  # the plan's users, whatever the form says
        eventually(lambda: shown(url) == seen)
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def ask(url: str) -> dict[str, Any]:
    try:
        with urlopen(f"{url}/stats/requests") as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except URLError:
        return {}


def state(url: str) -> object:
    return ask(url).get("state")


def shown(url: str) -> dict[str, int]:
    rows = {row["name"]: row["num_requests"] for row in ask(url).get("stats", ())}
    return {name: rows.get(name, 0) for name in ROUTES}


def test_a_search_is_left_to_perfspec(tmp_path: Path) -> None:
    text = SPEC.replace("<url>", "http://127.0.0.1:9")
    head, _, _ = text.partition("tests:")
    (tmp_path / "perfspec.yaml").write_text(
        head
        + """\
tests:
  find:
    stages: [{ users: { search: 2..9 }, hold: 1m }]
    stop_when: { p95: 1s }
    slo: { capacity: 3 users }
"""
    )
    done = perfspec(tmp_path, "compile", "--output", "build")
    assert done.code == 2
    assert "test find searches: only perfspec run can judge a level" in done.err
    assert not (tmp_path / "build").exists()
