"""Whatever the target does to a request, it is recorded once: a short run of benchmarks/bench_faults.py."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "bench_faults.py"


def test_every_request_is_recorded_once_and_as_what_became_of_it() -> None:
    command = [sys.executable, str(BENCHMARK), "--seconds", "4", "--users", "20"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every request once" in done.stdout
    outcomes = {line.split()[0] for line in done.stdout.splitlines() if line}
    assert {"ok", "reset", "server", "timeout"} <= outcomes
    crossed = r"^[1-9][\d,]* came on a connection that was being closed$"
    assert re.search(crossed, done.stdout, re.MULTILINE), done.stdout
