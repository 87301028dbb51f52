"""From a result to a verdict, a report and an exit code: the end of run, judge and report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from perfspec import jsonio
from perfspec.cli.compare import comparisons, record_run
from perfspec.clock import SystemClock
from perfspec.errors import Exit, RunError
from perfspec.judge.verdict import judge_run
from perfspec.report.terminal import FinalReport
from perfspec.report.write import write_reports

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perfspec.judge.model import Verdict
    from perfspec.measure.model import RunResult
    from perfspec.plan.model import Plan
    from perfspec.run.folder import RunFolder

Command = TypeVar("Command", bound="Callable[..., Any]")


def conclude_options(command: Command) -> Command:
    """How a verdict is reported."""
    options = (
        click.option(
            "--inconclusive",
            type=click.Choice(["pass", "fail"]),
            help="What no verdict counts as; otherwise exit code 4.",
        ),
        click.option(
            "--junit-strict", is_flag=True, help="JUnit without file and line, for strict readers."
        ),
        click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def how_to_conclude(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Those of the options that ``conclude`` takes, and the others."""
    how = {name: given[name] for name in ("inconclusive", "junit_strict", "as_json")}
    return how, {name: value for name, value in given.items() if name not in how}


def conclude(
    plan: Plan,
    result: RunResult,
    folder: RunFolder,
    *,
    inconclusive: Literal["pass", "fail"] | None,
    junit_strict: bool,
    as_json: bool,
    record: bool = False,
) -> int:
    """Judge, write verdict and report, print; returns the exit code of the verdict.

    With ``record`` a run of the branch that others are compared with enters the baseline. Raises
    RunError when a file cannot be written (a full disk).
    """
    compared = comparisons(plan, result, SystemClock())
    verdict = judge_run(plan, result, inconclusive=inconclusive, comparisons=compared)
    try:
        jsonio.write_json(folder.verdict, verdict)
        write_reports(folder.report, plan, result, verdict, junit_strict=junit_strict)
    except OSError as error:
        show(plan, result, verdict, as_json=as_json)
        msg = f"the report cannot be written to {folder.path}: {error.strerror or error}"
        raise RunError(msg) from None
    show(plan, result, verdict, as_json=as_json)
    click.echo(f"report: {folder.report}", err=as_json)
    if record and plan.baseline is not None and not record_run(plan, result, verdict):
        return verdict.exit_code or Exit.NOT_PUBLISHED
    return verdict.exit_code


def show(plan: Plan, result: RunResult, verdict: Verdict, *, as_json: bool) -> None:
    """The verdict on standard output: for machines as JSON, else as tables."""
    if as_json:
        click.echo(jsonio.encode(verdict))  # bytes: JSON is UTF-8 whatever the terminal is
        return
    from rich.console import Console  # noqa: PLC0415  (34 ms that --json does not need)

    Console(highlight=False).print(FinalReport(plan, result, verdict))
