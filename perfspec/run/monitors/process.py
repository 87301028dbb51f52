"""A process with all its children, by psutil."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil

from perfspec.run.monitors.cgroup import cores_of, memory_of
from perfspec.run.monitors.source import Gauge, ReadError, Values

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from perfspec.clock import Clock
    from perfspec.plan.monitor import MonitorSeries


class ProcessGauge(Gauge):
    """``pid`` of a service, or ``pid_file`` that holds one and is read each time.

    What a process used since the last reading is spread over the time since then; of one that has
    ended in between nothing is known.
    """

    def __init__(
        self,
        series: Sequence[MonitorSeries],
        clock: Clock,
        *,
        pid: int | None = None,
        pid_file: Path | None = None,
    ) -> None:
        super().__init__(series)
        self._clock = clock
        self._pid = pid
        self._file = pid_file
        self._seen: dict[int, psutil.Process] = {}
        self._used: dict[int, tuple[float, int, int]] = {}
        self._restarts = 0
        self._last_s: float | None = None

    def values(self) -> Values:
        leader = self._leader()
        tree = [leader, *leader.children(recursive=True)]
        self._count_restarts(tree)
        used: dict[int, tuple[float, int, int]] = {}
        rss = fds = threads = 0
        for each in tree:
            try:
                with each.oneshot():
                    rss += each.memory_info().rss
                    threads += each.num_threads()
                    fds += each.num_fds()
                    times, io = each.cpu_times(), each.io_counters()
                    used[each.pid] = (times.user + times.system, io.read_bytes, io.write_bytes)
            except psutil.NoSuchProcess:
                continue  # it ended while it was looked at
        found: Values = {
            "rss": rss,
            "memory": rss / memory_of(leader.pid),
            "fds": fds,
            "threads": threads,
            "restarts": self._restarts,
        }
        return found | self._rates(used, leader.pid)

    def _leader(self) -> psutil.Process:
        pid = self._pid if self._file is None else _pid_in(self._file)
        if pid is None:
            msg = "it was not started"
            raise ReadError(msg)
        try:
            return self._seen.get(pid) or psutil.Process(pid)
        except psutil.NoSuchProcess:
            msg = f"process {pid} has ended"
            raise ReadError(msg) from None

    def _count_restarts(self, tree: list[psutil.Process]) -> None:
        """A process that came for one that went; a leader with another pid is one too."""
        now = {each.pid: each for each in tree}
        gone = sum(pid not in now for pid in self._seen)
        new = sum(pid not in self._seen for pid in now)
        self._restarts += min(gone, new)
        self._seen = now

    def _rates(self, used: dict[int, tuple[float, int, int]], pid: int) -> Values:
        now_s, last_s = self._clock.monotonic(), self._last_s
        before, self._used, self._last_s = self._used, used, now_s
        if last_s is None or now_s <= last_s:
            return {}
        cpu, read, written = (
            sum(
                max(now[index] - before.get(each, (0.0, 0, 0))[index], 0)
                for each, now in used.items()
            )
            / (now_s - last_s)
            for index in range(3)
        )
        return {"cpu": cpu / cores_of(pid), "disk_read": read, "disk_written": written}


def _pid_in(file: Path) -> int:
    try:
        return int(file.read_text(encoding="utf-8").split()[0])
    except (OSError, ValueError, IndexError) as error:
        msg = f"{file} holds no process id: {error}"
        raise ReadError(msg) from None
