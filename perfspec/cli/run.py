"""``perfspec run``: services, hooks, load, verdict, report."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from perfspec.cli.commits import sides
from perfspec.cli.conclude import conclude_options, how_to_conclude
from perfspec.cli.gate import gate_options, how_to_gate, with_acceptance
from perfspec.cli.perform import perform
from perfspec.cli.resume import interrupted_run, is_given
from perfspec.cli.specs import choice_options, output_option, read_plan, spec_argument
from perfspec.cli.workers import worker_options
from perfspec.plan.pairing import with_duets

if TYPE_CHECKING:
    from perfspec.cli.workers import Chosen
    from perfspec.plan.model import Plan


@click.command("run")
@spec_argument
@choice_options
@gate_options
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
    "--base",
    metavar="REF",
    help="The commit to compare with, where `compare` is auto or duet: in a duet.",
)
@output_option
@conclude_options
def command(
    file: str,
    *,
    chosen: Chosen,
    confirm: str | None,
    resume: Path | None,
    accept: str | None,
    base: str | None,
    output: Path,
    **rest: Any,  # noqa: ANN401  (those of choice, gate and conclude)
) -> int:
    """Run a sequence of tests, judge it and write the report.

    Exit codes: 0 pass or warn, 1 fail, 2 the spec or command line is wrong, 3 the run broke,
    4 no verdict, 130 interrupted.

    \b
    Examples:
      perfspec run
      perfspec run --env staging --sequence nightly
      perfspec run --only load --time-scale 10% --workers 2
      perfspec run --base main
      perfspec run --resume .perfspec/runs/2026-11-21T03-35-36Z-3f9c
      perfspec run --expect-workers 8 --bind 10.0.0.5
    """  # noqa: D301
    how, choice = how_to_conclude(rest)
    gate, choice = how_to_gate(choice)
    context = click.get_current_context()
    earlier = interrupted_run(resume, context) if resume else None
    if earlier is not None:
        plan = earlier.plan
    else:
        plan = read_plan(file, gate=gate, **choice)
        if is_given(context, "accept"):
            plan = with_acceptance(plan, accept)
        else:  # a label, which is about every job of its pull request
            plan = replace(plan, accepted=accept)
        plan = _with_duets(plan, base)
    return perform(plan, chosen, output, confirm=confirm, earlier=earlier, **how)


def _with_duets(plan: Plan, base: str | None) -> Plan:
    """Budgets are compared with ``base`` where that can be done; a word on why it cannot."""
    duet = None if base is None else sides(plan, base)
    plan, reasons = with_duets(plan, duet, dict(os.environ))
    for each in reasons:
        click.echo(f"warning: budgets are compared with the baseline: {each}", err=True)
    return plan
