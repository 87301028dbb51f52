"""Real processes: what they use, their children, and what becomes of a reading when they end."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from perfspec.clock import SystemClock
from perfspec.run.monitors.cgroup import cores_of, memory_of
from perfspec.run.monitors.host import HostGauge
from perfspec.run.monitors.process import ProcessGauge
from perfspec.run.monitors.source import ReadError
from tests.unit.run.monitors.sources import own, values

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Eventually

BUSY = "while True: pass"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}])"
IDLE = "print(flush=True); import sys; sys.stdin.read()"

OPENING = """
import sys
print(flush=True)
sys.stdin.readline()
files = open("/dev/null"), open("/dev/null")
print(flush=True)
sys.stdin.read()
"""


def read(gauge: ProcessGauge | HostGauge) -> dict[str, float | None]:
    return values(gauge.read(0.0))


@pytest.fixture
def busy() -> Iterator[subprocess.Popen[bytes]]:
    """A process whose child never rests."""
    with subprocess.Popen([sys.executable, "-c", PARENT]) as process:
        try:
            yield process
        finally:
            for child in psutil.Process(process.pid).children():
                child.kill()
            process.kill()


def test_a_process_counts_with_its_children(
    busy: subprocess.Popen[bytes], eventually: Eventually
) -> None:
    gauge = ProcessGauge(own("process"), SystemClock(), pid=busy.pid)
    found = eventually(lambda: _busy(read(gauge)))
    alone = psutil.Process(busy.pid).memory_info().rss
    assert (found["rss"] or 0) > 1.5 * alone
    assert 0 < (found["cpu"] or 0) <= 1.1
    assert 0 < (found["memory"] or 0) < 1
    assert found["restarts"] == 0


def _busy(found: dict[str, float | None]) -> dict[str, float | None]:
    """Once the child is there and at work."""
    busy = (found["cpu"] or 0) * cores_of(psutil.Process().pid) > 0.1
    return found if busy and (found["threads"] or 0) >= 2 else {}


def test_a_process_that_has_ended_cannot_be_read() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    gauge = ProcessGauge(own("process"), SystemClock(), pid=process.pid)
    with pytest.raises(ReadError, match=f"process {process.pid} has ended"):
        read(gauge)
    assert set(values(gauge.missing(1.0)).values()) == {None}


def test_a_pid_file_is_followed_and_restarts_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "api.pid"
    gauge = ProcessGauge(own("process"), SystemClock(), pid_file=file)
    with pytest.raises(ReadError, match=r"api\.pid holds no process id"):
        read(gauge)
    for restarts in range(3):
        with subprocess.Popen([sys.executable, "-c", IDLE], stdin=-1, stdout=-1) as process:
            assert process.stdout is not None
            process.stdout.readline()
            file.write_text(f"{process.pid}\n", encoding="utf-8")
            assert read(gauge)["restarts"] == restarts
            process.kill()


def test_file_descriptors() -> None:
    with subprocess.Popen([sys.executable, "-c", OPENING], stdin=-1, stdout=-1) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        gauge = ProcessGauge(own("process"), SystemClock(), pid=process.pid)
        before = read(gauge)["fds"] or 0
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.stdout.readline()
        assert read(gauge)["fds"] == before + 2
        process.kill()


def test_bounds_of_a_control_group() -> None:
    pid = psutil.Process().pid
    assert 0 < cores_of(pid) <= (psutil.cpu_count() or 1)
    assert 0 < memory_of(pid) <= psutil.virtual_memory().total


def test_the_machine(eventually: Eventually, tmp_path: Path) -> None:
    gauge = HostGauge(own("host"), SystemClock())
    gauge.begin()
    content = bytes(1024 * 1024)

    def written() -> dict[str, float | None]:
        (tmp_path / "file").write_bytes(content)
        found = read(gauge)
        return found if found["cpu"] is not None else {}

    found = eventually(written)
    assert {name for name, value in found.items() if value is None} <= {"disk_read", "disk_written"}
    assert all(0 <= (found[name] or 0) <= 1 for name in ("cpu", "memory", "swap", "disk"))
