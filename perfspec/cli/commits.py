"""The commits of a duet, by the names that people give them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from perfspec.baseline.git import Git
from perfspec.baseline.store import StoreError
from perfspec.errors import UsageError
from perfspec.plan.duet import Duet

if TYPE_CHECKING:
    from perfspec.plan.model import Plan


def sides(plan: Plan, base: str, head: str = "HEAD") -> Duet:
    """Both commits. Raises UsageError for a name that is none, or the same twice."""
    git = Git(Path(plan.directory))
    duet = Duet(base=_commit(git, base), head=_commit(git, head))
    if duet.base == duet.head:
        msg = f"{base} and {head} are the same commit ({duet.head[:7]}): commit the change first"
        raise UsageError(msg)
    if head == "HEAD" and git.run("status", "--porcelain", "--untracked-files=no").out:
        click.echo(
            "warning: a duet compares commits: what is not committed is not part of it", err=True
        )
    return duet


def known_commit(directory: Path, *names: str) -> str | None:
    """The first of the names that this clone has a commit of; a shallow one may have none."""
    git = Git(directory)
    for name in names:
        try:
            return _commit(git, name)
        except UsageError:
            continue
    return None


def _commit(git: Git, name: str) -> str:
    try:
        found = git.run(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
        )
    except StoreError as error:
        raise UsageError(str(error)) from None
    if found.code:
        msg = (
            f"there is no commit {name!r} in the repository of {git.directory}: fetch it, or name"
            " another"
        )
        raise UsageError(msg)
    return found.text
