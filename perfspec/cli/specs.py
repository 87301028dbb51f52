"""Reading a spec and choosing what of it runs: options that several commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from perfspec.cli.env_file import env_file_option
from perfspec.cli.gate import AS_WRITTEN, Gate, with_store
from perfspec.cli.parsed import PERCENT
from perfspec.errors import InvalidSpecError, UsageError
from perfspec.plan.changes import changes, gravest_first
from perfspec.plan.check import check_plan
from perfspec.plan.compile.choice import choose_tests, every_test, gated
from perfspec.plan.compile.plan import compile_everywhere, compile_plan
from perfspec.plan.compile.sequences import sequence_changes
from perfspec.plan.compile.unjudged import check_objectives
from perfspec.spec.document import load_document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perfspec.plan.changes import Change
    from perfspec.plan.model import Plan
    from perfspec.spec.document import Document

DEFAULT_FILE = "perfspec.yaml"
Command = TypeVar("Command", bound="Callable[..., Any]")


def spec_argument(command: Command) -> Command:
    """The file to read, ``perfspec.yaml`` when left out."""
    return click.argument(
        "file", default=DEFAULT_FILE, type=click.Path(dir_okay=False), metavar="[FILE]"
    )(command)


def choice_options(command: Command) -> Command:
    """Which environment, sequence, tests and tags, and where variables come from."""
    options = (
        click.option(
            "--env", "environment", metavar="NAME", help="Environment; `local` if there is one."
        ),
        click.option("--sequence", metavar="NAME", help="Sequence, or a single test; `default`."),
        click.option(
            "--only", multiple=True, metavar="TEST", help="Only this test of it (repeatable)."
        ),
        click.option("--from", "first", metavar="TEST", help="Begin with this test of it."),
        click.option(
            "--tags", multiple=True, metavar="TAG", help="Only steps with this tag (repeatable)."
        ),
        click.option(
            "--time-scale", type=PERCENT, metavar="PERCENT", help="Shorten everything, e.g. 10%."
        ),
        click.option("--seed", default=1, show_default=True, help="Of all random choices."),
    )
    for option in reversed((*options, env_file_option)):
        command = option(command)
    return command


def output_option(command: Command) -> Command:
    """Where the folders of runs are."""
    return click.option(
        "--output",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path(),
        show_default=True,
        help="Folder that holds .perfspec/runs.",
    )(command)


def read_document(file: str, variables: Mapping[str, str] | None) -> Document:
    """Read and check one spec. Raises UsageError when there is none, InvalidSpecError."""
    path = Path(file)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        msg = f"there is no {file}: name the spec, or write one with `perfspec init`"
        raise UsageError(msg) from None
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror or error}"
        raise UsageError(msg) from None
    try:
        str(path.resolve()).encode()
    except UnicodeEncodeError:
        msg = f"the path of {file} cannot be written into a plan: it is no text in this locale"
        raise UsageError(msg) from None
    return load_document(content, file, variables)


def read_whole(file: str) -> Plan:
    """Every test of a spec as it stands, for a look at it: nothing of this could be run."""
    document = read_document(file, None)
    return compile_plan(document, every_test(document), variables={}, complete=False)


def spec_changes(base: str, head: str) -> tuple[Change, ...]:
    """How one spec differs from another, what became looser first. Raises InvalidSpecError."""
    before, after = (read_document(each, None) for each in (base, head))
    whole = changes(compile_everywhere(before), compile_everywhere(after))
    return gravest_first((*sequence_changes(before.spec, after.spec), *whole))


def read_plan(  # noqa: PLR0913  (an option each)
    file: str,
    *,
    environment: str | None,
    sequence: str | None,
    only: tuple[str, ...],
    first: str | None,
    tags: tuple[str, ...],
    time_scale: float | None,
    seed: int,
    gate: Gate = AS_WRITTEN,
) -> Plan:
    """The plan that the options ask for; mistakes of the spec are raised, warnings are shown."""
    variables = dict(os.environ)
    document = read_document(file, variables)
    chosen = choose_tests(document, sequence, only, tags, time_scale, first)
    chosen = gated(chosen, gate.compare, record=gate.record)
    plan = compile_plan(document, chosen, variables=variables, environment=environment, seed=seed)
    plan = with_store(plan, gate.baseline)
    found = check_plan(plan)
    errors = {each for each in found if not each.warning} | {*check_objectives(document)}
    if errors:
        raise InvalidSpecError(tuple(sorted(errors)))
    for each in (*document.warnings, *found):
        click.echo(str(each), err=True)
    return plan
