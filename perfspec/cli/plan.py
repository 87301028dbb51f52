"""``perfspec plan``: what would run, without touching the network."""

from __future__ import annotations

import shutil
import sys
from typing import Any

import click

from perfspec.cli.specs import choice_options, read_plan, spec_argument


@click.command("plan")
@spec_argument
@choice_options
@click.option("--json", "as_json", is_flag=True, help="The plan and its forecast as JSON.")
def command(file: str, *, as_json: bool, **choice: Any) -> None:  # noqa: ANN401  (choice_options)
    """Show what `perfspec run` with the same options would do: load, requests, limits.

    \b
    Examples:
      perfspec plan
      perfspec plan --sequence nightly --time-scale 10%
      perfspec plan --only load --json
    """  # noqa: D301
    plan = read_plan(file, **choice)
    from perfspec.report.plan_view import forecasts, render_plan  # noqa: PLC0415

    if as_json:
        import msgspec  # noqa: PLC0415

        whole = {"plan": plan, "expected_requests": forecasts(plan.tests)}
        click.echo(msgspec.json.format(msgspec.json.encode(whole), indent=1))
        return
    width = shutil.get_terminal_size().columns
    click.echo(render_plan(plan, width, unicode=_speaks_unicode()), nl=False)


def _speaks_unicode() -> bool:
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    try:
        "▁█".encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
