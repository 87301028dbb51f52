"""A plan run, judged and reported: what ``run`` and ``duet`` have in common."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from perfspec.cli.conclude import conclude
from perfspec.cli.confirm import confirmed
from perfspec.cli.judging import Judging
from perfspec.cli.live import view_for
from perfspec.clock import SystemClock
from perfspec.redact import Redactor
from perfspec.run.contracts import BrokenRunError, RunOptions
from perfspec.run.folder import RunFolder
from perfspec.run.guard import check_guard
from perfspec.run.supervisor import run_plan

if TYPE_CHECKING:
    from pathlib import Path

    from perfspec.cli.resume import Interrupted
    from perfspec.cli.workers import Chosen
    from perfspec.plan.model import Plan


def perform(
    plan: Plan,
    chosen: Chosen,
    output: Path,
    *,
    confirm: str | None = None,
    earlier: Interrupted | None = None,
    **how: Any,  # noqa: ANN401  (conclude_options)
) -> int:
    """Returns the exit code; ``earlier`` is the run that this one goes on with."""
    clock = SystemClock()
    confirm = confirmed(plan, confirm)
    options = RunOptions(
        confirm=confirm,
        workers=chosen.workers,
        remote=chosen.remote,
        web=chosen.web,
        redactor=Redactor([] if chosen.remote is None else [chosen.remote.key]),
    )
    check_guard(plan, confirm=confirm, variables=options.variables, now=clock.now())
    folder = earlier.folder if earlier else RunFolder.create(output, clock)
    problem: BrokenRunError | None = None
    from rich.console import Console  # noqa: PLC0415  (not for --help)

    console = Console(stderr=True, highlight=False)
    if chosen.web is not None:
        console.print(f"Locust's web UI, while a test runs: http://127.0.0.1:{chosen.web}/")
    with view_for(console, plan, os.environ, folder.progress) as observer:
        try:
            result = run_plan(
                plan,
                folder,
                referee=Judging(plan, clock),
                observer=observer,
                options=options,
                clock=clock,
                before=earlier.result if earlier else None,
            )
        except BrokenRunError as error:
            problem, result = error, error.result
    alone = all(each.duet is not None for each in plan.tests)  # nothing for a baseline
    code = conclude(plan, result, folder, record=not alone, **how)
    if problem is not None:
        click.echo(f"Error: {problem}", err=True)  # with the last lines of the log it is about
        return problem.exit_code
    return code
