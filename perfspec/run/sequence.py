"""The tests of a plan in their order, until one of them ends the sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfspec.run.duet.run import run_duet
from perfspec.run.load import run_test

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.measure.model import TestResult
    from perfspec.plan.model import Test
    from perfspec.run.context import Context
    from perfspec.run.contracts import Referee, StepError
    from perfspec.run.monitoring import Monitoring
    from perfspec.run.record import Record


@dataclass(frozen=True, slots=True)
class Sequence:
    """What its tests share. ``failure`` is asked all the time for what else has broken."""

    context: Context
    record: Record
    failure: Callable[[], StepError | None]
    referee: Referee
    monitoring: Monitoring

    def run(self) -> str:
        """Run them into ``record``; returns why the rest is skipped, if there is a rest.

        Tests that ``record`` has already are not run again.
        """
        context, record = self.context, self.record
        for number, test in enumerate(context.plan.tests, start=1):
            if number > len(record.tests):
                if context.hurry():
                    break
                if not self._run_next(test):
                    return f"the run broke in test {test.name}"
            if test.on_fail == "stop" and not self._passed(test):
                return f"test {test.name} did not pass, and says on_fail: stop"
        record.interrupted = context.hurry()
        return "interrupted before it began"

    def _run_next(self, test: Test) -> bool:
        """Run one test, or skip it when it needs what did not pass; False when the run broke."""
        record, unmet = self.record, self._unmet(test)
        if unmet is not None:
            self.context.observer.test_ended(test, record.skip(test, unmet))
            return True
        number = len(record.tests) + 1
        result, whole = self._measured(test, number)
        record.tests.append(result)
        self.context.observer.test_ended(test, result)
        record.save()
        return whole and self._confirmed(test, result, number)

    def _confirmed(self, test: Test, result: TestResult, number: int) -> bool:
        """Run a test once more as long as it is in doubt, beside its result.

        False when the run broke.
        """
        while not self.context.hurry():
            doubt = self.referee.doubt(test, self.record.so_far())
            if doubt is None:
                break
            self.context.observer.warning(f"test {test.name} runs once more: {doubt}")
            result.confirmation, whole = self._measured(test, number)
            result = result.confirmation
            self.context.observer.test_ended(test, result)
            self.record.save()
            if not whole:
                return False
        return True

    def _measured(self, test: Test, number: int) -> tuple[TestResult, bool]:
        """What a test has left, and whether the run may go on."""
        context, record = self.context, self.record
        context.observer.test_started(test, number, len(context.plan.tests))
        if test.duet is None:
            outcome = run_test(
                context, test, self.referee, self.failure, watch=self.monitoring.watch
            )
            outcome.result.monitors = self.monitoring.during(outcome.result)
        else:  # monitors of the environment say nothing of either commit
            outcome = run_duet(context, test, self.referee, self.failure)
        record.machine = outcome.machine or record.machine
        if outcome.problem is not None:
            record.problems.append(outcome.problem)
        return outcome.result, outcome.problem is None

    def _unmet(self, test: Test) -> str | None:
        """Why a test that needs others is skipped, None if each of them passed."""
        for needed, result in zip(self.context.plan.tests, self.record.tests, strict=False):
            if needed.name in test.needs and not self._passed(needed):
                became = "was skipped" if result.status == "skipped" else "did not pass"
                return f"it needs {needed.name}, which {became}"
        return None

    def _passed(self, test: Test) -> bool:
        return self.referee.passed(test, self.record.so_far())
