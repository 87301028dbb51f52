"""``perfspec try``: every request of one journey, before anybody runs a load."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perfspec import jsonio
from perfspec.cli.confirm import confirmed
from perfspec.cli.specs import choice_options, read_plan, spec_argument
from perfspec.clock import SystemClock
from perfspec.errors import Exit
from perfspec.plan.compile.trial import trial_of
from perfspec.report.trace_view import trace_lines
from perfspec.run.contracts import BrokenRunError, Observer, RunOptions
from perfspec.run.folder import RunFolder
from perfspec.run.trial import try_plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.measure.trace import TryMessage


class _Steps(Observer):
    """Says what is under way, so that a slow service is not a silent one."""

    def phase(self, text: str) -> None:
        click.echo(text, err=True)

    def warning(self, text: str) -> None:
        click.echo(f"warning: {text}", err=True)


@click.command("try")
@spec_argument
@choice_options
@click.option("--persona", multiple=True, metavar="NAME", help="Only this one (repeatable).")
@click.option("--confirm", metavar="NAME", help="Name the protected environment that is meant.")
@click.option("--headers", is_flag=True, help="Show all headers.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(
    file: str,
    *,
    persona: tuple[str, ...],
    confirm: str | None,
    headers: bool,
    as_json: bool,
    **choice: Any,  # noqa: ANN401  (choice_options)
) -> int:
    """Run one journey of each persona, every step of it, and show what goes over the wire.

    Services and hooks run as in a test. Secrets are masked. Exits with 1 when a step failed.

    \b
    Examples:
      perfspec try
      perfspec try --persona buyer --headers
    """  # noqa: D301
    plan = trial_of(read_plan(file, **choice), persona)
    confirm = confirmed(plan, confirm)
    from rich.console import Console  # noqa: PLC0415  (not for --help)
    from rich.text import Text  # noqa: PLC0415

    console = Console(highlight=False, soft_wrap=True)

    def show(message: TryMessage) -> None:
        if as_json:
            click.echo(jsonio.encode(message))
            return
        for text, style in trace_lines(message, headers=headers):
            console.print(Text(text, style))

    with _passing_folder() as folder:
        passed = try_plan(
            plan,
            RunFolder.create(folder, SystemClock()),
            show=show,
            observer=_Steps(),
            options=RunOptions(confirm=confirm, variables=dict(os.environ)),
            clock=SystemClock(),
        )
    return Exit.OK if passed else Exit.FAIL


@contextmanager
def _passing_folder() -> Iterator[Path]:
    """Taken away afterwards, unless what broke is explained by a log in it."""
    folder = Path(tempfile.mkdtemp(prefix="perfspec-try-"))
    kept = False
    try:
        yield folder
    except BrokenRunError as error:
        kept = str(folder) in str(error)
        raise
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)
