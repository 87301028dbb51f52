"""Reading monitors on an absolute clock, each in its own thread: a slow one delays no other."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from perfspec.measure.monitored import Reading
from perfspec.run.monitors.source import sentence

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.clock import Clock
    from perfspec.measure.monitored import Sample
    from perfspec.run.monitors.source import Source


class Sampler:
    """One monitor. ``tell`` is called from several threads."""

    def __init__(
        self,
        name: str,
        source: Source,
        every_s: float,
        clock: Clock,
        tell: Callable[[Reading], None],
    ) -> None:
        self._name = name
        self._source = source
        self._every_s = every_s
        self._clock = clock
        self._tell = tell
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"monitor {name}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def finish(self) -> None:
        """Tell everything up to now; a reading that is under way is waited for."""
        with self._lock:
            self._say(self._source.finish(self._now()), self._source.problem)

    def stop(self, timeout_s: float) -> None:
        """End soon; a reading that hangs is left behind."""
        self._stop.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        with self._lock:
            self._source.begin()
        due = self._now() + self._every_s
        while not self._stop.wait(max(0.0, due - self._now())):
            with self._lock:
                while due + self._every_s <= self._now():  # a reading took longer than its time
                    self._say(self._source.missing(due), "reading takes longer than `every`")
                    due += self._every_s
                self._read()
            due += self._every_s
        with suppress(Exception):  # the process ends
            self._source.close()

    def _read(self) -> None:
        at = self._now()
        try:
            samples, problem = self._source.read(at), self._source.problem
        except Exception as error:  # noqa: BLE001  (whatever it was: nothing was read)
            samples, problem = self._source.missing(at), sentence(error)
        self._say(samples, problem)

    def _say(self, samples: list[Sample], problem: str | None) -> None:
        if samples or problem:
            self._tell(Reading(monitor=self._name, samples=samples, problem=problem))

    def _now(self) -> float:
        return self._clock.now().timestamp()
