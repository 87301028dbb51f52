"""A run with real load: how it ends when something or somebody ends it."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

import msgspec
import psutil
import pytest

from perfspec import jsonio
from perfspec.measure.errors import ErrorClass
from perfspec.measure.model import RunResult
from perfspec.plan.journey import Persona
from perfspec.plan.load import Stage
from perfspec.plan.model import Environment, Hook
from perfspec.run.folder import RunFolder
from tests.parents import parent_of
from tests.results import make_test, reader
from tests.runs import free_port, gone, service, small_plan

if TYPE_CHECKING:
    from pathlib import Path

    from perfspec.plan.model import Plan
    from tests.conftest import Eventually

pytestmark = pytest.mark.slow


def calm_plan(tmp_path: Path, *, hold_s: float = 60.0) -> Plan:
    """Four users who think, against a service of ours."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = Environment(
        name="local",
        url=url,
        hosts=(f"127.0.0.1:{port}",),
        services=(service("api", port, "--pids", str(tmp_path / "pids")),),
    )
    persona = Persona(name="reader", weight=1, think_s=(0.1, 0.2), journey=reader().journey)
    stages = (Stage(users=4, hold_s=hold_s),)
    test = msgspec.structs.replace(make_test(stages=stages), personas=(persona,))
    return small_plan(
        tmp_path, test, environment=environment, hooks_after=Hook(run="touch cleaned")
    )


def written(tmp_path: Path) -> RunResult:
    return jsonio.read_json(RunFolder.latest(tmp_path).result, RunResult)


def requests(result: RunResult) -> int:
    return sum(window.count for each in result.tests[0].series for window in each.windows)


def test_to_its_end(tmp_path: Path) -> None:
    with parent_of(calm_plan(tmp_path, hold_s=3.0), "real") as parent:
        assert parent.end() == (0, "")
    result = written(tmp_path)
    assert (result.tests[0].status, result.tests[0].errors) == ("complete", [])
    assert requests(result) > 20


@pytest.mark.parametrize("workers", ["1", "2"])
def test_by_ctrl_c(tmp_path: Path, workers: str) -> None:
    with parent_of(calm_plan(tmp_path), "real", "--workers", workers) as parent:
        parent.wait_for("tick load 3")
        tree = parent.tree()
        parent.press()
        assert parent.end() == (130, "")
    assert all(map(gone, tree))
    assert (tmp_path / "cleaned").exists()
    result = written(tmp_path)
    assert (result.interrupted, result.tests[0].status) == (True, "partial")
    assert result.tests[0].errors == []
    assert requests(result) > 20


@pytest.mark.parametrize("workers", ["1", "2"])
def test_by_kill_9_of_the_run(tmp_path: Path, eventually: Eventually, workers: str) -> None:
    with parent_of(calm_plan(tmp_path), "real", "--workers", workers) as parent:
        parent.wait_for("tick load 2")
        tree = parent.tree()
        parent.process.kill()
        parent.process.wait()
        eventually(lambda: all(map(gone, tree)))


@pytest.mark.parametrize("workers", ["1", "2"])
def test_by_kill_9_of_the_load_process(tmp_path: Path, workers: str) -> None:
    with parent_of(calm_plan(tmp_path), "real", "--workers", workers) as parent:
        parent.wait_for("tick load 3")
        tree = parent.tree()
        children = psutil.Process(parent.process.pid).children()
        (load,) = [each for each in children if "perfspec.run.driver" in each.cmdline()]
        load.send_signal(signal.SIGKILL)
        status, error = parent.end()
    assert status == 3
    assert error.startswith(
        "BrokenRunError: the load process of test load was killed by SIGKILL (signal 9) at "
    )
    assert all(map(gone, tree))
    assert (tmp_path / "cleaned").exists()
    result = written(tmp_path)
    assert result.tests[0].status == "broken"
    assert requests(result) > 20


def test_by_the_death_of_its_service(tmp_path: Path) -> None:
    with parent_of(calm_plan(tmp_path), "real") as parent:
        parent.wait_for("tick load 2")
        os.kill(int((tmp_path / "pids").read_text().split()[0]), signal.SIGKILL)
        status, error = parent.end()
    assert status == 3
    assert error.startswith("BrokenRunError: service api was killed by SIGKILL (signal 9), ")
    assert written(tmp_path).tests[0].status == "broken"


def test_not_by_the_death_of_a_target_that_is_not_ours(tmp_path: Path) -> None:
    """It goes on: that the target died is what the test has found."""
    ours = calm_plan(tmp_path, hold_s=5.0)
    theirs = msgspec.structs.replace(ours.environment, services=())
    command = ours.environment.services[0].run.partition(" --pids")[0]
    with (
        subprocess.Popen(command.split(), stdout=subprocess.DEVNULL) as target,
        parent_of(msgspec.structs.replace(ours, environment=theirs), "real") as parent,
    ):
        parent.wait_for("tick load 2")
        target.kill()
        assert parent.end() == (0, "")
    result = written(tmp_path)
    assert (result.tests[0].status, result.problem) == ("complete", None)
    assert {group.error for group in result.tests[0].errors} <= {
        ErrorClass.CONNECT,
        ErrorClass.RESET,
    }
    assert result.tests[0].errors
