"""Where a workflow runs, from the variables and the event that a runner gives."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from perfspec.errors import UsageError
from perfspec.publish.context import Branch, Context

if TYPE_CHECKING:
    from pathlib import Path

MERGE, HEAD, BASE = "a" * 40, "b" * 40, "c" * 40


def context(tmp_path: Path, event: dict[str, Any] | None = None, **changes: str) -> Context:
    variables = {
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_SHA": MERGE,
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_RUN_ID": "7",
        "GITHUB_TOKEN": "t",
    }
    if event is not None:
        path = tmp_path / "event.json"
        path.write_text(json.dumps(event), encoding="utf-8")
        variables["GITHUB_EVENT_PATH"] = str(path)
    return Context.from_environment(variables | changes)


def pull_request(repository: str | None) -> dict[str, Any]:
    repo = None if repository is None else {"full_name": repository, "fork": True}
    return {"action": "opened", "pull_request": {"number": 12, "head": {"sha": HEAD, "repo": repo}}}


def test_a_push_is_about_its_commit(tmp_path: Path) -> None:
    found = context(tmp_path, {"ref": "refs/heads/main"})
    assert (found.sha, found.pull_request, found.source, found.read_only) == (
        MERGE,
        None,
        None,
        False,
    )
    assert found.run_url == "https://github.com/acme/shop/actions/runs/7"
    assert found.api_url == "https://api.github.com"


@pytest.mark.parametrize(
    ("repository", "read_only"), [("acme/shop", False), ("mallory/shop", True), (None, True)]
)
def test_a_pull_request_is_about_its_head_and_not_about_a_merge(
    tmp_path: Path, repository: str | None, read_only: bool
) -> None:
    found = context(tmp_path, pull_request(repository), GITHUB_EVENT_NAME="pull_request")
    assert (found.sha, found.pull_request, found.read_only) == (HEAD, 12, read_only)


def workflow_run(event: str) -> dict[str, Any]:
    run = {"head_sha": HEAD, "event": event, "head_branch": "patch"}
    return {"workflow_run": run | {"head_repository": {"full_name": "mallory/shop"}}}


def test_after_a_pull_request_its_branch_is_known_and_its_number_is_not(tmp_path: Path) -> None:
    found = context(tmp_path, workflow_run("pull_request"), GITHUB_EVENT_NAME="workflow_run")
    assert (found.sha, found.pull_request) == (HEAD, None)
    assert found.source == Branch("mallory/shop", "patch")
    assert found.source.owner == "mallory"


def test_after_a_push_there_is_no_pull_request(tmp_path: Path) -> None:
    assert context(tmp_path, workflow_run("push")).source is None


@pytest.mark.parametrize(
    ("head_ref", "queued"),
    [
        (f"refs/heads/gh-readonly-queue/main/pr-104-{BASE}", 104),
        (f"refs/heads/gh-readonly-queue/pr-7-x/pr-104-{BASE}", 104),
        ("refs/heads/somewhere/else", None),
    ],
)
def test_in_a_merge_queue_the_event_says_what_is_to_be_merged_into_what(
    tmp_path: Path, head_ref: str, queued: int | None
) -> None:
    group = {"head_sha": HEAD, "base_sha": BASE, "head_ref": head_ref}
    found = context(tmp_path, {"merge_group": group}, GITHUB_EVENT_NAME="merge_group")
    assert (found.sha, found.base_sha, found.queued) == (HEAD, BASE, queued)
    assert (found.pull_request, found.source, found.read_only) == (None, None, False)


def test_an_enterprise_server_says_its_addresses(tmp_path: Path) -> None:
    found = context(
        tmp_path,
        GITHUB_SERVER_URL="https://git.acme.example/",
        GITHUB_API_URL="https://git.acme.example/api/v3",
        GITHUB_GRAPHQL_URL="https://git.acme.example/api/graphql",
    )
    assert found.run_url == "https://git.acme.example/acme/shop/actions/runs/7"
    assert found.api_url == "https://git.acme.example/api/v3"
    assert found.graphql_url == "https://git.acme.example/api/graphql"


def test_outside_of_a_workflow_it_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="GITHUB_REPOSITORY, GITHUB_SHA is not set") as caught:
        context(tmp_path, GITHUB_REPOSITORY="", GITHUB_SHA="")
    assert "perfspec report" in str(caught.value)


def test_an_event_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="GITHUB_EVENT_PATH"):
        context(tmp_path, {"pull_request": {"number": "twelve"}})
    with pytest.raises(UsageError, match="No such file"):
        context(tmp_path, GITHUB_EVENT_PATH=str(tmp_path / "none.json"))


def test_a_target_that_is_not_what_was_proposed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="checks out the base and not what is proposed"):
        context(tmp_path, pull_request("acme/shop"), GITHUB_EVENT_NAME="pull_request_target")
