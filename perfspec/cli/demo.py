"""``perfspec demo``: the demo target in a process of its own."""

from __future__ import annotations

import os
import sys

import click


@click.command("demo", context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Start the demo target; `perfspec demo --help` lists its options and faults.

    \b
    Examples:
      perfspec demo --port 8800
      perfspec demo --fault slow:/books:+20%
    """  # noqa: D301
    os.execv(sys.executable, [sys.executable, "-m", "perfspec.demo", *arguments])  # noqa: S606  (gevent belongs in a process of its own)
