"""Looking for the highest level that a target bears, by bisection.

Levels are halved by ratio, not by difference: between 10 and 500 users the middle is 71, so a
target meets far too much load late and seldom. A level at the edge does now this, now that: one
that broke twice counts as broken, and the answer counts only when it was kept three times.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from perfspec.plan.base import Value

if TYPE_CHECKING:
    from collections.abc import Iterable

PRECISION = 1.05  # levels of this ratio are not told apart
KEPT_TRIES, BROKEN_TRIES = 3, 2  # in which the answer is kept, and the level above it broken
SPARE = 5  # tries for levels that do now this, now that
SHORTEST_RAMP_S = 3.0  # in which the last level is judged and the next one chosen


class Search(Value, frozen=True, kw_only=True):
    """From ``low`` to ``high`` users."""

    low: int
    high: int


class Tried(NamedTuple):
    """A level that was held; ``kept`` None where too few requests tell."""

    users: int
    kept: bool | None


class Bounds(NamedTuple):
    """``kept`` is the highest level known to be borne, ``broken`` the lowest known not to be.

    None where none is known. With ``confirmed`` both were tried again, and there is nothing between
    them that is worth telling apart.
    """

    kept: int | None
    broken: int | None
    confirmed: bool


def most_tries(search: Search) -> int:
    """How many levels are held at most: halving, an end of the range, confirming, spare ones."""
    steps = math.log(search.high / search.low) / math.log(PRECISION)
    halvings = max(math.ceil(math.log2(steps)), 0) + 1  # one for levels being whole numbers
    return halvings + 1 + (KEPT_TRIES - 1) + (BROKEN_TRIES - 1) + SPARE


def first_level(search: Search) -> int:
    """Where every search begins."""
    return _middle(search.low, search.high)


def bounds(search: Search, tries: Iterable[Tried]) -> Bounds:
    """What is known after ``tries``."""
    return _bounds(search, _Tally(tries))


def search_next(search: Search, tries: Iterable[Tried]) -> int | None:
    """The level to try next, None when the answer is confirmed.

    A level that was kept once and broke once is tried again at once. The answer must have been kept
    three times, and the level above it have broken twice: a target that is still recovering from
    more load breaks where it would not.
    """
    tally = _Tally(tries)
    open_ = [users for users in tally.levels if tally.undecided(users)]
    if open_:
        return open_[-1]
    found = _bounds(search, tally)
    return None if found.confirmed else _next(search, tally, found)


class _Tally:
    def __init__(self, tries: Iterable[Tried]) -> None:
        self.kept: Counter[int] = Counter()
        self.broken: Counter[int] = Counter()
        self.levels: dict[int, None] = {}  # in the order of their first tries
        for each in tries:
            self.levels.setdefault(each.users)
            self.kept[each.users] += each.kept is True
            self.broken[each.users] += each.kept is False

    def undecided(self, users: int) -> bool:
        return self.kept[users] == self.broken[users] < BROKEN_TRIES

    def is_broken(self, users: int) -> bool:
        """A level that broke twice is broken, however often it was kept beside."""
        broken = self.broken[users]
        return broken >= BROKEN_TRIES or broken > self.kept[users]


def _bounds(search: Search, tally: _Tally) -> Bounds:
    broken = min(filter(tally.is_broken, tally.levels), default=None)
    good = [
        each
        for each in tally.levels
        if tally.kept[each] > tally.broken[each] and (broken is None or each < broken)
    ]
    found = Bounds(max(good, default=None), broken, confirmed=False)
    if any(tally.undecided(each) for each in tally.levels):
        return found
    return found._replace(confirmed=_gap(search, found) is None and _again(tally, found) is None)


def _next(search: Search, tally: _Tally, found: Bounds) -> int | None:
    gap = _gap(search, found)
    return gap if gap is not None else _again(tally, found)


def _gap(search: Search, found: Bounds) -> int | None:
    """A level between the two bounds that is worth trying; an end of the range comes last."""
    low = search.low if found.kept is None else found.kept
    high = search.high if found.broken is None else found.broken
    if high - low > 1 and high / low > PRECISION:
        return _middle(low, high)
    if found.kept is None and found.broken != search.low:
        return search.low
    if found.broken is None and found.kept != search.high:
        return search.high
    return None


def _again(tally: _Tally, found: Bounds) -> int | None:
    """The bound that has to be tried again, the upper one first."""
    if found.broken is not None:
        needed = BROKEN_TRIES if found.kept is not None else KEPT_TRIES
        if tally.broken[found.broken] < needed:
            return found.broken
    if found.kept is not None and tally.kept[found.kept] < KEPT_TRIES:
        return found.kept
    return None


def _middle(low: int, high: int) -> int:
    return min(max(round(math.sqrt(low * high)), low + 1), high - 1) if high - low > 1 else low
