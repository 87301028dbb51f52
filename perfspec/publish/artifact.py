"""A run that came as an artifact of somebody else's workflow: read with suspicion.

Only three files of fixed names are looked at, none is run, and no text of the artifact's own report
is passed on: everything that is published is written anew from the three.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from perfspec import jsonio
from perfspec.errors import UsageError
from perfspec.judge.model import Verdict
from perfspec.measure.model import RunResult
from perfspec.plan.changes import Change, Changes
from perfspec.plan.model import Plan
from perfspec.report.escape import one_line
from perfspec.units import counted

if TYPE_CHECKING:
    from pathlib import Path

LARGEST: Final = 64 << 20  # bytes of one file; result.json of a six-hour run has some ten
T = TypeVar("T", Plan, RunResult, Verdict, Changes)


def read_artifact(folder: Path) -> tuple[Plan, RunResult, Verdict, tuple[Change, ...]]:
    """What a run has left in ``folder``, or in the one folder in it. Raises UsageError."""
    run = _run_in(folder)
    plan = _read(run / "plan.json", Plan)
    result = _read(run / "result.json", RunResult)
    verdict = _read(run / "verdict.json", Verdict)
    if verdict.run_id != result.run_id or result.plan_fingerprint != plan.fingerprint:
        msg = f"{_shown(run)}: plan, result and verdict are of different runs"
        raise UsageError(msg)
    known = {each.name for each in plan.tests}
    if {each.name for each in verdict.tests} - known or {
        each.name for each in result.tests
    } - known:
        msg = f"{_shown(run)}: the verdict is about tests that the plan does not have"
        raise UsageError(msg)
    changed = run / "changes.json"
    return plan, result, verdict, _read(changed, Changes).found if changed.exists() else ()


def _run_in(folder: Path) -> Path:
    if not folder.is_dir():
        msg = f"{folder} is no folder: name the one that the artifact was unpacked into"
        raise UsageError(msg)
    if (folder / "plan.json").exists():
        return folder
    inside = [each for each in folder.iterdir() if each.is_dir() and not each.is_symlink()]
    runs = [each for each in inside if (each / "plan.json").exists()]
    if len(runs) != 1:
        held = counted(len(runs), "run") if runs else "no run"
        msg = f"{folder} holds {held} (folders with a plan.json): name one"
        raise UsageError(msg)
    return runs[0]


def _read(path: Path, kind: type[T]) -> T:
    """A regular file of bounded size: no link that leads elsewhere, no pipe that never ends."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
                msg = f"{_shown(path)}: no file of at most {LARGEST >> 20} MB"
                raise UsageError(msg)
            content = file.read(LARGEST + 1)
    except OSError as error:
        msg = f"{_shown(path)}: {error.strerror or error}"
        raise UsageError(msg) from None
    try:
        return jsonio.decode(content, kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        why = one_line(str(error))
        msg = f"{_shown(path)}: not a {kind.__name__} of this version of perfspec: {why}"
        raise UsageError(msg) from None


def _shown(path: Path) -> str:
    """One line: names and values of the artifact could begin a command of the job log."""
    return one_line(str(path))
