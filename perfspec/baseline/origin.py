"""What was measured: the commit and the branch, as CI or git tells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from perfspec.baseline.git import Git
from perfspec.baseline.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PULL_REQUESTS: Final = ("pull_request", "pull_request_target", "merge_group")
REMOTE: Final = re.compile(
    r"(?:https://(?:[^@/]+@)?|ssh://git@|git@)(?P<host>[\w.-]+)[:/](?P<path>[\w./-]+?)(?:\.git)?/?"
)


class Origin(NamedTuple):
    """What was measured, as git tells; None where it cannot. ``clean``: nothing is uncommitted."""

    commit: str | None
    branch: str | None
    clean: bool
    pull_request: bool


def origin_of(directory: Path, variables: Mapping[str, str]) -> Origin:
    """CI's own words first, for it checks out commits and not branches; but only of its commit.

    A workflow of the main branch may check out another one, such as ``workflow_run``.
    """
    git = Git(directory)
    commit = _said(git, "rev-parse", "HEAD") or None
    branch = None
    if (variables.get("GITHUB_SHA") or variables.get("CI_COMMIT_SHA") or commit) == commit:
        branch = variables.get("GITHUB_REF_NAME") or variables.get("CI_COMMIT_BRANCH")
    if branch is None:
        branch = _said(git, "symbolic-ref", "--quiet", "--short", "HEAD")
    status = _said(git, "status", "--porcelain", "--untracked-files=no")
    return Origin(
        commit=commit,
        branch=branch or None,
        clean=status == "",
        pull_request=variables.get("GITHUB_EVENT_NAME") in PULL_REQUESTS,
    )


def commit_address(directory: Path, variables: Mapping[str, str]) -> str | None:
    """What a commit's hash is added to for the page that shows it; None where nobody tells.

    CI's own words first, then the remote named ``origin``.
    """
    if repository := variables.get("GITHUB_REPOSITORY"):
        server = variables.get("GITHUB_SERVER_URL", "https://github.com").rstrip("/")
        return f"{server}/{repository}/commit/"
    if project := variables.get("CI_PROJECT_URL"):
        return f"{project}/-/commit/"
    found = REMOTE.fullmatch(_said(Git(directory), "remote", "get-url", "origin") or "")
    return f"https://{found['host']}/{found['path']}/commit/" if found else None


def _said(git: Git, *arguments: str) -> str | None:
    """What git says; None where it fails or is not there."""
    try:
        answer = git.run(*arguments)
    except StoreError:
        return None
    return answer.text if answer.code == 0 else None
