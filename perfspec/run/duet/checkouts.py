"""Work trees of both commits in a temporary folder; the user's own is never touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from perfspec.run.contracts import StepError

if TYPE_CHECKING:
    from perfspec.run.warden import Warden

GIT: Final = ("git", "-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false")
ELSEWHERE: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY")
GIT_S: Final = 300.0  # a large repository, or files that are fetched


class Checkouts:
    """A context, at whose end no work tree is left: also when the run itself is killed."""

    def __init__(self, directory: Path, warden: Warden) -> None:
        """``directory`` is that of the spec, somewhere in a repository."""
        self._directory = directory
        self._warden = warden
        self._folder = Path(tempfile.mkdtemp(prefix="perfspec-duet-"))
        self._clean_up = ["rm", "-rf", str(self._folder)]
        self._trees: list[Path] = []

    def __enter__(self) -> Self:
        self._warden.promise(self._clean_up)
        return self

    def __exit__(self, *_: object) -> None:
        for tree in self._trees:
            _git(self._directory, *_removal(tree))
            self._warden.keep_promise([*GIT, "-C", str(self._directory), *_removal(tree)])
        shutil.rmtree(self._folder, ignore_errors=True)
        self._warden.keep_promise(self._clean_up)

    def add(self, name: str, commit: str) -> Path:
        """Check a commit out; the folder in it that is the spec's. Raises StepError."""
        tree = self._folder / name
        self._trees.append(tree)
        self._warden.promise([*GIT, "-C", str(self._directory), *_removal(tree)])
        problem = _git(self._directory, "worktree", "add", "--detach", str(tree), commit)
        if problem is not None:
            msg = f"{name} {commit[:7]} cannot be checked out: {problem}"
            raise StepError(msg)
        inside = _said(self._directory, "rev-parse", "--show-prefix")
        directory = tree / inside
        if not directory.is_dir():
            msg = f"{name} {commit[:7]} has no folder {inside}, in which the spec is"
            raise StepError(msg)
        return directory


def _removal(tree: Path) -> tuple[str, ...]:
    return "worktree", "remove", "--force", str(tree)


def _git(directory: Path, *words: str) -> str | None:
    """Run git; returns what it said last where it failed."""
    try:
        done = _run(directory, *words)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return None
    lines = done.stderr.strip().splitlines()
    return lines[-1] if lines else f"git ended with {done.returncode}"


def _said(directory: Path, *words: str) -> str:
    return _run(directory, *words).stdout.strip()


def _run(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  (a list, no shell)
        [*GIT, *words],
        cwd=directory,
        env={k: v for k, v in os.environ.items() if k not in ELSEWHERE}
        | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=GIT_S,
        check=False,
        start_new_session=True,  # out of reach of Ctrl-C
    )
