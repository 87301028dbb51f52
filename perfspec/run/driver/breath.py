"""Long work of the load process in parts: whoever waits for an answer gets a turn between them."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import gevent
import msgspec

from perfspec import jsonio

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.measure.model import Series
    from perfspec.measure.progress import Tick

Breathe: TypeAlias = "Callable[[], None]"  # called between two parts
WORK_S: Final = 0.0005  # in a row; what is longer shows in the latencies of others
_PAUSE_S: Final = 0.001  # sleep(0) would not let the hub look at its sockets


class Breath:
    """Lets the hub have its turn whenever the caller has worked for long enough."""

    def __init__(self) -> None:
        self._since = perf_counter()

    def __call__(self) -> None:
        if perf_counter() - self._since >= WORK_S:
            gevent.sleep(_PAUSE_S)
            self._since = perf_counter()


def encode_tick(tick: Tick) -> bytes:
    """One line of JSON, made series by series: each has histograms to pack."""
    series, base = (_packed(each) for each in (tick.series, tick.base))
    return jsonio.encode(msgspec.structs.replace(tick, series=series, base=base))


def _packed(series: list[Series]) -> list[Any]:
    breathe, packed = Breath(), []
    for each in series:
        packed.append(msgspec.Raw(jsonio.encode(each)))
        breathe()
    return packed
