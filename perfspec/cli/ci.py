"""``perfspec ci``: the whole step of a workflow, from the changed spec to what GitHub shows."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import click

from perfspec import jsonio
from perfspec.baseline.git import Git
from perfspec.baseline.store import StoreError
from perfspec.cli.accepted import accept_merged, accepted_here
from perfspec.cli.commits import base_commit, known_commit
from perfspec.cli.gate import gate_options
from perfspec.cli.judge import open_run
from perfspec.cli.lint import github
from perfspec.cli.publish import comment_option, publish_run, show_published
from perfspec.cli.run import command as run
from perfspec.cli.specs import choice_options, spec_argument, spec_changes
from perfspec.errors import Exit, InvalidSpecError, PerfspecError, UsageError
from perfspec.judge.model import Outcome, Verdict
from perfspec.plan.changes import Changes
from perfspec.publish.annotations import below_workspace
from perfspec.publish.context import Context
from perfspec.publish.errors import PublishError
from perfspec.publish.files import append_summary
from perfspec.report.escape import markdown
from perfspec.run.folder import RunFolder

if TYPE_CHECKING:
    from perfspec.publish.comment import When

FailOn = Literal["fail", "inconclusive", "warn", "never"]
_FAILING: Final[dict[str, frozenset[Outcome]]] = {
    "never": frozenset(),
    "fail": frozenset({Outcome.FAIL, Outcome.ERROR}),
    "inconclusive": frozenset({Outcome.FAIL, Outcome.ERROR, Outcome.INCONCLUSIVE}),
    "warn": frozenset({Outcome.FAIL, Outcome.ERROR, Outcome.INCONCLUSIVE, Outcome.WARN}),
}


@click.command("ci")
@spec_argument
@choice_options
@gate_options
@click.option("--workers", type=click.IntRange(min=1), help="Load processes, one for each core.")
@click.option("--confirm", metavar="NAME", help="Name the protected environment that is meant.")
@comment_option
@click.option(
    "--fail-on",
    type=click.Choice(get_args(FailOn)),
    default="inconclusive",
    show_default=True,
    help="The mildest outcome that fails the step.",
)
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
    before = _newest()
    try:
        accept_merged(context, file, rest["baseline"])
        accept = accepted_here(context)
        code: int = click.get_current_context().invoke(
            run, file=file, accept=accept, base=base_of(context, file), **rest
        )
    except PerfspecError as error:
        _tell(context, error)
        raise
    folder, plan, result = open_run(None)
    if folder.id == before or not folder.verdict.exists():
        return code
    _keep_changes(context, file, folder)
    done = publish_run(context, folder, plan, result, when=comment)
    show_published(done)
    return _exit_code(folder, code, fail_on, published=not done.problems)


def base_of(context: Context, file: str) -> str | None:
    """What a pull request is compared with in a duet; None where this clone has no such commit."""
    if context.base_sha is None:
        return None
    directory = Path(file).resolve().parent
    base = base_commit(directory, context.sha, context.base_sha)
    if base is None:
        click.echo(
            "warning: the base of the pull request is not in this clone, so there is no duet: let"
            " actions/checkout have fetch-depth: 2",
            err=True,
        )
    return None if base == known_commit(directory, "HEAD") else base


def _exit_code(folder: RunFolder, code: int, fail_on: FailOn, *, published: bool) -> int:
    """``--fail-on`` is about verdicts: a run that broke or was interrupted is never well."""
    outcome = jsonio.read_json(folder.verdict, Verdict).outcome
    if code not in {Exit.OK, Exit.FAIL, Exit.NO_VERDICT}:
        return code
    if outcome in _FAILING[fail_on]:
        return code or Exit.FAIL
    return Exit.OK if published else Exit.NOT_PUBLISHED


def _newest() -> str | None:
    try:
        return RunFolder.latest(Path()).id
    except UsageError:
        return None


def _tell(context: Context, error: PerfspecError) -> None:
    """No run has come of it: the summary says why, and mistakes are shown at their lines."""
    found = error.diagnostics if isinstance(error, InvalidSpecError) else ()
    for each in found:
        path = below_workspace(Path(each.file), context.workspace)
        click.echo(github(each if path is None else replace(each, file=path)))
    if context.summary_file is not None:
        lines = [f"- {markdown(line)}" for line in str(error).splitlines()]
        text = "\n".join(["# 💥 perfspec has not run", "", *lines])
        try:
            append_summary(context.summary_file, text)
        except PublishError as problem:
            click.echo(f"Error: not published: {problem}", err=True)


def _keep_changes(context: Context, file: str, folder: RunFolder) -> None:
    """How the spec differs from that of the commit that a pull request builds on."""
    if context.base_sha is None:
        return
    base = folder.path / ".base.yaml"
    found = _base_spec(context.sha, context.base_sha, file)
    if found is None:
        click.echo(
            "warning: how the spec changed is not known: let actions/checkout have fetch-depth: 2",
            err=True,
        )
        return
    base.write_bytes(found)
    try:
        changed = spec_changes(str(base), file)
    except InvalidSpecError:
        click.echo("warning: how the spec changed is not known: it was not valid", err=True)
    else:
        jsonio.write_json(folder.changes, Changes(base=context.base_sha, found=changed))
    finally:
        base.unlink()


def _base_spec(head: str, base_sha: str, file: str) -> bytes | None:
    """The file as the base has it."""
    path = Path(file).resolve()
    base = base_commit(path.parent, head, base_sha)
    if base is None:
        return None
    try:
        return Git(path.parent).must("show", f"{base}:./{path.name}").out
    except StoreError:
        return None
