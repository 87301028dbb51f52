"""`perfspec watch` follows real runs: to their end, from their middle, and when they die."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from perfspec import jsonio
from perfspec.cli.snapshot import Snapshot
from perfspec.run.folder import RUNS, RunFolder
from tests.commands import perfspec, started, write_spec
from tests.demo_target import running_demo

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
  load: { users: 2, duration: 5m, slo: { p95: 1ms } }
"""


@pytest.fixture(scope="module")
def shop() -> Iterator[Demo]:
    with running_demo() as demo:
        yield demo


def running(folder: Path) -> RunFolder:
    [only] = (folder / RUNS).iterdir()
    return RunFolder(only)


def ticking(folder: Path) -> bool:
    """Whether its test is under way."""
    if not (folder / RUNS).is_dir():
        return False
    path = running(folder).progress
    return path.is_file() and jsonio.read_json(path, Snapshot).moment is not None


def test_a_watched_run_ends_for_both(shop: Demo, tmp_path: Path, eventually: Eventually) -> None:
    write_spec(tmp_path, SPEC, url=shop.url)
    with started(tmp_path, "run") as run:
        eventually(lambda: ticking(tmp_path), within_s=60)
        with started(tmp_path, "watch") as watch:
            eventually(lambda: watch.says("requests/s"), within_s=60)
            os.kill(run.process.pid, signal.SIGINT)
            watched, done = watch.end(), run.end()
    assert watched.code == done.code
    assert watched.out == done.out
    lines = watched.err.splitlines()
    assert lines[0].startswith("load: hold of 2 users, ")
    assert "requests/s" in lines[0]
    assert not running(tmp_path).progress.exists()
    again = perfspec(tmp_path, "watch")  # it has ended: there is nothing left to wait for
    assert (again.code, again.out, again.err) == (done.code, done.out, "")


def test_a_run_that_was_killed_is_waited_for_no_longer(
    shop: Demo, tmp_path: Path, eventually: Eventually
) -> None:
    write_spec(tmp_path, SPEC, url=shop.url)
    with started(tmp_path, "run") as run:
        eventually(lambda: ticking(tmp_path), within_s=60)
        with started(tmp_path, "watch") as watch:
            eventually(lambda: watch.says("requests/s"), within_s=60)
            os.kill(run.process.pid, signal.SIGKILL)
            done = watch.end()
    assert done.code == 3
    assert "the run ended without a verdict" in done.err


def test_there_must_be_a_run(tmp_path: Path) -> None:
    done = perfspec(tmp_path, "watch")
    assert done.code == 2
    assert "there is no run" in done.err
