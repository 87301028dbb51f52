"""Places at which requests are served, in the order of their arrival.

gevent's own semaphores let a request that comes just now overtake those that wait: with twice as
many users as places some would wait two turns and others none.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Self

from gevent.event import Event

if TYPE_CHECKING:
    from types import TracebackType


class Places:
    """A context for each request; who finds no ``free`` one waits."""

    def __init__(self, number: int) -> None:
        self.free = number
        self._waiting: deque[Event] = deque()

    def add(self, number: int) -> None:
        """More places are there from now on."""
        for _ in range(number):
            self._leave()

    def __enter__(self) -> Self:
        if self.free:
            self.free -= 1
            return self
        turn = Event()
        self._waiting.append(turn)
        try:
            turn.wait()
        except BaseException:  # killed while it waited
            if turn.is_set():
                self._leave()
            else:
                self._waiting.remove(turn)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        if self._waiting:
            self._waiting.popleft().set()  # the place goes from hand to hand
        else:
            self.free += 1
