"""How the generator itself does: the share of a core that it uses, and for how long too much."""

from __future__ import annotations

from time import perf_counter, process_time

BUSY = 0.9  # of one core; from there on a worker cannot keep its times


class CpuMeter:
    """Processor time of this process, all threads together."""

    def __init__(self) -> None:
        self._wall = perf_counter()
        self._used = process_time()
        self._busy_s = 0.0

    def read(self) -> tuple[float, float]:
        """Share of one core since the last reading, and for how long it has been busy."""
        wall, used = perf_counter(), process_time()
        passed = wall - self._wall
        share = (used - self._used) / passed if passed > 0 else 0.0
        self._wall, self._used = wall, used
        self._busy_s = self._busy_s + passed if share >= BUSY else 0.0
        return share, self._busy_s
