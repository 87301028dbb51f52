"""Ctrl-C, kill and kill -9 on a real parent, as a terminal and CI send them."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import pytest

from perfspec import jsonio
from perfspec.measure.model import RunResult
from perfspec.plan.model import Hook
from perfspec.run.folder import RunFolder
from perfspec.run.interrupts import Interrupts
from tests.parents import parent_of
from tests.results import make_test
from tests.runs import environment, free_port, gone, service, small_plan

if TYPE_CHECKING:
    from pathlib import Path

    from perfspec.plan.model import Plan
    from tests.conftest import Eventually


def written(tmp_path: Path) -> RunResult:
    return jsonio.read_json(RunFolder.latest(tmp_path).result, RunResult)


def two_tests(tmp_path: Path, **rest: object) -> Plan:
    tests = (make_test(name="one", hold_s=60.0), make_test(name="two", hold_s=60.0))
    return small_plan(tmp_path, *tests, **rest)


pytestmark = pytest.mark.slow


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_once_stops_gracefully_and_keeps_what_was_measured(
    tmp_path: Path, number: signal.Signals
) -> None:
    plan = two_tests(
        tmp_path,
        environment=environment(service("api", free_port())),
        hooks_after=Hook(run="touch cleaned"),
    )
    with parent_of(plan) as parent:
        parent.wait_for("tick one 2")
        tree = parent.tree()
        parent.press(number)
        status, error = parent.end()
    assert (status, error) == (130, "")
    assert (tmp_path / "cleaned").exists()
    assert all(map(gone, tree))
    result = written(tmp_path)
    one, two = result.tests
    assert (result.interrupted, result.problem) == (True, None)
    assert one.status == "partial"
    assert one.reason is not None
    assert one.reason.startswith("interrupted at ")
    assert one.measured_s >= 2
    assert (two.status, two.reason) == ("skipped", "interrupted before it began")
    assert parent.seen[-1] == "stopping services"


def test_twice_ends_at_once_and_keeps_what_was_measured(tmp_path: Path) -> None:
    with parent_of(two_tests(tmp_path, hooks_after=Hook(run="touch cleaned")), "deaf") as parent:
        parent.wait_for("tick one 60")
        tree = parent.tree()
        parent.press()
        parent.wait_for("warning stopping")
        parent.press()
        status, _ = parent.end()
    assert status == 130
    assert all(map(gone, tree))
    assert (tmp_path / "cleaned").exists()
    result = written(tmp_path)
    assert [test.status for test in result.tests] == ["partial", "skipped"]
    assert sum(window.count for window in result.tests[0].series[0].windows) == 60 * 60


def test_while_a_service_starts(tmp_path: Path) -> None:
    api = service("api", free_port(), "--status", "503", ready_timeout_s=60)
    with parent_of(two_tests(tmp_path, environment=environment(api))) as parent:
        pid = int(parent.wait_for("service started").split()[-1])
        parent.press()
        status, error = parent.end()
    assert (status, error) == (130, "")
    assert gone(pid)
    assert [test.status for test in written(tmp_path).tests] == ["skipped", "skipped"]


def test_during_the_hook_before_the_hook_after_still_runs(
    tmp_path: Path, eventually: Eventually
) -> None:
    before = Hook(run="sh -c 'echo $$ > new; mv new pid; sleep 60'")
    plan = two_tests(tmp_path, hooks_before=before, hooks_after=Hook(run="touch cleaned"))
    with parent_of(plan) as parent:
        parent.wait_for("hook started before")
        eventually((tmp_path / "pid").exists)
        parent.press()
        status, error = parent.end()
    assert (status, error) == (130, "")
    assert (tmp_path / "cleaned").exists()
    assert gone(int((tmp_path / "pid").read_text()))


def test_again_during_the_hook_after_ends_it_and_says_so(tmp_path: Path) -> None:
    after = Hook(run="sh -c 'sleep 60'")
    plan = two_tests(
        tmp_path, hooks_after=after, environment=environment(service("api", free_port()))
    )
    with parent_of(plan) as parent:
        parent.wait_for("tick one 1")
        parent.press()
        parent.wait_for("hook started after")
        tree = parent.tree()
        parent.press()
        status, error = parent.end()
    assert (status, error) == (130, "")
    assert "warning the hook after was interrupted: it may have left something behind" in (
        parent.seen
    )
    assert all(map(gone, tree))


@pytest.mark.parametrize("behave", ["steady", "deaf"])
def test_a_parent_that_is_killed_leaves_no_process(
    tmp_path: Path, eventually: Eventually, behave: str
) -> None:
    pids = tmp_path / "pids"
    api = service("api", free_port(), "--pids", str(pids))
    with parent_of(two_tests(tmp_path, environment=environment(api)), behave) as parent:
        parent.wait_for("tick one 1")
        tree = parent.tree()
        assert len(tree) >= 4  # the load process, the service and its child, the watchman
        assert {int(pid) for pid in pids.read_text().split()} <= set(tree)
        parent.process.kill()
        parent.process.wait()
        eventually(lambda: all(map(gone, tree)))


def test_a_parent_that_is_killed_between_tests_leaves_a_result_that_says_so(
    tmp_path: Path,
) -> None:
    tests = (make_test(name="one", hold_s=1.0), make_test(name="two", hold_s=60.0))
    plan = small_plan(tmp_path, *tests)
    with parent_of(plan, "well") as parent:
        parent.wait_for("test started two")
        parent.press(signal.SIGKILL)
        parent.process.wait()
    result = written(tmp_path)
    assert result.problem in {
        "the run was cut off after test one",
        "the run was cut off after test two",
    }
    assert result.tests[0].status == "complete"


def test_signals_are_counted_and_given_back() -> None:
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    interrupts = Interrupts()
    with interrupts.listening():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        assert (interrupts.count, interrupts.fresh) == (2, 2)
        interrupts.settle()
        signal.raise_signal(signal.SIGINT)
        assert (interrupts.count, interrupts.fresh) == (3, 1)
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    previous = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        interrupts = Interrupts()
        with interrupts.listening():
            signal.raise_signal(signal.SIGHUP)
        assert interrupts.count == 0
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, previous)


def test_outside_of_the_main_thread_nothing_is_heard() -> None:
    seen: list[object] = []

    def listen() -> None:
        with Interrupts().listening():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=listen)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]
