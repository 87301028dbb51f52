"""Asking who sits at a terminal whether a protected environment is really meant."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from perfspec.units import counted, format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.plan.model import Plan


def confirmed(plan: Plan, confirm: str | None) -> str | None:
    """The name that ``--confirm`` gives, or that somebody types; None where nobody can be asked.

    What comes back is not checked here: the guard compares it with the environment's name.
    """
    protected = plan.environment.protected
    if protected is None:
        return confirm
    for item in protected.checklist:
        click.echo(f"  [ ] {item}", err=True)
    if confirm is not None or not _somebody_is_there():
        return confirm
    for line in _what_would_run(plan):
        click.echo(line, err=True)
    name = plan.environment.name
    answer: str = click.prompt(
        f"Type {name} to go on", default="", show_default=False, err=True, prompt_suffix=": "
    )
    return answer.strip() or None


def _what_would_run(plan: Plan) -> Iterator[str]:
    environment = plan.environment
    yield f"{environment.name} is protected: {environment.url}"
    for test in plan.tests:
        seconds = format_duration(sum(each.ramp_s + each.hold_s for each in test.stages))
        users = counted(test.peak_users, "user")
        yield f"  {test.name}: at most {users} for {seconds}"


def _somebody_is_there() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty() and not os.environ.get("CI")
