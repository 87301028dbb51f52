"""``perfspec report``: the report of a finished run, written again from its verdict."""

from __future__ import annotations

from pathlib import Path

import click

from perfspec import jsonio
from perfspec.cli.conclude import show
from perfspec.cli.judge import open_run
from perfspec.errors import RunError
from perfspec.judge.model import Verdict
from perfspec.report.write import write_reports


@click.command("report")
@click.argument("run_dir", required=False, type=click.Path(path_type=Path))
@click.option("--junit-strict", is_flag=True, help="JUnit without file and line.")
def command(run_dir: Path | None, *, junit_strict: bool) -> int:
    """Write the report of a finished run (the newest when none is named) anew.

    Nothing is judged again: `perfspec judge` does that.

    \b
    Examples:
      perfspec report
      perfspec report .perfspec/runs/2026-11-21T03-35-36Z-3f9c --junit-strict
    """  # noqa: D301
    folder, plan, result = open_run(run_dir)
    verdict = jsonio.read_json(folder.verdict, Verdict)
    try:
        write_reports(folder.report, plan, result, verdict, junit_strict=junit_strict)
    except OSError as error:
        msg = f"the report cannot be written to {folder.report}: {error.strerror or error}"
        raise RunError(msg) from None
    show(plan, result, verdict, as_json=False)
    click.echo(f"report: {folder.report}")
    return verdict.exit_code
