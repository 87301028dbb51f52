"""The test's own clock: 0 is its first user, whatever process it runs in."""

from __future__ import annotations

from time import perf_counter


class TestClock:
    """Seconds since the test began; what the master calls 0 is 0 for all its workers."""

    __slots__ = ("zero",)

    def __init__(self) -> None:
        self.zero: float | None = None

    def start(self, zero: float | None = None) -> None:
        """Let the test begin at ``zero`` of this process's ``perf_counter``, now when not given."""
        self.zero = perf_counter() if zero is None else zero

    def now(self) -> float:
        """Seconds since the start, 0.0 before it."""
        return 0.0 if self.zero is None else perf_counter() - self.zero
