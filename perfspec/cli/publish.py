"""``perfspec publish``: a finished run as job summary, check run and comment on GitHub."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click

from perfspec import jsonio
from perfspec.cli.judge import open_run
from perfspec.clock import SystemClock
from perfspec.errors import Exit
from perfspec.judge.model import Verdict
from perfspec.plan.changes import Changes
from perfspec.publish.artifact import read_artifact
from perfspec.publish.context import Context
from perfspec.publish.files import outputs_of, write_outputs
from perfspec.publish.publish import publish
from perfspec.publish.wanted import FailOn, Wanted, When

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfspec.measure.model import RunResult
    from perfspec.plan.changes import Change
    from perfspec.plan.model import Plan
    from perfspec.publish.places import Attempts, Published
    from perfspec.run.folder import RunFolder

Command = TypeVar("Command", bound="Callable[..., Any]")


def wanted_options(command: Command) -> Command:
    """The options by which a Wanted is made."""
    options = (
        click.option(
            "--comment",
            type=click.Choice(get_args(When)),
            default="always",
            show_default=True,
            help="When a pull request gets a comment.",
        ),
        click.option(
            "--fail-on",
            type=click.Choice(get_args(FailOn)),
            default="inconclusive",
            show_default=True,
            help="The mildest outcome that fails the check, and the step of `perfspec ci`.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command("publish")
@click.argument("run_dir", required=False, type=click.Path(path_type=Path))
@click.option(
    "--from",
    "artifact",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="An unpacked artifact of another workflow; nothing in it is trusted.",
)
@wanted_options
@click.option("--json", "as_json", is_flag=True, help="Print as JSON what was written where.")
def command(
    run_dir: Path | None, *, artifact: Path | None, comment: When, fail_on: FailOn, as_json: bool
) -> int:
    """Tell a finished run (the newest when none is named) on GitHub, from within a workflow.

    Publishing again changes what was written instead of adding to it. Exit codes: 0 published,
    2 there is no such run or this is no workflow, 5 something was not published; the verdict is
    another command's.

    \b
    Examples:
      perfspec publish
      perfspec publish --comment failures
      perfspec publish --from artifact     (in a workflow_run workflow, for forks)
    """  # noqa: D301
    if run_dir is not None and artifact is not None:
        msg = "name a run or --from an artifact, not both"
        raise click.UsageError(msg)
    context = Context.from_environment(os.environ)
    wanted = Wanted(comment=comment, fail_on=fail_on)
    if artifact is None:
        done = publish_run(context, *open_run(run_dir), wanted=wanted)
    else:
        done = _publish(context, *read_artifact(artifact), wanted=wanted)
    show_published(done, as_json=as_json)
    return Exit.NOT_PUBLISHED if done.problems else Exit.OK


def publish_run(
    context: Context, folder: RunFolder, plan: Plan, result: RunResult, *, wanted: Wanted
) -> Published:
    """Tell a run of this machine and keep in its folder what was written where."""
    verdict = jsonio.read_json(folder.verdict, Verdict)
    changed = jsonio.read_json(folder.changes, Changes).found if folder.changes.exists() else ()
    done = _publish(context, plan, result, verdict, changed, wanted=wanted)
    jsonio.write_json(folder.published, done)
    if context.output_file is not None:
        write_outputs(context.output_file, outputs_of(verdict, folder.path))
    return done


def _publish(
    context: Context,
    plan: Plan,
    result: RunResult,
    verdict: Verdict,
    changed: Sequence[Change],
    *,
    wanted: Wanted,
) -> Published:
    return publish(
        context,
        plan,
        result,
        verdict,
        changed=changed,
        wanted=wanted,
        say=click.echo,
        clock=SystemClock(),
    )


def show_published(done: Published | Attempts, *, as_json: bool = False) -> None:
    """On the terminal, problems as errors."""
    if as_json:
        click.echo(jsonio.encode(done))
    for each in () if as_json else done.places:
        click.echo(f"{each.place}: {each.action}{f'  {each.url}' if each.url else ''}")
    for problem in done.problems:
        click.echo(f"Error: not published: {problem}", err=True)
