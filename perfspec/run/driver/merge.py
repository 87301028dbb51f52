"""What workers send, added up into one tick of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.measure.histogram import Histogram
from perfspec.measure.tally import Tally

if TYPE_CHECKING:
    from perfspec.measure.progress import Tick


class Merger:
    """What came from all workers since the last ``take_into``."""

    def __init__(self) -> None:
        self._tally = Tally()
        self._hub_delay_us = 0
        self._waits: Histogram | None = Histogram()

    def add(self, tick: Tick) -> None:
        """Take the tick of one worker."""
        self._hub_delay_us = max(self._hub_delay_us, tick.hub_delay_us)
        if tick.waits is None or self._waits is None:  # not known of all
            self._waits = None
        else:
            self._waits.merge(tick.waits)
        self._tally.add(tick)

    def take_into(self, tick: Tick) -> Tick:
        """Put all of it into a tick that holds nothing yet, and begin anew."""
        tally = self._tally
        tick.overrun, tick.hub_delay_us = tally.overrun, self._hub_delay_us
        tick.series, tick.errors, tick.journeys = tally.series(), tally.errors(), tally.journeys()
        tick.waits, self._waits = self._waits, Histogram()
        self._tally, self._hub_delay_us = Tally(), 0
        return tick
