"""A disk that is full when the result is due: one clear error, and everything is cleaned up."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from perfspec import jsonio
from perfspec.errors import Exit, RunError
from perfspec.measure.model import RunResult
from perfspec.plan.model import Hook, Plan
from perfspec.run.folder import RunFolder
from tests.results import make_test
from tests.runs import (
    SCRIPTS,
    Events,
    environment,
    free_port,
    gone,
    options,
    run,
    service,
    small_plan,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.slow


def test_the_error_is_one_and_what_was_written_before_stays(tmp_path: Path) -> None:
    tests = (make_test(name="one", hold_s=1.0), make_test(name="two", hold_s=200.0))
    plan = small_plan(
        tmp_path,
        *tests,
        environment=environment(service("api", free_port())),
        hooks_after=Hook(run="sh -c 'exit 1'"),
    )
    path = tmp_path / "plan.json"
    jsonio.write_json(path, plan)
    command = [sys.executable, str(SCRIPTS / "parent.py"), str(path), "--behave", "well"]
    ended = subprocess.run(
        [*command, "--largest-file", "20000"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    folder = RunFolder.latest(tmp_path)
    assert ended.returncode == Exit.BROKEN
    lines = ended.stderr.splitlines()
    assert lines[0] == f"RunError: cannot write {folder.result}: File too large"
    assert lines[1] == "free some space there, or run in another folder"
    assert ended.stderr.count("cannot write") == 1
    assert lines[2] == "also: hook after ended with exit status 1"
    left = jsonio.read_json(folder.result, RunResult)
    assert left.problem == "the run was cut off after test one"
    assert [test.status for test in left.tests] == ["complete"]
    assert jsonio.read_json(folder.plan, Plan) == plan
    (pid,) = re.findall(r"service started api (\d+)", ended.stdout)
    assert gone(int(pid))
    assert not list(folder.path.glob(".*"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a megabyte, where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    try:
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("mounting a file system is not allowed here")
    except FileNotFoundError:
        pytest.skip("there is no mount command here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_logs_that_fill_the_disk_end_the_run(small_disk: Path) -> None:
    noisy = service("api", free_port(), run="yes perfspec", ready=None)
    plan = small_plan(small_disk, make_test(hold_s=60.0), environment=environment(noisy))
    events = Events()
    with pytest.raises(RunError) as caught:
        run(plan, options=options("steady"), events=events)
    folder = RunFolder.latest(small_disk)
    log = folder.logs / "service-api.log"
    assert caught.value.exit_code == Exit.BROKEN
    assert str(caught.value).startswith(f"cannot write {log}: No space left on device")
    pid = next(each.split()[-1] for each in events.seen if each.startswith("service started"))
    assert gone(int(pid))
    assert jsonio.read_json(folder.plan, Plan) == plan
    assert log.stat().st_size > 100_000


def test_a_disk_that_is_too_small_is_told_before_the_run(small_disk: Path) -> None:
    folder = RunFolder(small_disk)
    folder.logs.mkdir()
    (small_disk / "filler").write_bytes(b"x" * 960_000)
    with pytest.raises(RunError, match=r"only \S+ KB are free in .*, and the result alone"):
        run(small_plan(small_disk), options=options(), folder=folder)
