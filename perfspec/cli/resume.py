"""Going on with a run that was interrupted: the plan, folder and whole tests that it has left."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from click.core import ParameterSource

from perfspec import jsonio
from perfspec.errors import UsageError
from perfspec.measure.model import RunResult
from perfspec.plan.model import Plan
from perfspec.run.folder import RunFolder
from perfspec.run.record import whole_tests

if TYPE_CHECKING:
    from pathlib import Path

    import click

_CHOSEN = (
    "file",
    "environment",
    "sequence",
    "only",
    "first",
    "tags",
    "time_scale",
    "seed",
    "compare",
    "baseline",
    "record",
    "accept",
    "base",
    "output",
)
"""What the run has already; another choice is another run."""


class Interrupted(NamedTuple):
    """A run that did not come to its end; ``result`` is None if it was killed in its first test."""

    folder: RunFolder
    plan: Plan
    result: RunResult | None


def interrupted_run(run_dir: Path, context: click.Context) -> Interrupted:
    """What is to go on. Raises UsageError for a run that is over, or with options that choose."""
    given = [name for name in _CHOSEN if is_given(context, name)]
    if given:
        msg = f"--resume goes on with the plan of that run: leave out {', '.join(given)}"
        raise UsageError(msg)
    folder = RunFolder.open(run_dir)
    plan = jsonio.read_json(folder.plan, Plan)
    if not folder.result.is_file():
        return Interrupted(folder, plan, None)
    result = jsonio.read_json(folder.result, RunResult)
    if not result.interrupted and result.problem is None:
        msg = f"{run_dir} came to its end, so there is nothing to resume: start a new run"
        raise UsageError(msg)
    if len(whole_tests(result)) == len(plan.tests):
        msg = f"every test of {run_dir} has its result: `perfspec judge {run_dir}` judges them"
        raise UsageError(msg)
    return Interrupted(folder, plan, result)


def is_given(context: click.Context, name: str) -> bool:
    """Whether the command line itself has an option, not its default nor a command that calls."""
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE
