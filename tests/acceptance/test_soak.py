"""Constant cost, looked at process by process: a short run of benchmarks/bench_soak.py."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "bench_soak.py"
PROCESSES = ["parent", "master", "worker 1", "worker 2"]


def test_parent_master_and_each_worker_are_told_apart() -> None:
    """Such a short run says nothing of growth; that a process was looked at shows in its size."""
    command = [sys.executable, str(BENCHMARK), "--seconds", "5", "--workers", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    (heads,) = re.findall(r"^ tenth +(.*?)   MB resident", done.stdout, re.MULTILINE)
    assert re.split(" {2,}", heads) == PROCESSES
    rows = re.findall(r"^ +\d+((?: +[\d.]+){4})$", done.stdout, re.MULTILINE)
    assert len(rows) == 10, done.stdout
    last = [float(size) for size in rows[-1].split()]
    assert min(last) > 20, "an interpreter alone has some 10 MB"
    growth = re.findall(
        r"^(.+): [+-]\d+ KB a window in the second half$", done.stdout, re.MULTILINE
    )
    assert growth == PROCESSES
