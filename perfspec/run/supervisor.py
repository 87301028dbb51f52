"""A whole run: guard, services, hooks, tests, and the way back through all of them, always."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from perfspec.errors import Interrupted, UsageError
from perfspec.run.commands import Texts
from perfspec.run.context import Context
from perfspec.run.contracts import BrokenRunError, StepError
from perfspec.run.guard import check_guard, missing_variables
from perfspec.run.hidden import hide_columns, hide_variables, hide_what_is_there
from perfspec.run.hooks import run_hook
from perfspec.run.interrupts import Interrupts
from perfspec.run.logs import Logs
from perfspec.run.monitoring import Monitoring
from perfspec.run.preflight import check_preflight
from perfspec.run.process import Launcher
from perfspec.run.record import FULL_DISK, Record, write
from perfspec.run.sequence import Sequence
from perfspec.run.services import Services
from perfspec.run.warden import Warden

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.clock import Clock
    from perfspec.measure.model import RunResult
    from perfspec.plan.model import Hook, Plan
    from perfspec.run.contracts import Observer, Referee, RunOptions
    from perfspec.run.folder import RunFolder

    Failure = Callable[[], StepError | None]
    Work = Callable[[Context, Record, Failure], str]
    """What happens between the hooks; it returns why tests without a result did not run."""


def run_plan(
    plan: Plan,
    folder: RunFolder,
    *,
    referee: Referee,
    observer: Observer,
    options: RunOptions,
    clock: Clock,
    before: RunResult | None = None,
) -> RunResult:
    """Run every test of the plan; ``plan.json`` and ``result.json`` are in ``folder`` then.

    ``before`` is what was measured in this folder until an interruption: the run goes on with the
    first test that is not whole.

    Services are stopped, and the hook after has run if that before was begun, whatever happened.
    After Ctrl-C the result comes back with ``interrupted``. Raises UsageError when the guard
    refuses (nothing was started), BrokenRunError with the partial result when something broke,
    RunError when the result cannot be written.
    """

    def work(context: Context, record: Record, failure: Failure) -> str:
        with Monitoring(context) as monitoring:
            return Sequence(context, record, failure, referee, monitoring).run()

    return run_around(
        plan, folder, work=work, observer=observer, options=options, clock=clock, before=before
    )


def run_around(
    plan: Plan,
    folder: RunFolder,
    *,
    work: Work,
    observer: Observer,
    options: RunOptions,
    clock: Clock,
    before: RunResult | None = None,
) -> RunResult:
    """Services, hooks and the way back around ``work``; the rest as ``run_plan`` says."""
    try:
        check_guard(plan, confirm=options.confirm, variables=options.variables, now=clock.now())
    except UsageError:
        folder.discard()
        raise
    variables = _with_our_python({**options.variables, **plan.variables})
    brings_secrets = plan.hooks_before is not None and bool(plan.secrets)
    logs = Logs(folder.logs, options.redactor, held=brings_secrets)
    interrupts = Interrupts()
    with interrupts.listening(), Warden() as warden:
        context = Context(
            plan=plan,
            folder=folder,
            options=options,
            observer=observer,
            clock=clock,
            interrupts=interrupts,
            launcher=Launcher(logs, warden, clock),
            variables=variables,
            texts=Texts(plan, variables, clock),
        )
        return _Run(context, work, Record(context, before)).run()


def _with_our_python(variables: dict[str, str]) -> dict[str, str]:
    """Let ``python`` in services and hooks be the one that perfspec runs under."""
    own = str(Path(sys.executable).parent)
    others = variables.get("PATH", os.defpath)
    return {**variables, "PATH": f"{own}{os.pathsep}{others}"}


class _Run:
    """One run from its start to its written result."""

    def __init__(self, context: Context, work: Work, record: Record) -> None:
        self._context = context
        self._plan = context.plan
        self._own = any(each.duet is None for each in context.plan.tests)  # a duet starts its own
        self._work = work
        self._services = Services(context)
        self._logs = context.launcher.logs
        self._record = record
        self._begun = self._to_clean = self._hidden = False

    def run(self) -> RunResult:
        record = self._record
        try:
            with ExitStack() as way_back:  # each step is taken, whatever the others raise
                way_back.callback(self._close_logs)
                way_back.callback(record.attempt, self._stop_services)
                way_back.callback(record.attempt, self._after)
                way_back.callback(self._turn)
                record.attempt(self._forward)
        except BaseException as error:
            record.problems.append(StepError(f"perfspec itself failed: {error!r}"))
            record.finish()
            raise
        result = record.finish()
        if record.problems:
            raise BrokenRunError(record.message(), result)
        return result

    def _forward(self) -> None:
        context, plan = self._context, self._plan
        write(context.folder.plan, plan)
        for text in check_preflight(plan, context.folder.path, context.options):
            self._warn(text)
        self._hide_variables()
        if plan.hooks_before is None and self._own:
            self._hide_columns()
        self._begun = True
        self._to_clean = plan.hooks_before is None  # services alone may have left something
        if plan.environment.services and self._own:
            context.observer.phase("starting services")
            self._services.start()
        if plan.hooks_before is not None and self._own:
            self._to_clean = True
            self._before(plan.hooks_before)
        reason = self._work(context, self._record, self._failure)
        for test in self._record.missing:
            context.observer.test_ended(test, self._record.skip(test, reason))

    def _before(self, hook: Hook) -> None:
        """The hook, and what it has brought: variables, data, secrets."""
        context, plan = self._context, self._plan
        context.observer.phase("hook before")
        brought = run_hook(context, "before", hook, self._failure)
        for name, value in brought.items():
            if plan.variables.get(name, value) != value:
                msg = (
                    f"hook before writes another value of {name} than the plan was made with:"
                    " unset it before the run, or use another name"
                )
                raise StepError(msg)
        context.variables.update(brought)
        self._hide_variables()
        self._hide_columns()
        self._logs.release()
        missing = list(missing_variables(plan, context.variables, later=False))
        if missing:
            raise StepError("\n".join(missing))

    def _failure(self) -> StepError | None:
        """What has broken beside the step that is under way."""
        if self._logs.problem is not None:
            return StepError(self._logs.problem, FULL_DISK)
        return self._services.failure()

    def _turn(self) -> None:
        """The way back begins: another Ctrl-C is about what follows."""
        context = self._context
        context.interrupts.settle()
        if not self._hidden:
            redactor = context.options.redactor
            hide_what_is_there(self._plan, context.variables, redactor, context.clock)
            self._logs.release()

    def _after(self) -> None:
        hook = self._plan.hooks_after
        if hook is None or not self._to_clean or not self._own:
            return
        self._context.observer.phase("hook after")
        try:
            run_hook(self._context, "after", hook, lambda: None)
        except Interrupted:
            self._warn("the hook after was interrupted: it may have left something behind")
            raise

    def _stop_services(self) -> None:
        try:
            if self._plan.environment.services and self._begun and self._own:
                self._context.observer.phase("stopping services")
        finally:
            self._services.stop()

    def _close_logs(self) -> None:
        self._logs.close()
        if self._logs.problem is not None and not self._record.problems:
            self._record.problems.append(StepError(self._logs.problem, FULL_DISK))

    def _hide_variables(self) -> None:
        context = self._context
        for text in hide_variables(self._plan, context.variables, context.options.redactor):
            self._warn(text)

    def _hide_columns(self) -> None:
        context = self._context
        hide_columns(self._plan, context.variables, context.options.redactor, context.clock)
        self._hidden = True

    def _warn(self, text: str) -> None:
        self._context.observer.warning(self._context.options.redactor.text(text))
