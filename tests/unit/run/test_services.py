"""Services: real processes that answer, do not, die, or are somebody else's."""

from __future__ import annotations

import os
import re
import signal
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from perfspec.run.contracts import BrokenRunError, Deadlines
from perfspec.run.folder import RunFolder
from tests.runs import (
    Events,
    Referee,
    environment,
    free_port,
    gone,
    options,
    run,
    service,
    small_plan,
)

if TYPE_CHECKING:
    from pathlib import Path

    from perfspec.measure.collect import Collector
    from perfspec.measure.model import AbortHit
    from perfspec.plan.model import Service, Test

pytestmark = pytest.mark.slow


def broken(tmp_path: Path, *services: Service, events: Events | None = None) -> str:
    plan = small_plan(tmp_path, environment=environment(*services))
    with pytest.raises(BrokenRunError) as caught:
        run(plan, options=options(), events=events)
    assert [test.status for test in caught.value.result.tests] == ["skipped"]
    assert caught.value.result.problem is not None
    assert "\n" not in caught.value.result.problem
    return str(caught.value)


def test_services_run_from_before_the_first_test_until_after_the_last(tmp_path: Path) -> None:
    ports = free_port(), free_port()
    services = service("db", ports[0]), service("api", ports[1], variables={"LEVEL": "${L:-loud}"})
    events = Events()
    plan = small_plan(tmp_path, environment=environment(*services))
    result = run(plan, options=options(), events=events)
    assert result.tests[0].status == "complete"
    assert events.steps == [
        "starting services",
        "service started db",
        "service ready db",
        "service started api",
        "service ready api",
        "test started smoke 1/1",
        "test ended smoke complete",
        "stopping services",
    ]
    assert all(gone(int(each.split()[-1])) for each in events.seen if "service started" in each)
    logs = RunFolder.latest(tmp_path).logs
    assert "starting  loud\n" in (logs / "service-api.log").read_text()


def test_a_service_without_ready_is_not_waited_for(tmp_path: Path) -> None:
    plan = small_plan(tmp_path, environment=environment(service("api", free_port(), ready=None)))
    assert run(plan, options=options()).tests[0].status == "complete"


def test_a_service_that_is_never_ready_shows_why(tmp_path: Path) -> None:
    port = free_port()
    text = broken(tmp_path, service("api", port, "--status", "503", ready_timeout_s=1.5))
    asked = f"GET http://127.0.0.1:{port}/health: status 503"
    assert f"service api was not ready within 1.5s: {asked}\n" in text
    assert f"last lines of {RunFolder.latest(tmp_path).logs / 'service-api.log'}:\n" in text
    assert "\n  starting  None\n" in text


def test_a_service_that_does_not_listen_says_what_was_seen_last(tmp_path: Path) -> None:
    deaf = service("api", free_port(), ready_timeout_s=0.3)
    other = service("api", free_port(), ready=deaf.ready, ready_timeout_s=0.3)
    assert "ConnectionRefusedError: [Errno 111] Connection refused" in broken(tmp_path, other)


def test_a_service_that_ends_at_once_is_not_waited_for(tmp_path: Path) -> None:
    text = broken(tmp_path, service("api", free_port(), "--exit", "3", ready_timeout_s=60))
    assert re.match(r"service api ended with exit status 3, \S+ after its start\n", text)
    assert "\n  starting  None" in text


def test_the_port_of_somebody_else_is_not_tested(tmp_path: Path) -> None:
    port = free_port()
    events = Events()
    text = broken(tmp_path, service("a", port), service("b", port), events=events)
    first = next(each.split()[-1] for each in events.seen if each.startswith("service started a"))
    assert f"127.0.0.1:{port} answers already, before service b was started" in text
    assert f"that would test process {first} (python" in text


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("no-such-command --port 1", "there is no command 'no-such-command'"),
        ("sh -c 'unclosed", "cannot be read: No closing quotation"),
        ("echo hi | cat", "holds |, but it is no shell that runs it: write  sh -c 'echo hi | cat'"),
        ("echo $HOME", "holds $HOME, but it is no shell"),
        ("run {{ 1 + }}", "service api cannot be read: "),
        ("  ", "service api has no command"),
    ],
)
def test_a_command_that_cannot_run(tmp_path: Path, command: str, message: str) -> None:
    assert message in broken(tmp_path, service("api", free_port(), run=command, ready=None))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    text = broken(tmp_path, service("api", free_port(), directory="backend"))
    assert text == f"service api cannot be started: there is no folder {tmp_path / 'backend'}"


def test_values_become_one_word_whatever_they_hold(tmp_path: Path) -> None:
    port = free_port()
    each = service("api", port)
    with_value = service("api", port, run=f"{each.run} --say '${{SAID}} {{{{ environment.url }}}}'")
    plan = small_plan(tmp_path, environment=environment(with_value))
    said = "two 'words {{ 1 }} ${PATH} ; rm"
    run(plan, options=options(variables={**os.environ, "SAID": said}))
    log = (RunFolder.latest(tmp_path).logs / "service-api.log").read_text()
    assert f"starting {said} http://127.0.0.1:8800 None\n" in log


def test_a_stubborn_service_and_its_children_are_killed(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    stubborn = service("api", free_port(), "--stubborn", "--pids", str(pids))
    plan = small_plan(tmp_path, environment=environment(stubborn))
    run(plan, options=options(deadlines=Deadlines(stop=0.2)))
    assert all(gone(int(pid)) for pid in pids.read_text().split())


class Assassin(Referee):
    """Sends the service a request that kills it, once the test is under way."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port: int | None = port

    def should_abort(self, test: Test, collector: Collector) -> AbortHit | None:  # noqa: ARG002
        if self._port is not None:
            connection = HTTPConnection("127.0.0.1", self._port, timeout=5)
            connection.request("GET", "/die")
            connection.close()
            self._port = None
        return None


def test_a_service_that_dies_during_a_test_breaks_it(tmp_path: Path) -> None:
    port = free_port()
    plan = small_plan(tmp_path, environment=environment(service("api", port)))
    with pytest.raises(BrokenRunError) as caught:
        run(plan, options=options("steady"), referee=Assassin(port))
    (test,) = caught.value.result.tests
    assert (test.status, test.target_ended) == ("broken", True)
    assert test.series[0].windows[0].count == 60
    assert re.fullmatch(
        r"service api ended with exit status 7, \S+ after its start, during test smoke, at \ds",
        test.reason or "",
    )
    assert "\n  last words" in str(caught.value)


def test_a_load_process_that_does_not_listen_is_ended_with_a_dead_service(tmp_path: Path) -> None:
    port = free_port()
    plan = small_plan(tmp_path, environment=environment(service("api", port)))
    chosen = options("deaf", deadlines=Deadlines(dead_service=0.3))
    with pytest.raises(BrokenRunError, match="service api ended with exit status 7"):
        run(plan, options=chosen, referee=Assassin(port))


def test_ending_a_service_by_signal_is_named(tmp_path: Path) -> None:
    port = free_port()
    pids = tmp_path / "pids"

    class Killer(Referee):
        def should_abort(self, test: Test, collector: Collector) -> AbortHit | None:  # noqa: ARG002
            if collector.at_s == 1:
                os.kill(int(pids.read_text().split()[0]), signal.SIGKILL)
            return None

    plan = small_plan(tmp_path, environment=environment(service("api", port, "--pids", str(pids))))
    with pytest.raises(BrokenRunError, match=r"service api was killed by SIGKILL \(signal 9\)"):
        run(plan, options=options("steady"), referee=Killer())
    assert gone(int(pids.read_text().split()[1]))
