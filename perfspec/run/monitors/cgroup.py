"""How much of the machine a process may use: the bounds of its control group (cgroup v2).

Source: https://docs.kernel.org/admin-guide/cgroup-v2.html, `cpu.max` and `memory.max`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator


def cores_of(pid: int) -> float:
    """Cores that a process may use at once, by its affinity and its group's quota."""
    affinity = getattr(psutil.Process(pid), "cpu_affinity", None)  # not on macOS
    cores = float(len(affinity()) if affinity is not None else os.cpu_count() or 1)
    for quota, period in _pairs(pid, "cpu.max"):
        if quota != "max":
            cores = min(cores, int(quota) / int(period))
    return cores


def memory_of(pid: int) -> int:
    """Bytes that a process may use: of its group, or of the machine."""
    bounds = [int(text) for (text,) in _pairs(pid, "memory.max") if text != "max"]
    return min([psutil.virtual_memory().total, *bounds])


def _pairs(pid: int, name: str) -> Iterator[list[str]]:
    """The words of a file of the process's group and of every group above it."""
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return  # no Linux, or it has ended
    group = next((line[3:] for line in lines if line.startswith("0::")), None)
    if group is None:
        return
    root = Path("/sys/fs/cgroup")
    folder = root / group.strip().lstrip("/")
    for each in (folder, *folder.parents):
        if root in (each, *each.parents):
            try:
                yield (each / name).read_text(encoding="utf-8").split()
            except OSError:
                continue  # the root has none
