"""The store that a command looks at: that of the spec, or one that is named."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from perfspec.baseline.archive import Archive
from perfspec.baseline.store import FORMS, open_store
from perfspec.cli.specs import DEFAULT_FILE, read_document
from perfspec.clock import SystemClock
from perfspec.errors import UsageError
from perfspec.plan.compile.budgets import compile_baseline

if TYPE_CHECKING:
    from collections.abc import Callable

Command = TypeVar("Command", bound="Callable[..., Any]")


def store_options(command: Command) -> Command:
    """``store`` and ``spec``, as ``archive_at`` takes them."""
    options = (
        click.option("--store", metavar="ADDRESS", help=f"{FORMS}; the spec's own."),
        click.option("--spec", default=DEFAULT_FILE, metavar="FILE", help="Where it is written."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def archive_at(store: str | None, spec: str) -> Archive:
    """The store that is named, or the spec's. Raises UsageError where there is neither."""
    directory = Path(spec).resolve().parent
    if store is None:
        rule = compile_baseline(read_document(spec, dict(os.environ)).spec)
        if rule is None:
            msg = f"{spec} has no baseline: write `baseline: {{ store: … }}`, or use --store"
            raise UsageError(msg)
        store = rule.store
    return Archive(open_store(store, directory, SystemClock()))
