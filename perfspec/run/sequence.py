"""The tests of a plan in their order, until one of them ends the sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.run.load import run_test

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.run.context import Context
    from perfspec.run.contracts import Referee, StepError
    from perfspec.run.record import Record


def run_sequence(
    context: Context, record: Record, failure: Callable[[], StepError | None], referee: Referee
) -> str:
    """Run them into ``record``; what comes back is why the rest is skipped, if there is a rest.

    ``failure`` is asked all the time for what else has broken.
    """
    tests = context.plan.tests
    for number, test in enumerate(tests, start=1):
        if context.hurry():
            break
        context.observer.test_started(test, number, len(tests))
        outcome = run_test(context, test, referee, failure)
        record.machine = outcome.machine or record.machine
        record.tests.append(outcome.result)
        if outcome.problem is not None:
            record.problems.append(outcome.problem)
        context.observer.test_ended(test, outcome.result)
        record.save()
        if outcome.problem is not None:
            return f"the run broke in test {test.name}"
        if test.on_fail == "stop" and referee.stops_sequence(test, outcome.result):
            return f"test {test.name} did not pass, and says on_fail: stop"
    record.interrupted = context.hurry()
    return "interrupted before it began"
