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


def known_commit(directory: Path, name: str) -> str | None:
    """The commit, None where this clone has none of that name; a shallow one may not."""
    try:
        return _commit(Git(directory), name)
    except UsageError:
        return None


def base_commit(directory: Path, head: str, base: str) -> str | None:
    """What the pull request ``head`` is to be compared with, None where this clone has it not.

    Where GitHub's merge is checked out, its first parent: the event's ``base`` is older once the
    branch has gone on. Of any other commit, the first parent may be of the pull request itself.
    """
    if known_commit(directory, "HEAD^2") == known_commit(directory, head) is not None:
        return known_commit(directory, "HEAD^1")
    return known_commit(directory, base)


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
