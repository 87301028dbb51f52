"""``perfspec worker``: a load process for the run of another machine."""

from __future__ import annotations

import os

import click

from perfspec.cli.workers import ADDRESS, take_key, wait_option
from perfspec.errors import Exit
from perfspec.run.join import KEY, Address, join_run


@click.command("worker")
@click.option(
    "--master",
    type=ADDRESS,
    required=True,
    metavar="ADDRESS",
    help="Where `perfspec run --expect-workers` listens.",
)
@wait_option
def command(*, master: Address, wait: float) -> int:
    """Share the load of a run on another machine.

    It needs no spec: plan, data and variables come from the run, sealed with
    $PERFSPEC_WORKER_KEY, which must be the same there. One worker uses one core.

    Exit codes: 0 the run is over, 3 no run was found, it broke, or this worker does not fit.

    \b
    Examples:
      perfspec worker --master 10.0.0.5
      perfspec worker --master load-master:5557 --wait 10m
    """  # noqa: D301
    variables = dict(os.environ)
    variables[KEY] = take_key(variables)

    def say(text: str) -> None:
        click.echo(f"run at {master}: {text}", err=True)

    try:
        return join_run(master, wait, variables, say)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
