"""One duet: both commits checked out, and for each block started, loaded and taken down."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec

from perfspec.errors import Interrupted
from perfspec.plan.duet import one_block
from perfspec.plan.ports import ports_of
from perfspec.run.contracts import StepError
from perfspec.run.duet.checkouts import Checkouts
from perfspec.run.duet.joined import joined
from perfspec.run.duet.side import Side, WayBack, free_ports
from perfspec.run.duet.variables import hand_over
from perfspec.run.load import Outcome, run_test
from perfspec.run.processors import processors, shares
from perfspec.units import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.measure.model import Machine, TestResult
    from perfspec.plan.duet import Duet
    from perfspec.plan.model import Test
    from perfspec.run.context import Context
    from perfspec.run.contracts import Referee
    from perfspec.run.duet.side import Name

    Failure = Callable[[], StepError | None]


def run_duet(context: Context, test: Test, referee: Referee, failure: Failure) -> Outcome:
    """Run blocks until ``referee`` says that they decide, or there are no more.

    Only whole blocks count. Nothing that was started for it is left afterwards.
    """
    if test.duet is None:
        msg = f"test {test.name} is no duet"
        raise ValueError(msg)
    blocks = _Blocks(context, test, test.duet, referee, failure)
    started = context.clock.now().isoformat()
    try:
        status = blocks.run()
    except StepError as error:
        result = joined(test, blocks.done, "broken", started=started, reason=error.sentence)
        return Outcome(result, blocks.machine, error)
    result = joined(test, blocks.done, status.name, started=started, reason=status.reason)
    return Outcome(result, blocks.machine, None)


SIDES: Final[tuple[Name, Name]] = ("base", "head")


class _Status(NamedTuple):
    name: Literal["complete", "stopped", "partial"]
    reason: str | None = None


class _Blocks:
    """``done`` are the results of those that were measured to their end."""

    def __init__(
        self, context: Context, test: Test, duet: Duet, referee: Referee, failure: Failure
    ) -> None:
        self.done: list[TestResult] = []
        self.machine: Machine | None = None
        self._context = context
        self._test = test
        self._duet = duet
        self._referee = referee
        self._failure = failure

    def run(self) -> _Status:
        """Raises StepError for what broke."""
        context, looks = self._context, self._duet.looks
        with Checkouts(Path(context.plan.directory), context.launcher.warden) as checkouts:
            base, head = self._sides(checkouts)
            for number in range(1, looks[-1] + 1):
                context.observer.phase(f"block {number} of at most {looks[-1]}")
                if not self._block(base, head):
                    return _Status("partial", f"interrupted in block {number}")
                if number < looks[-1] and number in looks and self._decided():
                    most = counted(looks[-1], "block")
                    return _Status("stopped", f"decided after {number} of {most}")
        return _Status("complete")

    def _sides(self, checkouts: Checkouts) -> tuple[Side, Side]:
        context, duet = self._context, self._duet
        plan = msgspec.structs.replace(context.plan, tests=(one_block(self._test),))
        context = replace(context, plan=plan)
        names = ports_of(plan.environment, context.variables)
        ports = free_ports(names)
        cpus = shares(processors()) or (None, None)
        commits = duet.base, duet.head
        base, head = (
            Side(context, name, commits[at], checkouts.add(name, commits[at]), ports[at], cpus[at])
            for at, name in enumerate(SIDES)
        )
        base.use_data_of(head)
        return base, head

    def _block(self, base: Side, head: Side) -> bool:
        """Whether it was measured to its end; raises StepError for what broke."""
        context = self._context
        if context.hurry():
            return False

        def failure() -> StepError | None:
            return self._failure() or base.failure() or head.failure()

        with WayBack() as way_back:
            try:
                base.up(way_back, failure)
                head.up(way_back, failure)
            except Interrupted:
                return False
            load = replace(
                head.context,
                launcher=context.launcher,
                observer=context.observer,
                interrupts=context.interrupts,
                variables=hand_over(base.context.variables, head.context.variables),
                options=replace(context.options, workers=1, remote=None),
            )
            [test] = load.plan.tests
            words = "--base", str(base.context.folder.plan)
            outcome = run_test(load, test, self._referee, failure, *words)
        self.machine = outcome.machine or self.machine
        if outcome.problem is not None:
            raise outcome.problem
        if outcome.result.status != "complete":
            return False
        self.done.append(outcome.result)
        return True

    def _decided(self) -> bool:
        so_far = joined(self._test, self.done, "stopped", started=self.done[0].started)
        return self._referee.decided(self._test, so_far)
