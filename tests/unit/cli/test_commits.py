"""Commits by the names that people and GitHub give them, in a real repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfspec.cli.ci import base_of
from perfspec.cli.commits import known_commit, sides
from perfspec.errors import UsageError
from perfspec.publish.context import Context
from tests.results import make_plan
from tests.unit.baseline.conftest import git

if TYPE_CHECKING:
    from pathlib import Path

    from perfspec.plan.model import Plan

NOWHERE = "0" * 40


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A repository with a commit on main, and another on a branch that is checked out."""
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    for name, value in (("user.name", "Ada"), ("user.email", "ada@example.com")):
        git(tmp_path, "config", name, value)
    for name in ("first", "second"):
        (tmp_path / "code").write_text(name, encoding="utf-8")
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "--quiet", "-m", name)
    git(tmp_path, "branch", "--quiet", "change")
    git(tmp_path, "reset", "--quiet", "--hard", "HEAD~1")
    git(tmp_path, "checkout", "--quiet", "change")
    return tmp_path


def plan_in(work: Path) -> Plan:
    return make_plan(directory=str(work))


def pull_request(base: str | None, head: str = NOWHERE) -> Context:
    return Context(
        repository="ada/shop",
        sha=head,
        event="pull_request",
        token="",
        api_url="",
        graphql_url="",
        run_url="",
        base_sha=base,
    )


def test_both_commits_are_found_by_any_name(work: Path) -> None:
    main, change = git(work, "rev-parse", "main", "change").split()
    found = sides(plan_in(work), "main")
    assert (found.base, found.head) == (main, change)
    git(work, "tag", "--annotate", "v1", "main", "-m", "one")
    assert sides(plan_in(work), "v1", change[:8]) == found


@pytest.mark.parametrize(
    ("base", "said"),
    [
        ("nowhere", "there is no commit 'nowhere'"),
        ("--all", "there is no commit '--all'"),
        ("change", "change and HEAD are the same commit"),
    ],
)
def test_what_is_no_other_commit_is_refused(work: Path, base: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        sides(plan_in(work), base)


def test_what_is_not_committed_is_said_to_be_left_out(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sides(plan_in(work), "main")
    assert capsys.readouterr().err == ""
    (work / "code").write_text("not yet", encoding="utf-8")
    sides(plan_in(work), "main")
    assert "what is not committed is not part of it" in capsys.readouterr().err


def test_outside_of_a_repository_git_says_why(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no commit 'main' in the repository of"):
        sides(plan_in(tmp_path), "main")


def test_a_pull_request_has_the_base_that_this_clone_knows(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main, change = git(work, "rev-parse", "main", "change").split()
    spec = str(work / "perfspec.yaml")
    assert base_of(pull_request(main), spec) == main
    assert base_of(pull_request(None), spec) is None
    assert base_of(pull_request(change), spec) is None  # nothing to compare
    assert capsys.readouterr().err == ""
    assert base_of(pull_request(NOWHERE, change), spec) is None  # HEAD^1 may be of the same request
    assert "let actions/checkout have fetch-depth: 2" in capsys.readouterr().err


@pytest.mark.parametrize("said", ["older", NOWHERE])
def test_a_merge_is_compared_with_what_it_was_merged_into(work: Path, said: str) -> None:
    """What came to the branch since the event's base is on both sides, so it is no change."""
    git(work, "tag", "older", "main")
    head = git(work, "rev-parse", "change").strip()
    git(work, "checkout", "--quiet", "main")
    git(work, "commit", "--quiet", "--allow-empty", "-m", "main has gone on")
    main = known_commit(work, "main")
    git(work, "merge", "--quiet", "--no-ff", "-m", "merge", "change")
    spec = str(work / "perfspec.yaml")
    assert base_of(pull_request(known_commit(work, said) or said, head), spec) == main
