"""``perfspec duet``: two commits on this machine at once, and nothing but their comparison."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from perfspec.cli.commits import sides
from perfspec.cli.conclude import conclude_options, how_to_conclude
from perfspec.cli.parsed import DURATION
from perfspec.cli.perform import perform
from perfspec.cli.specs import choice_options, output_option, read_plan, spec_argument
from perfspec.cli.workers import Chosen
from perfspec.plan.pairing import only_duets

if TYPE_CHECKING:
    from pathlib import Path

    from perfspec.plan.duet import Duet


@click.command("duet")
@spec_argument
@click.option("--base", required=True, metavar="REF", help="The commit to compare with.")
@click.option(
    "--head", default="HEAD", show_default=True, metavar="REF", help="The commit that is."
)
@choice_options
@click.option("--block", type=DURATION, help="How long both run before they are started anew; 15s.")
@click.option(
    "--blocks",
    type=click.IntRange(min=3),
    help="So many blocks; when left out 6, 10 or at most 16, as many as it takes to decide.",
)
@output_option
@conclude_options
def command(
    file: str,
    *,
    base: str,
    head: str,
    block: float | None,
    blocks: int | None,
    output: Path,
    **rest: Any,  # noqa: ANN401  (choice_options and conclude_options)
) -> int:
    """Compare two commits on one machine: both run, and get every request in alternating order.

    Each is checked out into a work tree of its own (yours is not touched) and its services are
    started at free ports, anew for each block. The budgets of the tests decide, limits do not
    count. Exit codes are those of `perfspec run`.

    \b
    Examples:
      perfspec duet --base main
      perfspec duet --base v1.4.0 --sequence load --blocks 8
    """  # noqa: D301
    how, choice = how_to_conclude(rest)
    plan = read_plan(file, **choice)
    duet = _at_length(sides(plan, base, head), block, blocks)
    plan = only_duets(plan, duet, dict(os.environ))
    return perform(plan, Chosen(1, None), output, **how)


def _at_length(duet: Duet, block: float | None, blocks: int | None) -> Duet:
    if block is not None:
        duet = replace(duet, block_s=block)
    return duet if blocks is None else replace(duet, looks=(blocks,))
