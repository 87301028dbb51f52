"""Which row a virtual user draws: one of its own, the next in turn, or any."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from perfspec.errors import RunError
from perfspec.units import counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from perfspec.plan.base import JsonValue
    from perfspec.plan.model import DataSource


class Pool(Protocol):
    """Where a user draws its row from, for life or for each journey."""

    def draw(self, rng: Random) -> JsonValue: ...

    def give_back(self, row: JsonValue) -> None: ...


class InTurn:
    """Each draw takes the next row; the workers take turns."""

    def __init__(self, rows: Sequence[JsonValue], worker: int, workers: int) -> None:
        self._rows = rows
        self._next = worker
        self._step = workers

    def draw(self, _rng: Random) -> JsonValue:
        row = self._rows[self._next % len(self._rows)]
        self._next += self._step
        return row

    def give_back(self, row: JsonValue) -> None:
        """Nothing is kept track of."""


class AtRandom:
    """Each draw takes any row, by the user's own seed."""

    def __init__(self, rows: Sequence[JsonValue]) -> None:
        self._rows = rows

    def draw(self, rng: Random) -> JsonValue:
        return self._rows[int(rng.random() * len(self._rows))]

    def give_back(self, row: JsonValue) -> None:
        """Nothing is kept track of."""


class Unique:
    """Nobody draws what another one holds; each worker has rows of its own."""

    def __init__(self, name: str, rows: Sequence[JsonValue], worker: int, workers: int) -> None:
        self._name = name
        self._total = len(rows)
        self._workers = workers
        self._free = deque(rows[worker::workers])
        self._share = len(self._free)

    def draw(self, _rng: Random) -> JsonValue:
        """Raises RunError when all rows are taken."""
        if self._free:
            return self._free.popleft()
        workers = counted(self._workers, "worker")
        share = f"; each of {workers} has its share" if self._workers > 1 else ""
        msg = (
            f"data {self._name!r} has {counted(self._total, 'row')}{share}, and a user more than"
            f" {self._share} needs one of its own: add rows, use fewer users, or pick: round_robin"
        )
        raise RunError(msg)

    def give_back(self, row: JsonValue) -> None:
        self._free.append(row)


def make_pool(source: DataSource, rows: Sequence[JsonValue], worker: int, workers: int) -> Pool:
    """The pool of one worker (counted from 0) of ``workers``."""
    match source.pick:
        case "unique":
            return Unique(source.name, rows, worker, workers)
        case "round_robin":
            return InTurn(rows, worker, workers)
        case "random":
            return AtRandom(rows)
