"""The tests of a plan in their order, until one of them ends the sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.run.load import run_test

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.plan.model import Test
    from perfspec.run.context import Context
    from perfspec.run.contracts import Referee, StepError
    from perfspec.run.monitoring import Monitoring
    from perfspec.run.record import Record


def run_sequence(
    context: Context,
    record: Record,
    failure: Callable[[], StepError | None],
    referee: Referee,
    monitoring: Monitoring,
) -> str:
    """Run them into ``record``; what comes back is why the rest is skipped, if there is a rest.

    Tests that ``record`` has already are not run again. ``failure`` is asked all the time for what
    else has broken.
    """
    for number, test in enumerate(context.plan.tests, start=1):
        if number > len(record.tests):
            if context.hurry():
                break
            if not _run_next(context, test, record, failure, referee, monitoring):
                return f"the run broke in test {test.name}"
        if test.on_fail == "stop" and not referee.passed(test, record.tests[number - 1]):
            return f"test {test.name} did not pass, and says on_fail: stop"
    record.interrupted = context.hurry()
    return "interrupted before it began"


def _run_next(
    context: Context,
    test: Test,
    record: Record,
    failure: Callable[[], StepError | None],
    referee: Referee,
    monitoring: Monitoring,
) -> bool:
    """Run one test, or skip it when it needs what did not pass; False when the run broke in it."""
    unmet = _unmet(context, test, record, referee)
    if unmet is not None:
        context.observer.test_ended(test, record.skip(test, unmet))
        return True
    tests = context.plan.tests
    context.observer.test_started(test, len(record.tests) + 1, len(tests))
    outcome = run_test(context, test, referee, failure)
    outcome.result.monitors = monitoring.during(outcome.result)
    record.machine = outcome.machine or record.machine
    record.tests.append(outcome.result)
    if outcome.problem is not None:
        record.problems.append(outcome.problem)
    context.observer.test_ended(test, outcome.result)
    record.save()
    return outcome.problem is None


def _unmet(context: Context, test: Test, record: Record, referee: Referee) -> str | None:
    """Why a test that needs others is skipped, None if each of them passed."""
    for needed, result in zip(context.plan.tests, record.tests, strict=False):
        if needed.name in test.needs and not referee.passed(needed, result):
            became = "was skipped" if result.status == "skipped" else "did not pass"
            return f"it needs {needed.name}, which {became}"
    return None
