"""Ctrl-C as a count: a run looks at it where it waits, so that nothing is torn in the middle."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """How often the run was asked to end: once means gracefully, twice at once.

    ``fresh`` counts since ``settle``: what is done then must be asked to end by itself.
    """

    def __init__(self, heard: list[int] | None = None) -> None:
        self._heard = [0] if heard is None else heard
        self._settled = self.count

    @property
    def count(self) -> int:
        return self._heard[0]

    @property
    def fresh(self) -> int:
        return self.count - self._settled

    def settle(self) -> None:
        """What was asked for until now is being done."""
        self._settled = self.count

    def apart(self) -> Interrupts:
        """The same signals for a part of the run, which settles them by itself."""
        part = Interrupts(self._heard)
        part._settled = self._settled
        return part

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Count SIGINT, SIGTERM and SIGHUP instead of dying of them.

        Signals that are ignored stay ignored (``nohup``). Outside of the main thread Python cannot
        listen; whoever runs there counts by itself.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        heard = [each for each in _SIGNALS if signal.getsignal(each) not in {signal.SIG_IGN, None}]
        previous = {each: signal.signal(each, self._hear) for each in heard}
        try:
            yield
        finally:
            for each, handler in previous.items():
                signal.signal(each, handler)

    def _hear(self, _signal: int, _frame: object) -> None:
        self._heard[0] += 1
