"""``perfspec judge``: a verdict from files; the load is not repeated."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perfspec import jsonio
from perfspec.cli.conclude import conclude, conclude_options
from perfspec.cli.specs import read_document
from perfspec.errors import UsageError
from perfspec.measure.model import RunResult
from perfspec.plan.compile.choice import same_tests
from perfspec.plan.compile.plan import compile_plan
from perfspec.plan.model import Plan
from perfspec.plan.pairing import paired_as
from perfspec.run.folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command("judge")
@click.argument("run_dir", required=False, type=click.Path(path_type=Path))
@click.option(
    "--spec",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Take the limits of this spec instead of those of the run.",
)
@conclude_options
def command(run_dir: Path | None, *, spec: str | None, **how: Any) -> int:  # noqa: ANN401  (conclude_options)
    """Judge a finished run again (the newest when none is named) and write its report anew.

    With --spec the limits of that file count, as long as it still measures the same.

    \b
    Examples:
      perfspec judge
      perfspec judge .perfspec/runs/2026-11-21T03-35-36Z-3f9c --spec perfspec.yaml
    """  # noqa: D301
    folder, plan, result = open_run(run_dir)
    if spec is not None:
        plan = _with_limits_of(spec, plan)
    return conclude(plan, result, folder, **how)


def open_run(run_dir: Path | None) -> tuple[RunFolder, Plan, RunResult]:
    """What a run has left. Raises UsageError when there is no such run."""
    folder = RunFolder.latest(Path()) if run_dir is None else RunFolder.open(run_dir)
    plan = jsonio.read_json(folder.plan, Plan)
    return folder, plan, jsonio.read_json(folder.result, RunResult)


def _with_limits_of(file: str, plan: Plan) -> Plan:
    """The plan of today's spec for the same tests; it must measure what the run measured."""
    variables: Mapping[str, str] = {**plan.variables, **os.environ}
    document = read_document(file, variables)
    chosen = same_tests(plan)
    missing = [each.name for each in chosen.tests if each.name not in document.spec.tests]
    if missing:
        msg = f"{file} has no test {', '.join(missing)}, which this run is about"
        raise UsageError(msg)
    today = compile_plan(
        document,
        chosen,
        variables=variables,
        environment=plan.environment.name,
        seed=plan.seed,
        complete=False,
    )
    return paired_as(today, plan)
