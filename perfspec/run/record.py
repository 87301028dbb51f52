"""What a run has to show for itself so far, and writing it: also when it broke or was cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perfspec import __version__, jsonio
from perfspec.errors import Interrupted, PerfspecError, RunError
from perfspec.measure.collect import Collector
from perfspec.measure.model import RunResult
from perfspec.run.contracts import StepError
from perfspec.run.machine import describe_machine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import msgspec

    from perfspec.measure.model import Machine, TestResult
    from perfspec.plan.model import Test
    from perfspec.run.context import Context

WHOLE: Final = ("complete", "stopped", "aborted")
FULL_DISK: Final = "free some space there, or run in another folder"


class Record:
    """Tests and problems of one run, in the order in which they came.

    ``before`` is what an earlier part of the same run has left: its whole tests are kept.
    """

    def __init__(self, context: Context, before: RunResult | None = None) -> None:
        self.tests: list[TestResult] = list(whole_tests(before))
        self.problems: list[StepError] = []
        self.interrupted = False
        self.machine: Machine | None = before.machine if before and self.tests else None
        self._context = context
        self._started = before.started if before else context.clock.now().isoformat()

    def attempt(self, step: Callable[[], None]) -> None:
        """Take a step; what goes wrong is kept for the end."""
        try:
            step()
        except Interrupted:
            self.interrupted = True
        except StepError as error:
            self.problems.append(error)
        except PerfspecError as error:
            self.problems.append(StepError(str(error)))

    @property
    def missing(self) -> tuple[Test, ...]:
        """Tests of the plan that have no result yet."""
        return self._context.plan.tests[len(self.tests) :]

    def skip(self, test: Test, reason: str) -> TestResult:
        """The result of a test that did not run."""
        now = self._context.clock.now().isoformat()
        result = Collector(test, now).result("skipped", reason)
        self.tests.append(result)
        return result

    def so_far(self) -> RunResult:
        """What has been measured, as if the run had come to its end."""
        return self._result(None)

    def save(self) -> None:
        """Write what there is, so that a run that is killed after it still has a result.

        It says that it is not whole: nobody may take it for one that ended. Raises StepError.
        """
        problem = f"the run was cut off after test {self.tests[-1].name}"
        write(self._context.folder.result, self._result(problem))

    def finish(self) -> RunResult:
        """The result, written; raises RunError when that cannot be done."""
        why = "interrupted before it began" if self.interrupted else "the run broke before it"
        for test in self.missing:
            self.skip(test, why)
        sentences = "; ".join(each.sentence for each in self.problems)
        result = self._result(self._context.options.redactor.text(sentences) or None)
        try:
            write(self._context.folder.result, result)
        except StepError as error:
            if all(each.sentence != error.sentence for each in self.problems):
                self.problems.append(error)
            raise RunError(self.message()) from None
        return result

    def message(self) -> str:
        """What broke first with all that explains it, then what broke on the way back; masked."""
        first, *others = self.problems
        lines = [str(first), *(f"also: {each}" for each in others)]
        return self._context.options.redactor.text("\n".join(lines))

    def _result(self, problem: str | None) -> RunResult:
        return RunResult(
            tool=__version__,
            run_id=self._context.folder.id,
            plan_fingerprint=self._context.plan.fingerprint,
            started=self._started,
            finished=self._context.clock.now().isoformat(),
            machine=self.machine or describe_machine(),
            tests=self.tests,
            interrupted=self.interrupted,
            problem=problem,
        )


def whole_tests(result: RunResult | None) -> Sequence[TestResult]:
    """Tests up to the last one that ran to its end; skipped ones between them stay skipped."""
    tests = result.tests if result is not None else ()
    whole = [index for index, each in enumerate(tests, start=1) if each.status in WHOLE]
    return tests[: max(whole, default=0)]


def write(path: Path, value: msgspec.Struct) -> None:
    """Like ``jsonio.write_json``; raises StepError."""
    try:
        jsonio.write_json(path, value)
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror or error}"
        raise StepError(msg, FULL_DISK) from None
