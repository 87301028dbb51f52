"""A token bucket: so many requests a second, after a burst of one second's worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Limiter:
    """``rate`` is requests per second."""

    def __init__(self, rate: float, *, now: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = max(1.0, rate)
        self._now = now
        self._tokens = self._burst
        self._at = now()

    def wait_s(self) -> float:
        """0 takes a place for this request; otherwise seconds until there is one."""
        at = self._now()
        self._tokens = min(self._burst, self._tokens + (at - self._at) * self._rate)
        self._at = at
        if self._tokens < 1:
            return (1 - self._tokens) / self._rate
        self._tokens -= 1
        return 0.0
