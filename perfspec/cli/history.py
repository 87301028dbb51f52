"""``perfspec history``: the baseline over time, as a small static site."""

from __future__ import annotations

import os
from pathlib import Path

import click

from perfspec import jsonio
from perfspec.baseline.origin import commit_address
from perfspec.cli.specs import read_document
from perfspec.cli.stores import archive_at, store_options
from perfspec.errors import RunError
from perfspec.units import counted


@click.command("history")
@store_options
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".perfspec/history"),
    show_default=True,
    metavar="FOLDER",
    help="Where the pages go.",
)
def command(*, store: str | None, spec: str, output: Path) -> None:
    """Write pages that show the baseline over time: trends, what changed, machines, runs.

    They load nothing from anywhere: open index.html, or publish the folder.

    \b
    Examples:
      perfspec history
      perfspec history --store git:perfspec-baselines --output public/performance
    """  # noqa: D301
    from perfspec.judge.points import point_of  # noqa: PLC0415  (numpy, Jinja2: not for --help)
    from perfspec.report.html.history import INDEX, History, history_pages  # noqa: PLC0415

    archive = archive_at(store, spec)
    points, left_out = archive.each_record(point_of)
    history = History(
        name=read_document(spec, dict(os.environ)).spec.name if store is None else "",
        points=tuple(points.values()),
        acceptances=archive.acceptances(),
        left_out=left_out,
        commit_url=commit_address(Path(spec).resolve().parent, os.environ),
    )
    pages = history_pages(history)
    try:
        output.mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            jsonio.write_bytes(output / name, text.encode())
    except OSError as error:
        msg = f"{output} cannot be written: {error.strerror or error}"
        raise RunError(msg) from None
    for each in left_out:
        click.echo(f"left out: {each}", err=True)
    click.echo(f"{counted(len(points), 'run')}: {output / INDEX}")
