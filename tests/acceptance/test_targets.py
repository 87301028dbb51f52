"""Targets as they are met: dead, slow, unknown, untrusted, broken; and one that is not ours."""

from __future__ import annotations

import shutil
import socket
import ssl
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
import trustme

from tests.commands import check_agreement, perfspec, write_spec
from tests.demo_target import running_demo
from tests.runs import free_port
from tests.targets import Answer, json_answer, running_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.targets import Target

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SPEC = """\
perfspec: 1
name: trouble
environments:
  local:
    url: "<url>"
    allow_hosts: ["<dead>", no-such-host.invalid, "<untrusted>", "<demo>"]
endpoints:
  dead: { request: "GET http://<dead>/" }
  unknown: { request: "GET http://no-such-host.invalid/" }
  untrusted: { request: "GET https://<untrusted>/" }
  slow: { request: GET /slow, timeout: 200ms }
  reset: { request: "GET http://<demo>/books" }
  throttled: { request: GET /429 }
  auth: { request: GET /403 }
  payment: { request: GET /402 }
  client: { request: GET /404 }
  server: { request: GET /500 }
  check: { request: GET /200, expect: { json: { $.ready: true } } }
  fine: { request: GET /fine }
personas:
  unlucky:
    think: 10ms
    journey:
<journey>
tests:
  load: { users: 3, duration: 3s, slo: { error_rate: 50%, errors: { connect: 100% } } }
"""
CLASSES = {
    "dead": "connect",
    "unknown": "dns",
    "untrusted": "tls",
    "slow": "timeout",
    "reset": "reset",
    "throttled": "throttled",
    "auth": "auth",
    "payment": "payment",
    "client": "client",
    "server": "server",
    "check": "check",
}


@pytest.fixture
def target() -> Iterator[Target]:
    with running_target() as target:
        for status in (402, 403, 404, 429, 500):
            target.on(f"/{status}", Answer(status))
        target.on("/200", json_answer({"ready": False}))
        target.on("/slow", Answer(after_s=1.0))
        yield target


@contextmanager
def untrusted() -> Iterator[str]:
    """A server whose certificate nobody knows; it only shakes hands."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        over = threading.Event()

        def shake() -> None:
            while not over.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                connection.settimeout(5)
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except OSError:
                    connection.close()

        thread = threading.Thread(target=shake)
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


def test_every_trouble_has_its_class(tmp_path: Path, target: Target) -> None:
    journey = "".join(f"      - {name}: {{ if_fails: continue }}\n" for name in (*CLASSES, "fine"))
    with running_demo("--speed=inf", "--fault=reset:/books:100%") as demo, untrusted() as tls:
        write_spec(
            tmp_path,
            SPEC,
            url=target.url,
            dead=f"127.0.0.1:{free_port()}",
            untrusted=tls,
            demo=demo.url.removeprefix("http://"),
            journey=journey.rstrip("\n"),
        )
        done = perfspec(tmp_path, "run")
    kept = check_agreement(done, tmp_path)
    assert done.code == 1
    assert {each.key.name: each.error for each in kept.test("load").errors} == CLASSES
    assert all(each.message for each in kept.test("load").errors)
    assert kept.finding("total.errors.connect").outcome == "pass"
    assert kept.finding("total.error_rate").observed == pytest.approx(11 / 12, abs=0.05)
    for error in CLASSES.values():
        assert error in kept.summary


ALONE = """\
perfspec: 1
name: alone
environments: { local: { url: "<url>" } }
endpoints: { home: { request: GET /, timeout: 500ms } }
personas: { visitor: { think: 10ms, journey: [home] } }
tests: { load: { users: 3, duration: 2s, slo: { availability: 99% } } }
"""


def test_a_dead_target_fails_and_crashes_nothing(tmp_path: Path) -> None:
    write_spec(tmp_path, ALONE, url=f"http://127.0.0.1:{free_port()}")
    done = perfspec(tmp_path, "run")
    kept = check_agreement(done, tmp_path)
    assert done.code == 1
    assert kept.finding("total.availability").observed == 0
    assert "Connection refused" in done.out
    tried = perfspec(tmp_path, "try")
    assert tried.code == 1
    assert "visitor: failed after 1 request\n" in tried.out


def test_a_target_that_never_answers_fails_by_timeouts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        write_spec(tmp_path, ALONE, url=f"http://127.0.0.1:{silent.getsockname()[1]}")
        done = perfspec(tmp_path, "run")
    kept = check_agreement(done, tmp_path)
    assert done.code == 1
    assert {each.error for each in kept.test("load").errors} == {"timeout"}
    assert kept.test("load").status == "complete"


def test_a_name_that_does_not_exist_is_told_before_any_load(tmp_path: Path) -> None:
    write_spec(tmp_path, ALONE, url="http://no-such-host.invalid")
    for command in ("run", "try"):
        done = perfspec(tmp_path, command)
        assert done.code == 3
        assert "no-such-host.invalid" in done.err
        assert "Traceback" not in done.all


def test_an_authority_that_is_not_known_fails_by_tls(tmp_path: Path) -> None:
    with untrusted() as host:
        write_spec(tmp_path, ALONE, url=f"https://{host}")
        done = perfspec(tmp_path, "run")
    kept = check_agreement(done, tmp_path)
    assert done.code == 1
    assert {each.error for each in kept.test("load").errors} == {"tls"}


def test_a_server_that_is_not_ours_receives_what_was_meant(tmp_path: Path) -> None:
    """The example on httpbin checks every request by what the server says that it got."""
    folder = tmp_path / "httpbin"
    shutil.copytree(ROOT / "examples" / "httpbin", folder, ignore=shutil.ignore_patterns(".*"))
    port = str(free_port())
    done = perfspec(folder, "run", "--only", "load", "--time-scale", "40%", PORT=port)
    kept = check_agreement(done, folder)
    assert done.code == 0, done.all
    assert kept.test("load").errors == []
    called = {each.key.name for each in kept.test("load").series if each.key.kind == "request"}
    assert called == {each.name for each in kept.plan.endpoints}
    tried = perfspec(folder, "try", "--only", "smoke", PORT=port)
    assert tried.code == 0, tried.all
    assert "caller: passed after " in tried.out


@pytest.mark.skipif(psutil.virtual_memory().total > 50e9, reason="this machine may hold them")
def test_more_users_than_the_machine_can_hold_are_refused(tmp_path: Path, target: Target) -> None:
    crowd = ALONE.replace("users: 3", "users: 999999")
    write_spec(tmp_path, crowd, url=target.url)
    plan = perfspec(tmp_path, "plan")
    assert plan.code == 0
    assert "at most 999,999 users" in plan.out
    for arguments in ([], ["--workers", "2"]):
        done = perfspec(tmp_path, "run", *arguments)
        assert done.code == 3
        assert "users" in done.err
        assert "Traceback" not in done.all
    assert target.received == []
