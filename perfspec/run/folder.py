"""The run folder: where each stage leaves its file and the next one finds it."""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from perfspec.errors import RunError, UsageError

if TYPE_CHECKING:
    from perfspec.clock import Clock

RUNS: Final = Path(".perfspec") / "runs"


class RunFolder:
    """Paths of one run; nothing is read or written by asking for them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, directory: Path, clock: Clock) -> Self:
        """Make ``.perfspec/runs/<UTC time>-<4 hex>/`` in ``directory``, kept out of git.

        Raises RunError when that cannot be written.
        """
        name = f"{clock.now():%Y-%m-%dT%H-%M-%SZ}-{secrets.token_hex(2)}"
        folder = cls(directory / RUNS / name)
        try:
            folder.logs.mkdir(parents=True)
            folder.report.mkdir()
            ignore = directory / RUNS.parent / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
        except OSError as error:
            msg = f"cannot make the run folder {folder.path}: {error.strerror or error}"
            raise RunError(msg) from None
        return folder

    @classmethod
    def open(cls, path: Path) -> Self:
        """A folder that a run has left; raises UsageError for anything else."""
        folder = cls(path)
        if not folder.plan.is_file():
            what = "has no plan.json" if path.is_dir() else "is no folder"
            msg = f"{path} is no run folder: it {what}; runs are in {RUNS}/"
            raise UsageError(msg)
        return folder

    @classmethod
    def latest(cls, directory: Path) -> Self:
        """The newest run in ``directory``; raises UsageError when there is none."""
        runs = [cls(plan.parent) for plan in (directory / RUNS).glob("*/plan.json")]
        if not runs:
            msg = f"there is no run in {directory / RUNS}: start one with `perfspec run`"
            raise UsageError(msg)
        return max(runs, key=lambda run: (run.id.partition("Z")[0], run.plan.stat().st_mtime_ns))

    def discard(self) -> None:
        """Take it away again, as nothing has run; what others have put into it stays."""
        with suppress(OSError):
            for each in (self.report, self.logs, self.path):
                each.rmdir()

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def plan(self) -> Path:
        return self.path / "plan.json"

    @property
    def progress(self) -> Path:
        """There only while it runs."""
        return self.path / "progress.json"

    @property
    def result(self) -> Path:
        return self.path / "result.json"

    @property
    def verdict(self) -> Path:
        return self.path / "verdict.json"

    @property
    def changes(self) -> Path:
        return self.path / "changes.json"

    @property
    def published(self) -> Path:
        return self.path / "published.json"

    @property
    def report(self) -> Path:
        return self.path / "report"

    @property
    def logs(self) -> Path:
        return self.path / "logs"
