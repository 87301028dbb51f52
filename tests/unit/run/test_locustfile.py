"""What ``perfspec compile`` writes is run by plain Locust: headless, with processes, with web UI."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from perfspec import jsonio
from perfspec.plan.load import Stage
from perfspec.plan.request import Capture
from perfspec.run.locustfile import render_locustfile
from tests.plans import endpoint, persona, plan
from tests.sockets import websocket_server
from tests.talks import CLOSE, CONNECT, message, stream, talk_plan
from tests.targets import Answer, json_answer, running_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from websockets.sync.server import ServerConnection

    from tests.conftest import Eventually
    from tests.targets import Target

ROOT = Path(__file__).parents[3]
LOCUST = (sys.executable, "-m", "locust", "-f", "locustfile.py")
LISTENER = """
import locust

heard = []
locust.events.request.add_listener(lambda **event: heard.append(event))

@locust.events.quitting.add_listener
def tell(**_):
    names = sorted({(each["name"], str(each["exception"])) for each in heard})
    print("HEARD", len(heard), names)
"""


@pytest.fixture
def target() -> Iterator[Target]:
    with running_target() as target:
        target.on("/login", json_answer({"token": "t"}))
        target.on("/bad", Answer(500))
        yield target


@pytest.fixture
def folder(target: Target, tmp_path: Path) -> Path:
    token = Capture(name="token", source="json", query="$.token")
    endpoints = [
        endpoint("login", "POST /login", captures=(token,)),
        endpoint("home", "GET /home", headers={"X-T": "{{ token }}"}),
        endpoint("bad", "GET /bad"),
    ]
    people = [
        persona("login", "home", name="reader", weight=3.0, think_s=(0.02, 0.05)),
        persona("bad", name="breaker", think_s=(0.02, 0.05)),
    ]
    stages = [Stage(users=8, ramp_s=0.5, hold_s=1.5)]
    jsonio.write_json(tmp_path / "plan.json", plan(target.url, people, endpoints, stages=stages))
    (tmp_path / "locustfile.py").write_text(render_locustfile("plan.json", "load"))
    return tmp_path


def run_locust(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LOCUST, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_locustfile_is_short_python() -> None:
    text = render_locustfile("plan.json", "load")
    compile(text, "locustfile.py", "exec")
    assert len(text.splitlines()) <= 20


def test_writing_one_needs_no_locust() -> None:
    code = "import sys, perfspec.run.locustfile; print('locust' in sys.modules, 'gevent' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [(), ("--processes", "2")])
def test_headless_its_statistics_count_what_the_target_saw(
    target: Target, folder: Path, arguments: tuple[str, ...]
) -> None:
    done = run_locust(folder, "--headless", "--only-summary", "--json-file", "out", *arguments)
    assert done.returncode == 1, done.stderr  # Locust's code for a run with failed requests
    assert "Traceback" not in done.stderr
    rows = {row["name"]: row for row in json.loads((folder / "out.json").read_text())}
    for name in ("login", "home", "bad"):
        assert rows[name]["num_requests"] == len(target.seen(f"/{name}"))
        assert sum(rows[name]["response_times"].values()) == rows[name]["num_requests"]
    assert rows["bad"]["num_failures"] == len(target.seen("/bad"))
    assert rows["home"]["num_failures"] == 0
    assert rows["home"]["total_content_length"] > 2 * rows["home"]["num_requests"]
    users = {path: len({each.port for each in target.seen(path)}) for path in ("/home", "/bad")}
    assert users == {"/home": 6, "/bad": 2}


@pytest.mark.slow
def test_listeners_of_the_request_event_hear_every_request(target: Target, folder: Path) -> None:
    with (folder / "locustfile.py").open("a") as file:
        file.write(LISTENER)
    done = run_locust(folder, "--headless", "--only-summary")
    (line,) = [each for each in done.stdout.splitlines() if each.startswith("HEARD")]
    assert f"HEARD {len(target.received)} " in line
    assert "('bad', 'server: status 500, expected 2xx')" in line
    assert "('home', 'None')" in line


@pytest.mark.slow
def test_another_host_than_the_plans_is_refused(target: Target, folder: Path) -> None:
    done = run_locust(folder, "--headless", "--host", "http://127.0.0.1:1")
    assert done.returncode == 1
    assert f"the plan was made for {target.url}" in done.stderr
    assert target.received == []


@pytest.mark.slow
def test_with_its_web_ui(target: Target, folder: Path, eventually: Eventually) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [*LOCUST, "--web-host", "127.0.0.1", "--web-port", str(port), "--autostart"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: statistics(url).get("state") == "stopped" and target.received)
        eventually(lambda: shown(url).get("home") == len(target.seen("/home")))
        assert shown(url)["Aggregated"] == len(target.received)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def statistics(url: str) -> dict[str, Any]:
    try:
        with urlopen(f"{url}/stats/requests") as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except URLError:
        return {}


def shown(url: str) -> dict[str, int]:
    return {row["name"]: row["num_requests"] for row in statistics(url).get("stats", ())}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def silent(client: ServerConnection) -> None:
    for _ in client:
        pass


@pytest.mark.slow
def test_messages_that_nobody_acknowledges_have_no_response_time(tmp_path: Path) -> None:
    chunks = stream("chunk", 0.5)
    with websocket_server(silent) as url:
        planned = talk_plan(url, (CONNECT, chunks, CLOSE), message("chunk"))
        jsonio.write_json(tmp_path / "plan.json", planned)
        listened = LISTENER.replace('str(each["exception"])', 'each["response_time"] is None')
        text = render_locustfile("plan.json", "load") + listened
        (tmp_path / "locustfile.py").write_text(text)
        done = run_locust(tmp_path, "--headless", "--only-summary", "--json-file", "out")
    assert done.returncode == 0, done.stderr
    assert "[('talk', False), ('talk.chunk', True)]" in done.stdout
    rows = {row["name"]: row for row in json.loads((tmp_path / "out.json").read_text())}
    chunk, talk = rows["talk.chunk"], rows["talk"]
    assert chunk["num_none_requests"] == chunk["num_requests"] > 0
    assert (chunk["response_times"], chunk["total_response_time"]) == ({}, 0)
    assert (talk["num_none_requests"], talk["num_requests"]) == (
        0,
        sum(talk["response_times"].values()),
    )
