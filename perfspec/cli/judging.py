"""The referee of a run: the judges that will decide the verdict, asked while it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.cli.compare import compare_commits, comparison_of
from perfspec.judge.abort import broken
from perfspec.judge.analyses.levels import is_kept
from perfspec.judge.model import Outcome
from perfspec.judge.verdict import judge_test

if TYPE_CHECKING:
    from perfspec.clock import Clock
    from perfspec.judge.model import Comparison, TestVerdict
    from perfspec.measure.collect import Collector
    from perfspec.measure.model import AbortHit, RunResult, TestResult
    from perfspec.plan.load import Span
    from perfspec.plan.model import Plan, Test


class Judging:
    """Judges the tests of one plan, each as the verdict will."""

    def __init__(self, plan: Plan, clock: Clock) -> None:
        self._plan = plan
        self._clock = clock
        self._compared: dict[tuple[str, int], Comparison | None] = {}  # after so many repeats

    def should_abort(self, test: Test, collector: Collector) -> AbortHit | None:
        return broken(test.abort, collector)

    def should_stop(self, test: Test, collector: Collector) -> AbortHit | None:
        return broken(test.stop_when, collector)

    def kept(self, test: Test, result: TestResult, span: Span) -> bool | None:
        return is_kept(test, result, span)

    def passed(self, test: Test, run: RunResult) -> bool:
        return self._judged(test, run).outcome in {Outcome.PASS, Outcome.WARN}

    def decided(self, test: Test, result: TestResult) -> bool:
        from perfspec.judge.duet import is_decided  # noqa: PLC0415  (numpy, scipy)

        comparison = compare_commits(self._plan, test, result)
        return comparison is not None and is_decided(comparison)

    def doubt(self, test: Test, run: RunResult) -> str | None:
        """A test that fails anyway is not run again, and one in a protected environment never.

        A duet has many starts of both commits in it already.
        """
        rule = self._plan.baseline
        if rule is None or not rule.confirm or not test.budgets or test.duet is not None:
            return None
        if self._plan.environment.protected is not None:
            return None
        from perfspec.judge.confirmation import doubt  # noqa: PLC0415  (numpy, scipy)

        verdict = self._judged(test, run)
        fails = any(each.outcome is Outcome.FAIL for each in verdict.findings)
        if verdict.comparison is None or verdict.invalid is not None or fails:
            return None
        mine = (each for (name, _), each in self._compared.items() if name == test.name)
        return doubt([each for each in mine if each is not None])

    def _judged(self, test: Test, run: RunResult) -> TestVerdict:
        """The baseline is asked once for each time that the test has run."""
        [result] = [each for each in run.tests if each.name == test.name]
        key = test.name, len(result.repeats)
        if key not in self._compared:
            self._compared[key] = comparison_of(self._plan, test, run, self._clock)
        return judge_test(test, result, self._compared[key])
