"""Shares of the processors, so that two sides of a duet do not take them from one another."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

FEWEST: Final = 4  # with fewer, a share would be no share


def shares(cpus: Collection[int]) -> tuple[frozenset[int], frozenset[int]] | None:
    """Two equal shares, with at least one processor left for the load; None for too few."""
    if len(cpus) < FEWEST:
        return None
    ordered, each = sorted(cpus), (len(cpus) - 1) // 2
    return frozenset(ordered[:each]), frozenset(ordered[each : 2 * each])


def processors() -> frozenset[int]:
    """Those that this process may use; none where the system does not tell (macOS)."""
    if not hasattr(os, "sched_getaffinity"):
        return frozenset()
    return frozenset(os.sched_getaffinity(0))


@contextmanager
def on_processors(cpus: frozenset[int] | None) -> Iterator[None]:
    """What this thread starts meanwhile runs on these, with all that comes of it."""
    if cpus is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
