"""``perfspec init``: a first spec, its schema and the workflows, from what the repository says."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from perfspec.cli.lint import lint_file
from perfspec.errors import Exit, RunError, UsageError
from perfspec.importers.discover import discover
from perfspec.importers.draft import Draft, draft_spec
from perfspec.importers.openapi import Api, Operation, read_openapi
from perfspec.importers.setup import setup_files, write_files
from perfspec.plan.address import is_base
from perfspec.units import counted

if TYPE_CHECKING:
    from perfspec.importers.discover import Found

DEFAULT_URL = "http://127.0.0.1:8000"


@click.command("init")
@click.option("--name", help="Of the service; that of the folder when left out.")
@click.option("--url", help="Where it answers on the machine that runs the tests.")
@click.option(
    "--openapi",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Take the endpoints from this document.",
)
@click.option("--start", metavar="COMMAND", help="How the service is started.")
@click.option("--no-workflows", is_flag=True, help="Leave .github/workflows alone.")
@click.option("--yes", is_flag=True, help="Ask nothing: take what was found.")
def command(
    *,
    name: str | None,
    url: str | None,
    openapi: Path | None,
    start: str | None,
    no_workflows: bool,
    yes: bool,
) -> int:
    """Write perfspec.yaml, its schema for editors and workflows for GitHub; overwrites nothing.

    Looks at OpenAPI documents, compose files, a Procfile and ports that answer. Run it again and
    nothing changes.

    \b
    Examples:
      perfspec init
      perfspec init --yes --url http://127.0.0.1:3000 --start "npm start"
      perfspec init --openapi docs/openapi.yaml --no-workflows
    """  # noqa: D301
    folder = Path.cwd()
    found = discover(folder)
    document = openapi or found.openapi
    api = None if document is None else read_openapi(document)
    if api is not None:
        taken = counted(len(api.operations), "request")
        click.echo(f"{document}: {taken}, {len(api.left_out)} left out")
    if found.origin is not None:
        click.echo(f"{found.origin}: port {found.port}")
    ask = _Questions(asks=not yes and sys.stdin.isatty())
    runs = start or ask.about("How it is started (empty: it runs)", found.command or "")
    draft = Draft(
        name=name or ask.about("Name of the service", folder.name or "service"),
        url=_checked(url or ask.about("Where it answers", _url(api, found))),
        operations=api.operations if api and api.operations else (_HOME,),
        left_out=api.left_out if api else (),
        command=runs or None,
    )
    workflows = not no_workflows and _is_root(folder)
    wanted = setup_files(draft_spec(draft), _schema(), workflows=workflows)
    try:
        done = write_files(folder, wanted)
    except OSError as error:
        msg = f"cannot write {error.filename}: {error.strerror or error}"
        raise RunError(msg) from None
    for path, became in done.items():
        click.echo(f"  {path}: {became}")
    return _check()


_HOME = Operation(name="home", method="GET", path="/")


class _Questions:
    """Asked on a terminal only; anywhere else the answer is what was found."""

    def __init__(self, *, asks: bool) -> None:
        self._asks = asks

    def about(self, what: str, default: str) -> str:
        if not self._asks:
            return default
        answer: str = click.prompt(what, default=default, show_default=bool(default))
        return answer


def _url(api: Api | None, found: Found) -> str:
    """Of this machine: a document names a server that nobody meant to load."""
    own = DEFAULT_URL if found.port is None else f"http://127.0.0.1:{found.port}"
    return own + (api.base if api else "")


def _checked(url: str) -> str:
    if not is_base(url):
        msg = f"{url!r} is no address: write one such as {DEFAULT_URL}, without ? and #"
        raise UsageError(msg)
    return url.rstrip("/")


def _is_root(folder: Path) -> bool:
    """Workflows work in the root of a repository only."""
    root = next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)
    if root is None or root == folder:
        return True
    click.echo(f"no workflows: they belong into {root}; run `perfspec init` there", err=True)
    return False


def _schema() -> str:
    from perfspec.spec.schema import spec_schema  # noqa: PLC0415  (pydantic's is slow)

    return json.dumps(spec_schema(), indent=1, ensure_ascii=False) + "\n"


def _check() -> int:
    """What stands there now must lint, whoever wrote it."""
    found = lint_file("perfspec.yaml")
    for each in found:
        click.echo(str(each), err=True)
    if any(not each.warning for each in found):
        return Exit.USAGE
    click.echo("next: perfspec plan, perfspec try, perfspec run")
    return Exit.OK
