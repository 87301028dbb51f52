"""The machine that perfspec runs on, by psutil."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psutil

from perfspec.run.monitors.source import Gauge, Values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.clock import Clock
    from perfspec.plan.monitor import MonitorSeries


class HostGauge(Gauge):
    """CPU since the last reading, memory now, what went over disks and network since then."""

    def __init__(self, series: Sequence[MonitorSeries], clock: Clock) -> None:
        super().__init__(series)
        self._clock = clock
        self._last: tuple[float, dict[str, int]] | None = None

    def values(self) -> Values:
        memory, swap = psutil.virtual_memory(), psutil.swap_memory()
        found: Values = {
            "memory": memory.percent / 100,
            "swap": swap.percent / 100,
            "load": psutil.getloadavg()[0],
            "disk": psutil.disk_usage("/").percent / 100,
        }
        cpu = psutil.cpu_percent(None) / 100  # since the last call
        now = self._clock.monotonic(), _counters()
        last, self._last = self._last, now
        if last is None or now[0] <= last[0]:
            return found
        seconds = now[0] - last[0]
        rates = {
            name: max(count - last[1].get(name, count), 0) / seconds
            for name, count in now[1].items()
        }
        return found | {"cpu": cpu} | rates


def _counters() -> dict[str, int]:
    disk: Any = psutil.disk_io_counters()  # None in a container without disks
    network: Any = psutil.net_io_counters()
    found = {"network_sent": network.bytes_sent, "network_received": network.bytes_recv}
    if disk is not None:
        found |= {"disk_read": disk.read_bytes, "disk_written": disk.write_bytes}
    return found
