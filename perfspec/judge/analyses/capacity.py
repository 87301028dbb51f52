"""How much load a target bears: which levels kept ``stop_when``, and how the first other broke."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from perfspec.judge.analyses.failure import Usual, failure_at
from perfspec.judge.analyses.levels import held_levels, is_kept
from perfspec.judge.analyses.reading import Reading
from perfspec.judge.model import Capacity
from perfspec.plan.load import Span, phases, users_at
from perfspec.plan.search import Tried, bounds
from perfspec.units import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.judge.model import Certainty, Failure, Level
    from perfspec.measure.model import TestResult
    from perfspec.plan.model import Test
    from perfspec.plan.search import Search

BEFORE_S = 10.0  # a breach is seen after 10 s of it
UNCONFIRMED = "the search ended before its answer was confirmed"


class _Answer(NamedTuple):
    """``kept`` and ``broken`` are the levels on both sides of the answer, if they were held."""

    users: int
    certainty: Certainty
    kept: Level | None
    broken: Level | None
    confirmed: bool | None = None


def capacity(test: Test, result: TestResult) -> Capacity | None:
    """None for a test without ``stop_when``, or one that was not measured.

    ``test`` has the stages that were run (``as_run``).
    """
    if not test.stop_when or not result.measured_s:
        return None
    levels = held_levels(test, result)
    found = (
        _of_steps(test, result, levels) if test.search is None else _of_tries(test.search, levels)
    )
    share = test.recommend
    return Capacity(
        users=found.users,
        certainty=found.certainty,
        confirmed=found.confirmed,
        broken_at=found.broken.users if found.broken else None,
        recommended=None if share is None else math.floor(found.users * share + 1e-9),
        share=share,
        levels=levels,
        failure=_failure(test, result, found),
    )


def capacity_reading(found: Capacity | None, result: TestResult) -> Reading:
    """The capacity as a value that a limit is compared with."""
    if found is None:
        return Reading(None, 0, remark="nothing was measured")
    count = sum(each.requests for each in found.levels)
    open_ended = found.certainty == "at_least" or found.confirmed is False
    remark = {
        "at_least": "no level broke stop_when: try higher ones",
        "about": "read from a ramp",
        "below": f"already {counted(found.broken_at or 0, 'user')} broke stop_when",
        "exact": "",
    }[found.certainty]
    doubt = "the test ended before its highest level" if result.status == "partial" else ""
    if found.confirmed is False:
        remark = doubt = UNCONFIRMED
    return Reading(
        found.users,
        count,
        low=found.users if open_ended or found.broken_at is not None else None,
        high=found.broken_at,
        open_ended=open_ended,
        remark=remark,
        doubt=doubt if open_ended else "",
    )


def _of_tries(search: Search, levels: Sequence[Level]) -> _Answer:
    """The bounds of a search; of several tries of a level the last one that did the same."""
    found = bounds(search, [Tried(each.users, each.kept) for each in levels])
    by_end = {(each.users, each.kept): each for each in levels}
    certainty: Certainty = "exact" if found.kept is not None else "below"
    return _Answer(
        found.kept or 0,
        "at_least" if found.broken is None else certainty,
        None if found.kept is None else by_end[found.kept, True],
        None if found.broken is None else by_end[found.broken, False],
        found.confirmed,
    )


def _of_steps(test: Test, result: TestResult, levels: Sequence[Level]) -> _Answer:
    kept = _kept_before_the_first_broken(levels)
    broken = next((each for each in levels if each.kept is False), None)
    hit = result.stopped
    if broken is None and hit is None:
        return _Answer(_highest(test, result, kept), "at_least", kept, broken)
    if kept is not None:
        return _Answer(kept.users, "exact", kept, broken)
    if hit is not None and broken is None:
        users = users_at(phases(test.stages), hit.at_s - BEFORE_S)
        return _Answer(users, "about", kept, broken)
    return _Answer(0, "below", kept, broken)


def _kept_before_the_first_broken(levels: Sequence[Level]) -> Level | None:
    last = None
    for each in levels:
        if each.kept is False:
            break
        last = each if each.kept else last
    return last


def _highest(test: Test, result: TestResult, kept: Level | None) -> int:
    """Where nothing broke: the last hold, or in a test without holds the end of its ramp."""
    if kept is not None:
        return kept.users
    end_s = result.measured_s
    last = Span(start_s=max(0.0, end_s - BEFORE_S), end_s=end_s)
    held = any(each.kind == "hold" and each.level_to > 0 for each in phases(test.stages))
    if held or is_kept(test, result, last) is False:
        return 0
    return users_at(phases(test.stages), math.nextafter(end_s, 0.0))


def _failure(test: Test, result: TestResult, found: _Answer) -> Failure | None:
    """Seen in the ten seconds before a level was left, else in the whole level that broke."""
    broken, hit = found.broken, result.stopped
    if test.search is not None and broken is not None:
        hit = next((each.hit for each in result.tries if each.start_s == broken.span.start_s), None)
    usual = _usual(test, found)
    if hit is None:
        if broken is None:
            return None
        return failure_at(test, result, broken.span, broken.users, usual)
    begin_s = max(0.0, hit.at_s - BEFORE_S)
    if broken is None:
        users = users_at(phases(test.stages), math.nextafter(hit.at_s, 0.0))
        span = Span(start_s=begin_s, end_s=hit.at_s)
        return failure_at(test, result, span, users, usual, hit)
    span = Span(start_s=max(begin_s, broken.span.start_s), end_s=broken.span.end_s)
    return failure_at(test, result, span, broken.users, usual, hit)


def _usual(test: Test, found: _Answer) -> Usual | None:
    """What is compared with the failure: the answer of a search, else the first hold."""
    if test.search is not None:
        return None if found.kept is None else Usual(found.kept.users, found.kept.span)
    first = next((each for each in phases(test.stages) if each.kind == "hold"), None)
    if first is None:
        return None
    return Usual(round(first.level_to), Span(start_s=first.start_s, end_s=first.end_s))
