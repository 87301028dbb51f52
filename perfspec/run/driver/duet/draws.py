"""Rows in a duet: what one of a pair has drawn, the other gets from its own side's rows."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from perfspec.plan.base import JsonValue
    from perfspec.run.driver.pools import Pool


class PairDraws:
    """Draws of one pair from one source, whose ``pool`` holds the numbers of rows.

    Who comes first draws for both; a row is given back when neither has it any more.
    """

    def __init__(self, pool: Pool, rng: Random) -> None:
        self._pool = pool
        self._rng = rng
        self._ahead: tuple[deque[int], deque[int]] = (deque(), deque())
        self._held: Counter[int] = Counter()

    def side(self, number: int, rows: Sequence[JsonValue]) -> SidePool:
        """The pool of one of the two, 0 or 1, with the rows of its side."""
        return SidePool(self, number, rows)

    def draw(self, side: int) -> int:
        """The number of a row. Raises RunError when all are taken."""
        if self._ahead[side]:
            return self._ahead[side].popleft()
        number = self._pool.draw(self._rng)
        if not isinstance(number, int):
            raise TypeError(number)
        self._ahead[1 - side].append(number)
        self._held[number] += 2
        return number

    def give_back(self, number: int) -> None:
        self._held[number] -= 1
        if not self._held[number]:
            del self._held[number]
            self._pool.give_back(number)


class SidePool:
    """A ``Pool`` for one user of a pair."""

    def __init__(self, draws: PairDraws, side: int, rows: Sequence[JsonValue]) -> None:
        self._draws = draws
        self._side = side
        self._rows = rows
        self._out: list[tuple[JsonValue, int]] = []

    def draw(self, _rng: Random) -> JsonValue:
        """Raises RunError when all rows are taken."""
        number = self._draws.draw(self._side)
        row = self._rows[number]
        self._out.append((row, number))
        return row

    def give_back(self, row: JsonValue) -> None:
        index = next(i for i, (each, _) in enumerate(self._out) if each is row)
        self._draws.give_back(self._out.pop(index)[1])
