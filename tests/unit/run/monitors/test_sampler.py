"""Readings on an absolute clock; what fails or comes late is missing, and never silently so."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from perfspec.clock import SystemClock
from perfspec.run.monitors.sampler import Sampler
from perfspec.run.monitors.source import Gauge, Values
from tests.unit.run.monitors.sources import series

if TYPE_CHECKING:
    from perfspec.measure.monitored import Reading
    from tests.conftest import Eventually

EVERY_S = 0.02


class Scripted(Gauge):
    """Fails at every second reading; the fourth waits for ``go``."""

    def __init__(self, go: threading.Event) -> None:
        super().__init__((series("n", "n"),))
        self.go = go
        self.count = -1  # the first call is that of ``begin``
        self.closed = False

    def values(self) -> Values:
        self.count += 1
        if self.count == 4:
            self.go.wait(20)
        if self.count % 2 == 0:
            msg = "not now"
            raise OSError(msg)
        return {"n": float(self.count)}

    def close(self) -> None:
        self.closed = True


def test_failed_and_late_readings_are_missing(eventually: Eventually) -> None:
    told: list[Reading] = []
    go = threading.Event()
    source = Scripted(go)
    sampler = Sampler("db", source, EVERY_S, SystemClock(), told.append)
    sampler.start()
    eventually(lambda: source.count == 4)
    threading.Event().wait(5 * EVERY_S)
    go.set()
    eventually(lambda: source.count >= 9)
    sampler.stop(5)
    samples = [each for reading in told for each in reading.samples]
    read = [each.value for each in samples if each.value is not None]
    assert read == [float(n) for n in range(1, source.count + 1, 2)]
    assert sum(each.value is None for each in samples) > source.count // 2
    assert {each.problem for each in told} == {
        None,
        "OSError: not now",
        "reading takes longer than `every`",
    }
    assert [each.at for each in samples] == sorted(each.at for each in samples)
    assert source.closed
