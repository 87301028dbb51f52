"""``perfspec lint``: every mistake of a spec, where it stands and what would fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perfspec.cli.specs import DEFAULT_FILE, read_document
from perfspec.errors import Exit, InvalidSpecError
from perfspec.plan.check import check_plan
from perfspec.plan.compile.choice import every_test
from perfspec.plan.compile.plan import compile_plan
from perfspec.plan.compile.unjudged import check_objectives
from perfspec.report.workflow import workflow_command
from perfspec.units import counted

if TYPE_CHECKING:
    from perfspec.errors import Diagnostic


@click.command("lint")
@click.argument("files", nargs=-1, type=click.Path(dir_okay=False), metavar="[FILE]...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="github: annotations of a pull request.",
)
def command(files: tuple[str, ...], form: str) -> int:
    """Find every mistake in specs (perfspec.yaml when none is named).

    Touches no network and needs no environment variable. Exits with 2 when there is an error;
    warnings alone exit with 0.

    \b
    Examples:
      perfspec lint
      perfspec lint --format github perf/*.yaml
    """  # noqa: D301
    found: list[Diagnostic] = []
    for file in files or (DEFAULT_FILE,):
        found += lint_file(file)
    if form == "json":
        click.echo(_json(found))
    else:
        for each in found:
            click.echo(github(each) if form == "github" else str(each))
    errors = sum(not each.warning for each in found)
    if form == "text":
        click.echo(_summary(len(files) or 1, errors, len(found) - errors), err=bool(found))
    return Exit.USAGE if errors else Exit.OK


def lint_file(file: str) -> tuple[Diagnostic, ...]:
    """All errors and warnings of one file in reading order."""
    try:
        document = read_document(file, None)
    except InvalidSpecError as error:
        return error.diagnostics
    plan = compile_plan(document, every_test(document), variables={}, complete=False)
    found = {*document.warnings, *check_plan(plan), *check_objectives(document)}
    return tuple(sorted(found))


def github(each: Diagnostic) -> str:
    """A workflow command that GitHub shows at the line."""
    return workflow_command(
        "warning" if each.warning else "error",
        each.message + (f" ({each.hint})" if each.hint else ""),
        file=each.file,
        line=each.line,
        column=each.column,
        title=each.code,
    )


def _json(found: list[Diagnostic]) -> bytes:
    import json  # noqa: PLC0415
    from dataclasses import asdict  # noqa: PLC0415

    return json.dumps([asdict(each) for each in found], indent=1, ensure_ascii=False).encode()


def _summary(files: int, errors: int, warnings: int) -> str:
    what = counted(files, "file") if files > 1 else "the spec"
    if not errors and not warnings:
        return f"no mistakes in {what}"
    parts = [counted(n, noun) for n, noun in ((errors, "error"), (warnings, "warning")) if n]
    return f"{' and '.join(parts)} in {what}"
