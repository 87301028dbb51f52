"""Which tests of a plan are compared by a duet, and what stands in the way of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from perfspec.errors import UsageError
from perfspec.plan.duet import SUFFIX, duet_of
from perfspec.plan.fingerprint import fingerprint_plan
from perfspec.plan.ports import why_fixed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perfspec.plan.duet import Duet
    from perfspec.plan.model import Plan, Test


def only_duets(plan: Plan, duet: Duet, variables: Mapping[str, str]) -> Plan:
    """A duet for each test that can have one, and nothing else. Raises UsageError without any."""
    obstacles = {test.name: obstacle(plan, test, variables) for test in plan.tests}
    tests = [duet_of(each, duet) for each in plan.tests if obstacles[each.name] is None]
    if not tests:
        lines = dict.fromkeys(each for each in obstacles.values() if each)
        raise UsageError("\n".join(lines))
    return _with_tests(msgspec.structs.replace(plan, monitors=()), tests)


def with_duets(
    plan: Plan, duet: Duet | None, variables: Mapping[str, str]
) -> tuple[Plan, tuple[str, ...]]:
    """Tests with their limits, each followed by its duet where it says so, or may have one.

    The budgets go to the duet (but see ``_apart``); a test that has nothing beside them is left to
    it. What comes back with the plan are the reasons for which ``compare: auto`` is no duet. Raises
    UsageError for a ``compare: duet`` that cannot be.
    """
    tests: list[Test] = []
    reasons: dict[str, None] = {}
    for test in plan.tests:
        why = obstacle(plan, test, variables)
        if test.compare == "duet" and (why or duet is None):
            raise UsageError(why or _without_base(test))
        wanted = test.budgets and test.compare in {"auto", "duet"}
        if duet is None or why is not None or not wanted:
            tests.append(test)
            if duet is not None and wanted and why is not None:
                reasons[why] = None
            continue
        run, pair = _apart(test, history=test.compare == "auto")
        if run.objectives or run.abort or run.budgets:
            tests.append(run)
        tests.append(duet_of(pair, duet))
    return _with_tests(plan, tests), tuple(reasons)


def paired_as(plan: Plan, before: Plan) -> Plan:
    """The plan of today's spec with the duets that an earlier plan had."""
    names = {each.name for each in before.tests}
    tests = []
    for each in before.tests:
        name = each.name.removesuffix(SUFFIX)
        test = plan.test(name)
        run, pair = _apart(test, history=each.compare == "auto" and name in names)
        if each.duet is not None:
            tests.append(duet_of(pair, each.duet))
        else:
            tests.append(run if f"{name}{SUFFIX}" in names else test)
    return _with_tests(plan, tests)


def _apart(test: Test, *, history: bool) -> tuple[Test, Test]:
    """A test with the budgets of its own run, and with those of its duet.

    Both sides of a duet are sent the same requests, so throughput is what the run beside it is
    compared by. Without ``history`` nothing is: it stays with the duet, which says that it cannot
    compare it.
    """
    own = [each for each in test.budgets if history and each.metric.kind == "throughput"]
    rest = [each for each in test.budgets if each not in own]
    return (
        msgspec.structs.replace(test, budgets=tuple(own)),
        msgspec.structs.replace(test, budgets=tuple(rest)),
    )


def obstacle(plan: Plan, test: Test, variables: Mapping[str, str]) -> str | None:
    """Why a test cannot be a duet, and what to do about it; None where it can."""
    if not any(each.metric.kind != "throughput" for each in test.budgets):
        return (
            f"test {test.name} has no budget on a latency or on errors: there is nothing to compare"
        )
    if test.open_model is not None:
        return (
            f"test {test.name} has arrivals: a duet sends each request to both commits in turn,"
            " which takes users"
        )
    return why_fixed(plan.environment, variables)


def _without_base(test: Test) -> str:
    return (
        f"test {test.name} ({test.place}) says compare: duet: name the commit to compare with, such"
        " as --base main"
    )


def _with_tests(plan: Plan, tests: Iterable[Test]) -> Plan:
    plan = msgspec.structs.replace(plan, tests=tuple(tests))
    return msgspec.structs.replace(plan, fingerprint=fingerprint_plan(plan))
