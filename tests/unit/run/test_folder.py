from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from perfspec.errors import RunError, UsageError
from perfspec.run.folder import RunFolder

if TYPE_CHECKING:
    from pathlib import Path


class At:
    """A clock that stands still."""

    def __init__(self, second: int) -> None:
        self._second = second

    def now(self) -> datetime:
        return datetime(2026, 11, 21, 3, 35, self._second, tzinfo=UTC)

    def monotonic(self) -> float:
        return float(self._second)

    def sleep(self, seconds: float) -> None: ...


def test_a_new_folder_has_its_time_in_its_name(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, At(36))
    assert folder.path.parent == tmp_path / ".perfspec" / "runs"
    assert re.fullmatch(r"2026-11-21T03-35-36Z-[0-9a-f]{4}", folder.id)
    assert {path.name for path in folder.path.iterdir()} == {"logs", "report"}
    assert folder.result == folder.path / "result.json"
    assert folder.verdict == folder.path / "verdict.json"
    assert (tmp_path / ".perfspec" / ".gitignore").read_text() == "*\n"


def test_the_ignore_file_of_the_user_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".perfspec").mkdir()
    (tmp_path / ".perfspec" / ".gitignore").write_text("runs/\n")
    RunFolder.create(tmp_path, At(1))
    assert (tmp_path / ".perfspec" / ".gitignore").read_text() == "runs/\n"


def test_a_discarded_folder_is_gone_unless_somebody_wrote_into_it(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, At(1))
    folder.discard()
    assert list((tmp_path / ".perfspec" / "runs").iterdir()) == []
    folder = RunFolder.create(tmp_path, At(1))
    (folder.logs / "mine").touch()
    folder.discard()
    assert (folder.logs / "mine").exists()


def test_the_latest_is_the_newest_that_began(tmp_path: Path) -> None:
    made = [RunFolder.create(tmp_path, At(second)) for second in (5, 7, 6)]
    for each in made[:2]:
        each.plan.write_text("{}")
    assert RunFolder.latest(tmp_path).path == made[1].path
    twin = RunFolder.create(tmp_path, At(7))
    twin.plan.write_text("{}")
    os.utime(made[1].plan, ns=(1, 1))
    assert RunFolder.latest(tmp_path).path == twin.path


def test_without_runs_there_is_no_latest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no run in .*: start one with `perfspec run`"):
        RunFolder.latest(tmp_path)


def test_what_is_no_run_folder_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is no run folder: it has no plan\.json"):
        RunFolder.open(tmp_path)
    with pytest.raises(UsageError, match="it is no folder"):
        RunFolder.open(tmp_path / "missing")
    (tmp_path / "plan.json").write_text("{}")
    assert RunFolder.open(tmp_path).plan == tmp_path / "plan.json"


def test_a_folder_that_cannot_be_made_is_a_broken_run(tmp_path: Path) -> None:
    (tmp_path / ".perfspec").write_text("a file in the way")
    with pytest.raises(RunError, match=r"cannot make the run folder .*: Not a directory"):
        RunFolder.create(tmp_path, At(1))
