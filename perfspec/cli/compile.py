"""``perfspec compile``: a locustfile for those who run Locust themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from perfspec import jsonio
from perfspec.cli.specs import choice_options, read_plan, spec_argument
from perfspec.errors import RunError, UsageError
from perfspec.run.locustfile import render_locustfile


@click.command("compile")
@spec_argument
@choice_options
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    show_default=True,
    help="Folder for locustfile.py and plan.json.",
)
def command(file: str, *, output: Path, **choice: Any) -> None:  # noqa: ANN401  (choice_options)
    """Write locustfile.py, which plain Locust runs, and the plan that it reads.

    Of a sequence with several tests, choose one with --only.

    \b
    Examples:
      perfspec compile --only load --output build
      locust -f build/locustfile.py --headless
      locust -f build/locustfile.py --processes 2
    """  # noqa: D301
    plan = read_plan(file, **choice)
    if len(plan.tests) != 1:
        names = ", ".join(each.name for each in plan.tests)
        msg = f"a locustfile runs one test: choose with --only one of {names}"
        raise UsageError(msg)
    (test,) = plan.tests
    if test.search is not None:
        msg = f"test {test.name} searches: only perfspec run can judge a level and choose the next"
        raise UsageError(msg)
    try:
        output.mkdir(parents=True, exist_ok=True)
        path = output / "plan.json"
        jsonio.write_json(path, plan)
        text = render_locustfile(Path(path.name), test.name)
        jsonio.write_bytes(output / "locustfile.py", text.encode())
    except OSError as error:
        msg = f"{output} cannot be written: {error.strerror or error}"
        raise RunError(msg) from None
    click.echo(f"{output / 'locustfile.py'}: test {test.name}; run it with locust -f")
