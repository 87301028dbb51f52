"""The stages that a search ran: its plan cannot know them, its result does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from perfspec.plan.load import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfspec.measure.model import RunResult, Try
    from perfspec.plan.model import Plan, Test


def plan_as_run(plan: Plan, result: RunResult) -> Plan:
    """The plan with the stages that its searches ran."""
    tries = {each.name: each.tries for each in result.tests}
    tests = tuple(as_run(each, tries.get(each.name, ())) for each in plan.tests)
    return msgspec.structs.replace(plan, tests=tests)


def as_run(test: Test, tries: Sequence[Try]) -> Test:
    """A search with a stage for each of ``tries``; any other test as it is.

    What lies between two holds is one ramp: when a level broke, the next one began at once.
    """
    if test.search is None or not tries:
        return test
    return msgspec.structs.replace(test, stages=tuple(_stages(tries)))


def _stages(tries: Sequence[Try]) -> Iterator[Stage]:
    at = 0.0
    for each in tries:
        ramp_s, hold_s = each.start_s - at, each.end_s - each.start_s
        yield Stage(users=each.users, ramp_s=ramp_s, hold_s=hold_s)
        at = each.end_s
