"""The label ``perf-accepted``: what is slower on purpose warns, and begins the baseline anew."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from perfspec.baseline.origin import origin_of
from perfspec.baseline.record import Acceptance
from perfspec.baseline.store import StoreError
from perfspec.cli.compare import archive_of
from perfspec.cli.specs import read_whole
from perfspec.clock import SystemClock
from perfspec.publish.accepted import LABEL, accepted_by_label
from perfspec.publish.api import Api
from perfspec.publish.errors import PublishError
from perfspec.publish.pulls import labels_of

if TYPE_CHECKING:
    from perfspec.publish.context import Context


def accepted_here(context: Context) -> str | None:
    """Why the pull request may be slower; None when it has not the label.

    The event of a merge queue has no labels: they are asked for.
    """
    number, labels = context.pull_request, context.labels
    if context.queued is not None and context.token:
        try:
            with Api(context, SystemClock()) as api:
                number, labels = context.queued, labels_of(api, context.queued)
        except PublishError as error:
            click.echo(f"warning: whether {LABEL} was given is not known: {error}", err=True)
    return f"{LABEL} on #{number}" if LABEL in labels else None


def accept_merged(context: Context, file: str, store: str | None) -> None:
    """Begin the baseline anew with the commit of a pull request that has the label.

    ``store`` is that of the command line. Doing it again changes nothing. What cannot be found out
    is a warning: until then, the commit is compared with what came before it.
    """
    if context.event != "push" or not context.token:
        return
    plan = read_whole(file)
    if plan.baseline is None:
        return
    origin = origin_of(Path(plan.directory), os.environ)
    if origin.branch != plan.baseline.compare_with:
        return
    clock = SystemClock()
    try:
        with Api(context, clock) as api:
            found = accepted_by_label(api, context.sha)
        if found is None:
            return
        archive = archive_of(plan, clock, store)
        archive.accept(
            Acceptance(time=found.time, commit=context.sha, by=found.by, reason=found.reason)
        )
    except (PublishError, StoreError) as error:
        click.echo(f"warning: whether {LABEL} was given is not known: {error}", err=True)
    else:
        click.echo(f"accepted in the baseline ({archive.store}): {found.reason}", err=True)
