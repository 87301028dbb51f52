"""What was measured: the commit and the branch, as CI or git tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from perfspec.baseline.git import Git
from perfspec.baseline.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PULL_REQUESTS: Final = ("pull_request", "pull_request_target", "merge_group")


class Origin(NamedTuple):
    """What was measured, as git tells; None where it cannot. ``clean``: nothing is uncommitted."""

    commit: str | None
    branch: str | None
    clean: bool
    pull_request: bool


def origin_of(directory: Path, variables: Mapping[str, str]) -> Origin:
    """CI's own words first: it checks out commits, not branches."""
    git = Git(directory)
    branch = variables.get("GITHUB_REF_NAME") or variables.get("CI_COMMIT_BRANCH")
    if branch is None:
        branch = _said(git, "symbolic-ref", "--quiet", "--short", "HEAD")
    status = _said(git, "status", "--porcelain", "--untracked-files=no")
    return Origin(
        commit=_said(git, "rev-parse", "HEAD") or None,
        branch=branch or None,
        clean=status == "",
        pull_request=variables.get("GITHUB_EVENT_NAME") in PULL_REQUESTS,
    )


def _said(git: Git, *arguments: str) -> str | None:
    """What git says; None where it fails or is not there."""
    try:
        answer = git.run(*arguments)
    except StoreError:
        return None
    return answer.text if answer.code == 0 else None
