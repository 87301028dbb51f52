"""Once a second something is told: what came in since the second before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gevent
from gevent.lock import BoundedSemaphore

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.run.driver.engine import Engine

SETTLE_S = 0.1  # between two looks at what can be settled before the next tick


class Ticker:
    """Calls ``act`` with every full second of the test's clock; what it raises ends the test.

    It does so ``lead_s`` before: a level that jumps at a full second must not be mixed with the
    users of the second before, and the master comes after its workers.
    """

    def __init__(self, engine: Engine, act: Callable[[float], None], lead_s: float) -> None:
        self._engine = engine
        self._act = act
        self._lead_s = lead_s
        self._acting = BoundedSemaphore()
        self._greenlet = gevent.spawn(self._run)

    def stop(self) -> None:
        """Call no more; ``act`` is not cut off, as what it has taken would be lost."""
        with self._acting:
            self._greenlet.kill()

    def _wait_until(self, at_s: float) -> None:
        clock = self._engine.clock
        while (left_s := at_s - clock.now()) > SETTLE_S:
            gevent.sleep(min(SETTLE_S, left_s - SETTLE_S / 2))
            self._engine.settle()
        gevent.sleep(max(left_s, 0.0))

    def _run(self) -> None:
        second, clock = 0, self._engine.clock
        try:
            while True:
                second = max(second + 1, int(clock.now()))
                self._wait_until(second - self._lead_s)
                with self._acting:
                    self._act(second)
        except Exception as error:  # noqa: BLE001  (nobody waits for this greenlet)
            self._engine.report(error)
