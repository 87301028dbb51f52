"""How the generator itself does: the share of a core that it uses, and for how long too much."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter, process_time
from typing import Final

BUSY: Final = 0.9  # of one core; from there on a worker cannot keep its times
FULL: Final = 0.95  # of the time in which it ran or waited for its core
MUCH: Final = 0.6  # of one core: whoever uses less waits because others are busy
_SCHEDSTAT: Final = Path("/proc/self/schedstat")  # proc(5): ns on a core, ns waiting for one


class CpuMeter:
    """Processor time of this process, all threads together, and the main thread's wait for it."""

    def __init__(self) -> None:
        self._wall, self._used, self._waited = perf_counter(), process_time(), _waited_s()
        self._busy_s = 0.0

    def read(self) -> tuple[float, float]:
        """Share of one core since the last reading, and for how long it has been busy."""
        wall, used, waited = perf_counter(), process_time(), _waited_s()
        passed = wall - self._wall
        share = (used - self._used) / passed if passed > 0 else 0.0
        lacked = (waited - self._waited) / passed if passed > 0 else 0.0
        self._wall, self._used, self._waited = wall, used, waited
        self._busy_s = self._busy_s + passed if is_busy(share, lacked) else 0.0
        return share, self._busy_s


def is_busy(share: float, lacked: float) -> bool:
    """Whether it uses all of a core, or all that it gets of one; both are shares of the time."""
    return share >= BUSY or (share >= MUCH and share + lacked >= FULL)


def _waited_s() -> float:
    """0 where the system does not tell: only Linux does."""
    try:
        return int(_SCHEDSTAT.read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
