"""Whether this machine can carry the run: disk, file descriptors, memory; looked at before it."""

from __future__ import annotations

import math
import os
import resource
from typing import TYPE_CHECKING, Final

from perfspec.errors import RunError
from perfspec.plan.load import window_edges
from perfspec.units import counted, format_size

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from perfspec.plan.model import Plan
    from perfspec.run.contracts import RunOptions

LOGS_SIZE: Final = 20_000_000
WINDOW_SIZE: Final = 700  # of one series in result.json, with some hundred distinct latencies
SPARE_DESCRIPTORS: Final = 128  # of an interpreter with libcurl, before its first user
USER_MEMORY: Final = 60_000
PROCESS_MEMORY: Final = 120_000_000


def check_preflight(plan: Plan, path: Path, options: RunOptions) -> Iterator[str]:
    """Warnings about what may be too little; raises RunError for what cannot work.

    ``path`` is the run folder. What workers of other machines need is not looked at.
    """
    yield from _disk(plan, path)
    if options.remote is not None:
        return
    workers = options.workers
    users = max((test.peak_users * (2 if test.duet else 1) for test in plan.tests), default=0)
    yield from _descriptors(
        math.ceil(users / workers), resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    )
    yield from _memory(plan, users, workers)
    yield from _cores(workers)


def _disk(plan: Plan, path: Path) -> Iterator[str]:
    if not os.access(path, os.W_OK | os.X_OK):
        msg = f"the run folder {path} cannot be written: check its owner and permissions"
        raise RunError(msg)
    found = os.statvfs(path)
    free = found.f_bavail * found.f_frsize
    result = _result_size(plan)
    if free < result:
        msg = (
            f"only {format_size(free)} are free in {path}, and the result alone may take"
            f" {format_size(result)}: free some space, or run in another folder"
        )
        raise RunError(msg)
    if free < 2 * result + LOGS_SIZE:
        yield f"only {format_size(free)} are free in {path}: logs may fill the disk"


def _result_size(plan: Plan) -> int:
    """An upper estimate: each persona calls each endpoint in each window."""
    size = 100_000
    for test in plan.tests:
        windows = len(window_edges(test.stages, test.warm_up_s)) - 1
        size += windows * len(test.personas) * len(plan.endpoints) * WINDOW_SIZE
    return size


def _descriptors(users: int, hard: int) -> Iterator[str]:
    """Each user of a process holds a connection, and one more while it is replaced.

    The hard limit counts: the load process raises its soft one.
    """
    if hard == resource.RLIM_INFINITY:
        return
    advice = "raise it (ulimit -Hn) or share the users among more --workers"
    if users + SPARE_DESCRIPTORS > hard:
        msg = (
            f"{counted(users, 'user')} in one process need as many connections, and the system"
            f" allows it {hard} open files: {advice}"
        )
        raise RunError(msg)
    if users * 1.2 + SPARE_DESCRIPTORS > hard:
        who = counted(users, "user")
        yield f"{who} in one process come near the limit of {hard} open files: {advice}"


def _memory(plan: Plan, users: int, workers: int) -> Iterator[str]:
    import psutil  # noqa: PLC0415  (not needed to raise a limit)

    files = sum(each.size or 0 for files in plan.files for each in files.classes)
    needed = users * USER_MEMORY + workers * (PROCESS_MEMORY + files)
    memory = psutil.virtual_memory()
    who = counted(users, "user") + (f" in {counted(workers, 'worker')}" if workers > 1 else "")
    if needed > memory.total:
        msg = (
            f"{who} need about {format_size(needed)} of memory, and this machine has"
            f" {format_size(memory.total)}: take fewer of them, smaller files, or a larger machine"
        )
        raise RunError(msg)
    if needed > 0.8 * memory.available:
        yield (
            f"{who} may need {format_size(needed)} of memory, and {format_size(memory.available)}"
            " are free: a generator that swaps measures itself"
        )


def _cores(workers: int) -> Iterator[str]:
    cores = os.cpu_count() or 1
    if workers > cores:
        yield (
            f"{counted(workers, 'worker')} share {counted(cores, 'core')}: they wait for each"
            " other, and so do their measurements; --workers should be at most that"
        )
