"""The machine that a run was started on, for results in which no load process came to say so."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from perfspec.measure.model import Machine

GIB: Final = 1 << 30


def describe_machine() -> Machine:
    """``workers`` is 0: nothing was sent from it, so nobody asked libcurl for its version."""
    import psutil  # noqa: PLC0415  (only where no load process began)

    return Machine(
        cpu=_cpu(),
        cores=os.cpu_count() or 1,
        memory=as_sold(psutil.virtual_memory().total),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        locust=_version("locust"),
        libcurl="unknown",
        workers=0,
    )


def as_sold(memory: int) -> int:
    """Bytes of memory in whole GiB.

    Kernel and firmware keep some MB for themselves, others at each boot and in each virtual machine
    of the same kind; a baseline would take every one of them for another machine.
    """
    return -(-memory // GIB) * GIB


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []  # no Linux
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"
