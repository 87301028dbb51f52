"""Adding up deltas: what came in, by series and window, so that every sum is exact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from perfspec.measure.model import Journeys, JourneyWindow, Series, Window

if TYPE_CHECKING:
    from perfspec.measure.errors import ErrorClass
    from perfspec.measure.model import ErrorGroup, Key
    from perfspec.measure.progress import Tick


class Tally:
    """The sum of ticks; the ticks themselves are left as they are."""

    def __init__(self) -> None:
        self.overrun = 0
        self._windows: dict[Key, dict[int, Window]] = {}
        self._errors: dict[tuple[Key, ErrorClass, str], ErrorGroup] = {}
        self._journeys: dict[str, dict[int, JourneyWindow]] = {}

    def add(self, tick: Tick) -> None:
        """Take one tick; everything in it is a delta."""
        self.overrun += tick.overrun
        for series in tick.series:
            mine = self._windows.setdefault(series.key, {})
            for window in series.windows:
                total = mine.setdefault(window.index, Window(index=window.index))
                total.merge(window)
                total.pack()
        for group in tick.errors:
            self._add_error(group)
        for journeys in tick.journeys:
            own = self._journeys.setdefault(journeys.persona, {})
            for counts in journeys.windows:
                own.setdefault(counts.index, JourneyWindow(index=counts.index)).merge(counts)

    def series(self) -> list[Series]:
        """Each key with its windows in rising order."""
        return [
            Series(key=key, windows=[windows[index] for index in sorted(windows)])
            for key, windows in self._windows.items()
        ]

    def errors(self) -> list[ErrorGroup]:
        """Failures that read alike, in the order of their first appearance here."""
        return list(self._errors.values())

    def journeys(self) -> list[Journeys]:
        """Counts by persona and window."""
        return [
            Journeys(persona=persona, windows=[windows[index] for index in sorted(windows)])
            for persona, windows in self._journeys.items()
        ]

    def _add_error(self, group: ErrorGroup) -> None:
        name = (group.key, group.error, group.message)
        known = self._errors.get(name)
        if known is None:
            self._errors[name] = msgspec.structs.replace(group)
            return
        known.count += group.count
        known.body = known.body or group.body
        if group.first_s < known.first_s:
            known.first_s, known.first_users = group.first_s, group.first_users
