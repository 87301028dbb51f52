"""``perfspec run``: services, hooks, load, verdict, report."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
from msgspec.structs import replace

from perfspec.cli.conclude import conclude, conclude_options
from perfspec.cli.confirm import confirmed
from perfspec.cli.judging import Judging
from perfspec.cli.live import view_for
from perfspec.cli.resume import interrupted_run
from perfspec.cli.specs import choice_options, read_plan, spec_argument
from perfspec.cli.workers import worker_options
from perfspec.clock import SystemClock
from perfspec.redact import Redactor
from perfspec.run.contracts import BrokenRunError, RunOptions
from perfspec.run.folder import RunFolder
from perfspec.run.guard import check_guard
from perfspec.run.supervisor import run_plan

if TYPE_CHECKING:
    from perfspec.cli.workers import Chosen


@click.command("run")
@spec_argument
@choice_options
@worker_options
@click.option("--confirm", metavar="NAME", help="Name the protected environment that is meant.")
@click.option(
    "--resume",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="RUN_DIR",
    help="Go on with an interrupted run: its whole tests are kept.",
)
@click.option(
    "--accept", metavar="REASON", help="What is worse than the baseline only warns: it is meant."
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    show_default=True,
    help="Folder that holds .perfspec/runs.",
)
@conclude_options
def command(
    file: str,
    *,
    chosen: Chosen,
    confirm: str | None,
    resume: Path | None,
    accept: str | None,
    output: Path,
    inconclusive: Literal["pass", "fail"] | None,
    junit_strict: bool,
    as_json: bool,
    **choice: Any,  # noqa: ANN401  (choice_options)
) -> int:
    """Run a sequence of tests, judge it and write the report.

    Exit codes: 0 pass or warn, 1 fail, 2 the spec or command line is wrong, 3 the run broke,
    4 no verdict, 130 interrupted.

    \b
    Examples:
      perfspec run
      perfspec run --env staging --sequence nightly
      perfspec run --only load --time-scale 10% --workers 2
      perfspec run --resume .perfspec/runs/2026-11-21T03-35-36Z-3f9c
      perfspec run --expect-workers 8 --bind 10.0.0.5
    """  # noqa: D301
    clock = SystemClock()
    earlier = interrupted_run(resume, click.get_current_context()) if resume else None
    plan = earlier.plan if earlier else replace(read_plan(file, **choice), accepted=accept)
    confirm = confirmed(plan, confirm)
    options = RunOptions(
        confirm=confirm,
        workers=chosen.workers,
        remote=chosen.remote,
        redactor=Redactor([] if chosen.remote is None else [chosen.remote.key]),
    )
    check_guard(plan, confirm=confirm, variables=options.variables, now=clock.now())
    folder = earlier.folder if earlier else RunFolder.create(output, clock)
    problem: BrokenRunError | None = None
    from rich.console import Console  # noqa: PLC0415  (not for --help)

    console = Console(stderr=True, highlight=False)
    with view_for(console, plan, os.environ) as observer:
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
    code = conclude(
        plan,
        result,
        folder,
        inconclusive=inconclusive,
        junit_strict=junit_strict,
        as_json=as_json,
        record=True,
    )
    if problem is not None:
        click.echo(f"Error: {problem}", err=True)  # with the last lines of the log it is about
        return problem.exit_code
    return code
