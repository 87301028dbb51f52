"""``perfspec compare``: the numbers of several runs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from perfspec import jsonio
from perfspec.cli.judge import open_run
from perfspec.errors import RunError, UsageError
from perfspec.judge.model import Verdict
from perfspec.report.compare import Run, RunComparison, compare
from perfspec.report.compare_json import comparison_of
from perfspec.report.compare_text import ComparisonView, compare_md


@click.command("compare")
@click.argument("run_dirs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown"]),
    default="text",
    show_default=True,
    help="What is printed.",
)
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also write a page with the curves of all runs over each other.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
def command(
    run_dirs: tuple[Path, ...],
    *,
    form: Literal["text", "markdown"],
    html: Path | None,
    as_json: bool,
) -> int:
    """Show the numbers of finished runs side by side, with changes since the first.

    Nothing is judged: the exit code is 0 whatever has changed.

    \b
    Examples:
      perfspec compare .perfspec/runs/*
      perfspec compare before/ after/ --format markdown --html compare.html
      perfspec compare before/ after/ --json
    """  # noqa: D301
    if as_json and form != "text":
        msg = f"--json and --format {form} exclude each other: leave one out"
        raise UsageError(msg)
    if len(run_dirs) < 2:
        msg = "a comparison needs two runs: name another run folder"
        raise UsageError(msg)
    comparison = compare([_open(each) for each in run_dirs])
    if not comparison.tests:
        msg = "no test was measured in two of these runs, so there is nothing to compare"
        raise UsageError(msg)
    if html is not None:
        _write(html, comparison)
    if as_json:
        click.echo(jsonio.encode(comparison_of(comparison)))
    elif form == "markdown":
        click.echo(compare_md(comparison), nl=False)
    else:
        from rich.console import Console  # noqa: PLC0415  (not for markdown)

        Console(highlight=False).print(ComparisonView(comparison))
    return 0


def _open(run_dir: Path) -> Run:
    folder, plan, result = open_run(run_dir)
    return Run(plan, result, jsonio.read_json(folder.verdict, Verdict))


def _write(path: Path, comparison: RunComparison) -> None:
    from perfspec.report.html.compare import compare_html  # noqa: PLC0415  (Jinja2 is not free)

    try:
        jsonio.write_bytes(path, compare_html(comparison).encode())
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror or error}"
        raise RunError(msg) from None
