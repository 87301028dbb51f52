"""``perfspec baseline``: the records that runs are compared with, looked at and looked after."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

import click

from perfspec import jsonio
from perfspec.baseline.archive import Archive
from perfspec.baseline.origin import origin_of
from perfspec.baseline.record import Acceptance, Header
from perfspec.baseline.store import FORMS, open_store
from perfspec.cli.compare import archive_of, comparisons, valid_records
from perfspec.cli.judge import open_run
from perfspec.cli.stores import archive_at, store_options
from perfspec.clock import SystemClock
from perfspec.errors import Exit, UsageError
from perfspec.judge.verdict import judge_run
from perfspec.plan.budget import BaselineRule
from perfspec.units import counted

RUN = click.argument("run_dir", required=False, type=click.Path(path_type=Path))


@click.group("baseline")
def command() -> None:
    """Records of earlier runs, which budgets compare with.

    \b
    Examples:
      perfspec baseline list
      perfspec baseline record
      perfspec baseline accept --test load --reason "TLS for all, ticket 4711"
    """  # noqa: D301


@command.command("record")
@RUN
@click.option("--store", metavar="ADDRESS", help=f"{FORMS}; the plan's own.")
def record(run_dir: Path | None, *, store: str | None) -> int:
    """Add a finished run (the newest when none is named) to the baseline.

    Only tests enter that were measured validly, whole and in full length.
    """
    _, plan, result = open_run(run_dir)
    clock = SystemClock()
    origin = origin_of(Path(plan.directory), os.environ)
    if origin.pull_request:
        msg = "a run of a pull request is no baseline: record one of the branch that it goes to"
        raise UsageError(msg)
    records = valid_records(plan, result, judge_run(plan, result), origin)
    if not records:
        click.echo("Nothing is recorded: no test is valid, whole and of full length.", err=True)
        return Exit.NO_VERDICT
    for name in archive_of(plan, clock, store).add(records):
        click.echo(name)
    wanted = (plan.baseline or BaselineRule()).compare_with
    if origin.branch is None:
        said = f"no branch is checked out, so this counts as a run of {wanted} (compare_with)"
        click.echo(f"warning: {said}: check out its branch before recording", err=True)
    elif origin.branch != wanted:
        said = f"this is a run of {origin.branch}: only those of {wanted} are compared with"
        click.echo(f"warning: {said} (compare_with)", err=True)
    return Exit.OK


@command.command("list")
@store_options
@click.option("--test", metavar="NAME", help="Only records of this test.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, one header a line.")
def list_(*, store: str | None, spec: str, test: str | None, as_json: bool) -> None:
    """List all records, the oldest first."""
    headers, left_out = archive_at(store, spec).headers()
    shown = {name: each for name, each in headers.items() if test in {None, each.test}}
    for name, header in shown.items():
        click.echo(jsonio.encode(header).decode() if as_json else _line(name, header))
    for each in left_out:
        click.echo(f"left out: {each}", err=True)
    if not shown and not as_json:
        click.echo("no record", err=True)


@command.command("show")
@store_options
@click.argument("name")
def show(name: str, *, store: str | None, spec: str) -> None:
    """Write one record as JSON; NAME is the end of what `list` shows."""
    archive = archive_at(store, spec)
    click.echo(jsonio.encode(archive.get(_chosen(archive, name))))


@command.command("compare")
@RUN
def compare(run_dir: Path | None) -> int:
    """Compare a finished run with the baseline as it is now, without judging its limits.

    Nothing is written. The exit code is that of the budgets alone.
    """
    from perfspec.judge.budgets import of_budgets  # noqa: PLC0415  (with numpy)
    from perfspec.judge.verdict import EXITS, worst  # noqa: PLC0415
    from perfspec.report.changes import change_rows, comparison_lines, sentence  # noqa: PLC0415

    _, plan, result = open_run(run_dir)
    found = comparisons(plan, result, SystemClock())
    if not found:
        msg = "no test of this run has budgets: write one, such as `budget: { p95: +10% }`"
        raise UsageError(msg)
    for test, comparison in found.items():
        click.echo(test)
        for row in change_rows(comparison.changes):
            click.echo(f"  {row.outcome:<12}  {sentence(row)}; {row.reason}")
        for line in comparison_lines(comparison):
            click.echo(f"  {line}")
    return EXITS[worst(each for one in found.values() for each in of_budgets(one))]


@command.command("accept")
@store_options
@click.option("--test", metavar="NAME", help="Only this test; every test when left out.")
@click.option("--reason", required=True, help="Why it is slower on purpose.")
@click.option("--by", default=None, metavar="NAME", help="Who accepts; you when left out.")
def accept(*, store: str | None, spec: str, test: str | None, reason: str, by: str | None) -> None:
    """Begin the baseline anew: earlier runs are not compared with any more.

    For a slowdown that is meant. The next runs of the branch make the new baseline.
    """
    clock = SystemClock()
    origin = origin_of(Path(spec).resolve().parent, os.environ)
    acceptance = Acceptance(
        time=clock.now().isoformat(),
        test=test,
        commit=origin.commit,
        by=by or getpass.getuser(),
        reason=reason,
    )
    archive = archive_at(store, spec)
    known = {each.test for each in archive.headers()[0].values()}
    if test is not None and test not in known:
        msg = f"{archive.store} has no record of a test {test!r}: see `perfspec baseline list`"
        raise UsageError(msg)
    archive.accept(acceptance)
    click.echo(f"accepted for {test or 'every test'} in {archive.store}")


@command.command("prune")
@store_options
@click.option(
    "--keep", type=click.IntRange(min=1), default=100, show_default=True, metavar="N",
    help="So many comparable runs stay.",
)  # fmt: skip
def prune(*, store: str | None, spec: str, keep: int) -> None:
    """Take old records away; a branch forgets their commits too."""
    gone = archive_at(store, spec).prune(keep)
    click.echo(f"{counted(len(gone), 'record')} removed")


@command.command("export")
@store_options
@click.argument("folder", type=click.Path(file_okay=False))
def export(folder: str, *, store: str | None, spec: str) -> None:
    """Copy all records into a folder."""
    _copy(archive_at(store, spec), _folder(folder))


@command.command("import")
@store_options
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
def import_(folder: str, *, store: str | None, spec: str) -> None:
    """Copy the records of a folder into the store; those that it holds stay as they are."""
    _copy(_folder(folder), archive_at(store, spec))


def _copy(one: Archive, other: Archive) -> None:
    copied, left_out = one.copy_to(other)
    for each in left_out:
        click.echo(f"left out: {each}", err=True)
    click.echo(f"{counted(len(copied), 'file')} copied to {other.store}")


def _folder(path: str) -> Archive:
    return Archive(open_store(f"dir:{path}", Path.cwd(), SystemClock()))


def _chosen(archive: Archive, wanted: str) -> str:
    found = [name for name in archive.headers()[0] if wanted in name]
    if len(found) != 1:
        what = f"{counted(len(found), 'record')} are named like" if found else "there is no record"
        msg = f"{what} {wanted!r}: see `perfspec baseline list`"
        raise UsageError(msg)
    return found[0]


def _line(name: str, header: Header) -> str:
    commit = (header.commit or "-")[:10]
    where = f"{header.machine.cores} x {header.machine.cpu}"
    key = f"{header.test}/{header.environment}/{header.fingerprint[:8]}"
    return f"{header.time[:19]}  {key}  {commit:<10}  {name.rpartition('/')[2]}  {where}"
