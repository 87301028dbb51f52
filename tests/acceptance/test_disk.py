"""A disk that is full and folders that cannot be written: one clear error, and never a pass."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from perfspec import jsonio
from perfspec.measure.model import RunResult
from perfspec.run.folder import RunFolder
from tests.commands import PATIENCE_S, Done, perfspec, surroundings, write_spec
from tests.runs import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("disk")]

SPEC = """\
perfspec: 1
name: shop
environments:
  local:
    url: "http://127.0.0.1:<port>"
    services: { shop: { run: "<run>", ready: GET /health } }
endpoints: { books: { request: GET /books }, book: { request: GET /books/7 } }
personas: { reader: { think: 20ms, journey: [books, book] } }
slo: { error_rate: 0% }
tests:
  short: { users: 2, duration: 1s }
  load: { stages: [{ users: [2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1], hold: 150ms }] }
"""
SHOP = "python -m perfspec.demo --speed inf --port <port>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_spec(tmp_path, SPEC, run=SHOP, port=free_port())
    return tmp_path


def test_a_result_that_cannot_be_written_breaks_the_run(folder: Path) -> None:
    """Files may have 11 KB: the plan has less, the result of both tests more."""
    command = f"ulimit -f 11; exec '{sys.executable}' -m perfspec run"
    ended = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=surroundings(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    done = Done(ended.returncode, ended.stdout, ended.stderr)
    run = RunFolder.latest(folder)
    assert done.code == 3
    result = run.result.relative_to(folder)
    assert f"Error: cannot write {result}: File too large\nfree some space" in done.err
    assert done.err.count("Error: ") == 1
    assert "Traceback" not in done.all
    assert not run.verdict.exists()
    if run.result.exists():  # of the first test, which fitted
        left = jsonio.read_json(run.result, RunResult)
        assert left.problem == "the run was cut off after test short"
        assert perfspec(folder, "judge").code == 3


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes, where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    try:
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("mounting a file system is not allowed here")
    except FileNotFoundError:
        pytest.skip("there is no mount command here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_fills_up_meanwhile_is_one_clear_error(
    tmp_path: Path, small_disk: Path
) -> None:
    port = free_port()
    run = f"sh -c 'yes noise & exec {SHOP.replace('<port>', str(port))}'"
    write_spec(tmp_path, SPEC, run=run, port=port)
    done = perfspec(tmp_path, "run", "--output", str(small_disk))
    log = RunFolder(next(small_disk.glob(".perfspec/runs/*"))).logs / "service-shop.log"
    assert done.code == 3
    assert f"cannot write {log}: No space left on device" in done.err
    assert done.err.count("Error: ") == 1
    assert "Traceback" not in done.all
    assert "only " in done.err  # the warning before


NOWHERE = {
    "no folder can be there": (["run", "--output", "/dev/null/runs"], 3),
    "it is a file": (["run", "--output", "perfspec.yaml"], 2),
    "compiled into no folder": (["compile", "--only", "load", "--output", "/dev/null/x"], 3),
    "compiled into a file": (["compile", "--only", "load", "--output", "perfspec.yaml"], 2),
}


@pytest.mark.parametrize(("arguments", "code"), NOWHERE.values(), ids=NOWHERE)
def test_a_folder_that_cannot_be_written_is_told_before_anything_starts(
    folder: Path, arguments: list[str], code: int
) -> None:
    done = perfspec(folder, *arguments)
    assert (done.code, done.out) == (code, "")
    assert done.err.count("Error: ") == 1
    assert arguments[-1] in done.err
    assert "Traceback" not in done.err
    assert "service" not in done.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_no_permission_is_told(folder: Path) -> None:
    locked = folder / "locked"
    locked.mkdir(mode=0o500)
    done = perfspec(folder, "run", "--output", str(locked))
    assert (done.code, done.out) == (3, "")
    assert "Permission denied" in done.err


def test_a_report_that_cannot_be_written_again_is_told(folder: Path) -> None:
    assert perfspec(folder, "run").code == 0
    run = RunFolder.latest(folder)
    for each in run.report.iterdir():
        each.unlink()
    run.report.rmdir()
    run.report.touch()
    for command in ("report", "judge"):
        done = perfspec(folder, command)
        assert done.code == 3
        assert "the report cannot be written to " in done.err
        assert "Traceback" not in done.err
