"""``perfspec plan``: what would run, without touching the network."""

from __future__ import annotations

import shutil
import sys
from typing import Any

import click

from perfspec.cli.parsed import PERCENT
from perfspec.cli.specs import choice_options, read_plan, spec_argument, spec_changes
from perfspec.plan.cost import cost_of, planned_usage


@click.command("plan")
@spec_argument
@choice_options
@click.option(
    "--base",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Say how all tests of the spec differ from those of this one.",
)
@click.option(
    "--detect",
    type=PERCENT,
    metavar="PERCENT",
    help="Say instead what finding a slowdown of this size takes.",
)
@click.option("--json", "as_json", is_flag=True, help="The plan and its forecast as JSON.")
def command(
    file: str,
    *,
    base: str | None,
    detect: float | None,
    as_json: bool,
    **choice: Any,  # noqa: ANN401  (choice_options)
) -> None:
    """Show what `perfspec run` with the same options would do: load, requests, limits.

    \b
    Examples:
      perfspec plan
      perfspec plan --sequence nightly --time-scale 10%
      perfspec plan --only load --json
      perfspec plan --detect 10%
      git show main:perfspec.yaml > base.yaml && perfspec plan --base base.yaml
    """  # noqa: D301
    plan = read_plan(file, **choice)
    if detect is not None:
        from perfspec.cli.detect import show_needs  # noqa: PLC0415  (numpy and scipy)

        show_needs(plan, detect)
        return
    found = None if base is None else spec_changes(base, file)
    from perfspec.report.plan_view import forecasts, render_plan  # noqa: PLC0415

    if as_json:
        import msgspec  # noqa: PLC0415

        whole: dict[str, object] = {"plan": plan, "expected_requests": forecasts(plan.tests)}
        whole |= {} if found is None else {"changes": found}
        whole |= {} if plan.prices is None else {"cost": cost_of(plan.prices, planned_usage(plan))}
        click.echo(msgspec.json.format(msgspec.json.encode(whole), indent=1))
        return
    width = shutil.get_terminal_size().columns
    unicode = _speaks_unicode()
    click.echo(render_plan(plan, width, unicode=unicode), nl=False)
    if found is not None:
        from perfspec.report.changes_view import change_text  # noqa: PLC0415

        arrow = "→" if unicode else "->"
        click.echo(f"Changes from {base}" if found else f"Nothing differs from {base}")
        for each in found:
            click.echo(f"  {change_text(each, arrow)}")


def _speaks_unicode() -> bool:
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    try:
        "▁█".encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
