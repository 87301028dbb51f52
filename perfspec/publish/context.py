"""Where a workflow runs: repository, commit, pull request and token, as the runner tells them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from perfspec.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_NEEDED: Final = ("GITHUB_REPOSITORY", "GITHUB_SHA", "GITHUB_EVENT_NAME")
_QUEUED: Final = re.compile(r"/pr-(\d+)-[0-9a-f]{40,}$")  # as GitHub names branches of the queue


class _Named(msgspec.Struct):
    full_name: str


class _Head(msgspec.Struct):
    sha: str
    repo: _Named | None = None  # null once the fork was deleted


class _Base(msgspec.Struct):
    sha: str


class _Label(msgspec.Struct):
    name: str


class _PullRequest(msgspec.Struct):
    number: int
    head: _Head
    base: _Base | None = None
    labels: tuple[_Label, ...] = ()


class _MergeGroup(msgspec.Struct):
    head_sha: str
    base_sha: str
    head_ref: str = ""


class _WorkflowRun(msgspec.Struct):
    head_sha: str
    event: str
    head_branch: str | None = None
    head_repository: _Named | None = None


class _Event(msgspec.Struct):
    """The part of a webhook payload that we read; GitHub sends much more."""

    pull_request: _PullRequest | None = None
    merge_group: _MergeGroup | None = None
    workflow_run: _WorkflowRun | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of a repository (``owner/name``), from which a pull request may come."""

    repository: str
    name: str

    @property
    def owner(self) -> str:
        return self.repository.partition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """``sha`` is the commit that was measured, never GitHub's merge of it with its base.

    ``pull_request`` is its number if the event says it, with its ``labels``; ``source`` is the
    branch by which the number is to be asked for (a ``workflow_run`` after a pull request);
    ``queued`` the number of the pull request whose turn it is in a merge queue; ``base_sha`` the
    commit that it builds on. ``read_only`` marks the pull request of a fork, whose token may write
    nothing.
    """

    repository: str
    sha: str
    event: str
    token: str
    api_url: str
    graphql_url: str
    run_url: str
    pull_request: int | None = None
    source: Branch | None = None
    queued: int | None = None
    base_sha: str | None = None
    labels: frozenset[str] = frozenset()
    read_only: bool = False
    workspace: Path | None = None
    summary_file: Path | None = None
    output_file: Path | None = None

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Context:
        """Raises UsageError outside of GitHub Actions and for an event that cannot be served."""
        missing = [name for name in _NEEDED if not variables.get(name)]
        if missing:
            msg = (
                f"{', '.join(missing)} is not set: publishing runs in a workflow of GitHub Actions;"
                " elsewhere, `perfspec report` writes the same as files"
            )
            raise UsageError(msg)
        if variables["GITHUB_EVENT_NAME"] == "pull_request_target":
            msg = (
                "`on: pull_request_target` checks out the base and not what is proposed, with a"
                " token that may write: use `on: pull_request`, and a `workflow_run` for forks"
                " (docs/github.md)"
            )
            raise UsageError(msg)
        repository = variables["GITHUB_REPOSITORY"]
        server = variables.get("GITHUB_SERVER_URL", "https://github.com").rstrip("/")
        event = _read_event(variables.get("GITHUB_EVENT_PATH"))
        sha, number, source, fork = _subject(event, repository, variables["GITHUB_SHA"])
        run = variables.get("GITHUB_RUN_ID", "")
        return cls(
            repository=repository,
            sha=sha,
            event=variables["GITHUB_EVENT_NAME"],
            token=variables.get("GITHUB_TOKEN", ""),
            api_url=variables.get("GITHUB_API_URL", "https://api.github.com").rstrip("/"),
            graphql_url=variables.get("GITHUB_GRAPHQL_URL", "https://api.github.com/graphql"),
            run_url=f"{server}/{repository}/actions/runs/{run}",
            pull_request=number,
            source=source,
            queued=_queued(event),
            base_sha=_base(event),
            labels=_labels(event),
            read_only=fork,
            workspace=_path(variables, "GITHUB_WORKSPACE"),
            summary_file=_path(variables, "GITHUB_STEP_SUMMARY"),
            output_file=_path(variables, "GITHUB_OUTPUT"),
        )


def _subject(
    event: _Event, repository: str, sha: str
) -> tuple[str, int | None, Branch | None, bool]:
    """The commit, the pull request's number, the branch to ask for it, whether it is a fork's."""
    request, group, run = event.pull_request, event.merge_group, event.workflow_run
    if request is not None:
        home = request.head.repo is not None and request.head.repo.full_name == repository
        return request.head.sha, request.number, None, not home
    if group is not None:
        return group.head_sha, None, None, False
    if run is not None:
        source = None
        if run.event == "pull_request" and run.head_branch and run.head_repository:
            source = Branch(run.head_repository.full_name, run.head_branch)
        return run.head_sha, None, source, False
    return sha, None, None, False


def _queued(event: _Event) -> int | None:
    found = _QUEUED.search(event.merge_group.head_ref) if event.merge_group is not None else None
    return int(found[1]) if found else None


def _base(event: _Event) -> str | None:
    request, group = event.pull_request, event.merge_group
    if group is not None:
        return group.base_sha
    return request.base.sha if request is not None and request.base is not None else None


def _labels(event: _Event) -> frozenset[str]:
    request = event.pull_request
    return frozenset(each.name for each in request.labels) if request is not None else frozenset()


def _read_event(path: str | None) -> _Event:
    if not path:
        return _Event()
    try:
        return msgspec.json.decode(Path(path).read_bytes(), type=_Event)
    except (OSError, msgspec.MsgspecError) as error:
        msg = f"GITHUB_EVENT_PATH: {path} cannot be read as an event: {error}"
        raise UsageError(msg) from None


def _path(variables: Mapping[str, str], name: str) -> Path | None:
    return Path(variables[name]) if variables.get(name) else None
