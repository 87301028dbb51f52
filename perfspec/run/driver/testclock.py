"""The test's own clock: 0 is its first user, whatever process it runs in."""

from __future__ import annotations

from time import perf_counter


class TestClock:
    """Seconds since the test began in this process; workers begin when the master tells them."""

    __slots__ = ("zero",)

    def __init__(self) -> None:
        self.zero: float | None = None

    def start(self) -> None:
        """Set the clock to 0."""
        self.zero = perf_counter()

    def now(self) -> float:
        """Seconds since the start, 0.0 before it."""
        return 0.0 if self.zero is None else perf_counter() - self.zero
