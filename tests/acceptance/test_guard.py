"""What must not be loaded is not: other hosts see no byte, protected environments no request."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.commands import Kept, check_agreement, perfspec, write_spec
from tests.targets import Answer, json_answer, running_target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.targets import Target

pytestmark = pytest.mark.slow


class Stranger:
    """A server that only counts: connections, and bytes that came."""

    def __init__(self, listener: socket.socket) -> None:
        self.address = f"127.0.0.1:{listener.getsockname()[1]}"
        self.connections = 0


@contextmanager
def stranger() -> Iterator[Stranger]:
    """Whoever connects to it is seen, though it reads nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        found, over = Stranger(listener), threading.Event()

        def accept() -> None:
            while not over.is_set():
                try:
                    listener.accept()[0].close()
                except TimeoutError:
                    continue
                found.connections += 1

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield found
        finally:
            over.set()
            thread.join()


@pytest.fixture
def target() -> Iterator[Target]:
    with running_target() as target:
        yield target


HOSTS = """\
perfspec: 1
name: hosts
environments:
  local: { url: "<url>"<allowed> }
endpoints:
  where: { request: GET /where, capture: { upload: $.upload } }
  captured: { request: "PUT {{ upload }}", text: secret }
  redirected: { request: GET /redirect, headers: { X-Key: secret } }
  permanently: { request: POST /permanently, json: { a: 1 } }
  nearly: { request: "GET {{ nearly }}" }
personas:
  visitor:
    think: 20ms
    journey:
      - where
      - captured: { if_fails: continue }
      - redirected: { if_fails: continue }
      - permanently: { if_fails: continue }
      - nearly: { if_fails: continue, set: { nearly: "http://127.0.0.1@<other>/" } }
tests:
  load: { users: 2, duration: 2s, slo: { errors: { generator: 0% } } }
"""


def test_no_byte_goes_to_a_host_that_is_not_allowed(tmp_path: Path, target: Target) -> None:
    with stranger() as other:
        url = f"http://{other.address}"
        target.on("/where", json_answer({"upload": f"{url}/upload"}))
        target.on("/redirect", Answer(302, headers={"Location": f"{url}/there"}))
        target.on("/permanently", Answer(308, headers={"Location": f"//{other.address}/there"}))
        write_spec(tmp_path, HOSTS, url=target.url, allowed="", other=other.address)
        done = perfspec(tmp_path, "run")
        kept = check_agreement(done, tmp_path)
        tried = perfspec(tmp_path, "try")
        assert other.connections == 0
    assert done.code == 1
    groups = {each.key.name: each for each in kept.test("load").errors}
    assert groups.keys() == {"captured", "redirected", "permanently", "nearly"}
    assert {each.error for each in groups.values()} == {"generator"}
    for each in groups.values():
        assert each.message == f"host {other.address} is not allowed (allow_hosts)"
    assert tried.code == 1
    assert f"host {other.address} is not allowed (allow_hosts)" in tried.out


def test_an_allowed_host_is_reached_but_sees_no_credentials(tmp_path: Path, target: Target) -> None:
    with running_target() as other:
        host = other.url.removeprefix("http://")
        target.on("/where", json_answer({"upload": f"{other.url}/upload"}))
        target.on("/redirect", Answer(302, headers={"Location": f"{other.url}/there"}))
        text = HOSTS.replace("    think:", "    auth: { bearer: our-token }\n    think:")
        allowed = f", allow_hosts: ['{host}']"
        write_spec(tmp_path, text, url=target.url, allowed=allowed, other=host)
        done = perfspec(tmp_path, "run")
    assert done.code == 0, done.out
    assert {each.path for each in other.received} == {"/upload", "/there", "/"}
    assert "our-token" not in repr(other.received)
    assert {each.headers["authorization"] for each in target.seen("/where")} == {"Bearer our-token"}


GUARDED = """\
perfspec: 1
name: guarded
environments:
  production:
    url: "<url>"
    protected:
      max_users: 3
      tests: [smoke, wide]
      window: <window>
      checklist: [Providers told]
endpoints: { home: { request: GET / } }
personas: { visitor: { think: 50ms, journey: [home] } }
slo: { error_rate: 0% }
tests:
  smoke: { users: 3, duration: 1s }
  wide: { users: 4, duration: 1s }
  soak: { users: 2, duration: 1s }
"""
TODAY = datetime.now(UTC)  # noqa: TID251  (a window around now)
OPEN = "Mon-Sun 00:00-24:00 UTC"
ELSEWHEN = f"{(TODAY + timedelta(days=3)):%a} 02:00-05:00 UTC"
REFUSALS = {
    "without --confirm": (["--only", "smoke"], {}, OPEN, "add --confirm production"),
    "another name": (["--only", "smoke", "--confirm", "prod"], {}, OPEN, "--confirm names 'prod'"),
    "a wrong test": (["--only", "soak"], {}, OPEN, "test soak may not run on production"),
    "too many users": (["--only", "wide"], {}, OPEN, "test wide goes up to 4 users"),
    "another time": (["--only", "smoke"], {}, ELSEWHEN, f"{ELSEWHEN} only (window)"),
    "a pull request": (
        ["--only", "smoke"],
        {"GITHUB_EVENT_NAME": "pull_request"},
        OPEN,
        "never loaded from a pull request",
    ),
    "a pull request of a fork": (
        ["--only", "smoke"],
        {"GITHUB_EVENT_NAME": "pull_request_target"},
        OPEN,
        "never loaded from a pull request",
    ),
}


@pytest.mark.parametrize("command", ["run", "try"])
@pytest.mark.parametrize("case", REFUSALS.values(), ids=REFUSALS)
def test_a_protected_environment_is_refused(
    tmp_path: Path,
    target: Target,
    case: tuple[list[str], dict[str, str], str, str],
    command: str,
) -> None:
    arguments, variables, window, message = case
    if message.startswith("test wide") and command == "try":
        pytest.skip("one journey has one user")
    if "add --confirm" not in message and "--confirm" not in arguments:
        arguments = [*arguments, "--confirm", "production"]
    write_spec(tmp_path, GUARDED, url=target.url, window=window)
    done = perfspec(tmp_path, command, "--env", "production", *arguments, **variables)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert target.received == []
    assert not list(tmp_path.glob(".perfspec/runs/*"))


def test_a_protected_environment_runs_when_it_is_confirmed(tmp_path: Path, target: Target) -> None:
    write_spec(tmp_path, GUARDED, url=target.url, window=OPEN)
    arguments = ["--env", "production", "--only", "smoke", "--confirm", "production"]
    done = perfspec(tmp_path, "run", *arguments, GITHUB_EVENT_NAME="push")
    assert done.code == 0, done.all
    assert "[ ] Providers told" in done.err
    check_agreement(done, tmp_path)
    assert target.received


def test_a_journey_may_be_tried_where_its_test_may_run(tmp_path: Path, target: Target) -> None:
    write_spec(tmp_path, GUARDED, url=target.url, window=OPEN)
    arguments = ["--env", "production", "--only", "smoke", "--confirm", "production"]
    done = perfspec(tmp_path, "try", *arguments)
    assert done.code == 0, done.all
    assert len(target.received) == 1


def test_a_secret_that_is_not_set_is_told_before_anything_starts(
    tmp_path: Path, target: Target
) -> None:
    text = GUARDED.replace("request: GET /", "request: GET /, headers: { X: '${API_TOKEN}' }")
    text = text.replace("production:\n", "local:\n").replace("    protected:\n", "    x-unused:\n")
    write_spec(tmp_path, text, url=target.url, window=OPEN)
    done = perfspec(tmp_path, "run", "--only", "smoke")
    assert (done.code, done.out) == (2, "")
    assert "API_TOKEN" in done.err
    assert "endpoints.home (perfspec.yaml:" in done.err
    assert target.received == []
    with pytest.raises(Exception, match="there is no run"):
        Kept(tmp_path)
