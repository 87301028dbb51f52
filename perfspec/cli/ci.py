"""``perfspec ci``: the whole step of a workflow, from the changed spec to what GitHub shows."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perfspec import jsonio
from perfspec.baseline.git import Git
from perfspec.baseline.store import StoreError
from perfspec.cli.accepted import accept_merged, accepted_here
from perfspec.cli.commits import base_commit, known_commit
from perfspec.cli.gate import gate_options
from perfspec.cli.judge import open_run
from perfspec.cli.lint import github
from perfspec.cli.publish import publish_run, show_published, wanted_options
from perfspec.cli.run import command as run
from perfspec.cli.specs import choice_options, spec_argument, spec_changes
from perfspec.clock import SystemClock
from perfspec.errors import Exit, InvalidSpecError, PerfspecError, UsageError
from perfspec.judge.model import Verdict
from perfspec.plan.changes import Changes
from perfspec.publish.annotations import below_workspace
from perfspec.publish.context import Context
from perfspec.publish.identity import step_marker
from perfspec.publish.unmeasured import tell_unmeasured
from perfspec.publish.wanted import Wanted
from perfspec.run.folder import RunFolder

if TYPE_CHECKING:
    from perfspec.publish.wanted import FailOn, When


@click.command("ci")
@spec_argument
@choice_options
@gate_options
@click.option("--workers", type=click.IntRange(min=1), help="Load processes, one for each core.")
@click.option("--confirm", metavar="NAME", help="Name the protected environment that is meant.")
@wanted_options
def command(file: str, *, comment: When, fail_on: FailOn, **rest: Any) -> int:  # noqa: ANN401  (options of run)
    """Check the spec, run it, judge it and publish it, in a workflow of GitHub Actions.

    What was found is published also when the verdict is bad. The exit code is that of the verdict
    where --fail-on says so; 5 when all is well but something could not be published.

    \b
    Examples:
      perfspec ci
      perfspec ci --sequence smoke --comment failures --fail-on fail
    """  # noqa: D301
    context = Context.from_environment(os.environ)
    wanted = Wanted(comment=comment, fail_on=fail_on, step=_step(context, file, **rest))
    before = _newest()
    try:
        accept_merged(context, file, rest["baseline"])
        accept = accepted_here(context)
        code: int = click.get_current_context().invoke(
            run, file=file, accept=accept, base=base_of(context, file), **rest
        )
    except PerfspecError as error:
        _tell(context, error, wanted)
        raise
    folder, plan, result = open_run(None)
    if folder.id == before or not folder.verdict.exists():
        return code
    _keep_changes(context, file, folder)
    done = publish_run(context, folder, plan, result, wanted=wanted)
    show_published(done)
    return _exit_code(folder, code, wanted, published=not done.problems)


def base_of(context: Context, file: str) -> str | None:
    """What a pull request is compared with in a duet; None where this clone has no such commit."""
    if context.base_sha is None:
        return None
    directory = Path(file).resolve().parent
    base = base_commit(directory, context.sha, context.base_sha)
    if base is None:
        click.echo(
            "warning: the base is not in this clone, so there is no duet: let actions/checkout have"
            " fetch-depth: 2 (0 where a merge queue rebases)",
            err=True,
        )
    return None if base == known_commit(directory, "HEAD") else base


def _exit_code(folder: RunFolder, code: int, wanted: Wanted, *, published: bool) -> int:
    """``--fail-on`` is about verdicts: a run that broke or was interrupted is never well."""
    outcome = jsonio.read_json(folder.verdict, Verdict).outcome
    if code not in {Exit.OK, Exit.FAIL, Exit.NO_VERDICT}:
        return code
    if wanted.fails(outcome):
        return code or Exit.FAIL
    return Exit.OK if published else Exit.NOT_PUBLISHED


def _newest() -> str | None:
    try:
        return RunFolder.latest(Path()).id
    except UsageError:
        return None


def _step(
    context: Context, file: str, *, sequence: str | None, environment: str | None, **_: object
) -> str:
    """The mark of what this step was asked for, known before the spec is read."""
    path = below_workspace(Path(file), context.workspace)
    return step_marker(path or file, sequence, environment)


def _tell(context: Context, error: PerfspecError, wanted: Wanted) -> None:
    """No run has come of it: summary and comment say why, mistakes are shown at their lines."""
    found = error.diagnostics if isinstance(error, InvalidSpecError) else ()
    for each in found:
        path = below_workspace(Path(each.file), context.workspace)
        click.echo(github(each if path is None else replace(each, file=path)))
    step = None if wanted.comment == "off" else wanted.step
    show_published(tell_unmeasured(context, str(error), step=step, clock=SystemClock()))


def _keep_changes(context: Context, file: str, folder: RunFolder) -> None:
    """How the spec differs from that of the commit that a pull request builds on."""
    if context.base_sha is None:
        return
    path = Path(file).resolve()
    base = base_commit(path.parent, context.sha, context.base_sha)
    found = None if base is None else _spec_at(base, path)
    if base is None or found is None:
        why = "let actions/checkout have fetch-depth: 2" if base is None else "it is new"
        click.echo(f"warning: how the spec changed is not known: {why}", err=True)
        return
    before = folder.path / ".base.yaml"
    before.write_bytes(found)
    try:
        changed = spec_changes(str(before), file)
    except InvalidSpecError:
        click.echo("warning: how the spec changed is not known: it was not valid", err=True)
    else:
        jsonio.write_json(folder.changes, Changes(base=base, found=changed))
    finally:
        before.unlink()


def _spec_at(commit: str, path: Path) -> bytes | None:
    """The file as a commit has it, None where it has none."""
    try:
        return Git(path.parent).must("show", f"{commit}:./{path.name}").out
    except StoreError:
        return None
