"""Which pull request a comment is written to, and when to none."""

from __future__ import annotations

import pytest

from perfspec.publish.context import Branch
from tests.github_double import Fault, GitHub
from tests.unit.publish.conftest import NEWER, SHA, Told, run_of


def test_an_older_commit_that_runs_again_leaves_the_comment_of_the_newer_one(
    tell: Told, github: GitHub
) -> None:
    tell(run_of(0.1, run_id="a"))
    github.open_pull(12, "acme:topic", NEWER)
    tell(run_of(0.9, run_id="b"), sha=NEWER)
    [comment] = github.comments
    written = comment["body"]
    done = tell(run_of(0.1, run_id="c"))
    assert done.problems == ()
    assert tell.action(done, "comment") == (
        "not written: #12 has gone on to 666666666666, and this is about 5f2d1c0b9a8e"
    )
    assert comment["body"] == written
    assert "bookshop on local: pass" in written
    assert github.checks[-1]["head_sha"] == SHA  # the check is about its commit


def test_a_pull_request_that_cannot_be_read_gets_no_comment(tell: Told, github: GitHub) -> None:
    github.faults = [Fault(404, "GET", "pulls/12")]
    done = tell(run_of(0.1))
    assert done.problems == (
        "comment: cannot read pull request #12: 404: it is not there, or the token may not see it",
    )
    assert github.comments == []


def test_without_a_wish_for_comments_nothing_is_asked_of_pull_requests(
    tell: Told, github: GitHub
) -> None:
    tell(run_of(0.1), "off")
    assert not [each for each in github.calls if "pulls" in each.path or "issues" in each.path]


@pytest.mark.parametrize(
    ("sha", "action", "numbers"),
    [(SHA, "created", [4]), (NEWER, "no open pull request is at this commit", [])],
)
def test_the_number_comes_from_the_branch_and_only_with_our_commit(
    tell: Told, github: GitHub, sha: str, action: str, numbers: list[int]
) -> None:
    github.open_pull(3, "mallory:patch", "1" * 40)
    github.open_pull(4, "alice:patch", sha)
    source = Branch("alice/shop", "patch")
    done = tell(run_of(0.1), pull_request=None, source=source)
    assert tell.action(done, "comment") == action
    assert [each["issue"] for each in github.comments] == numbers


def test_a_push_has_no_comment(tell: Told, github: GitHub) -> None:
    done = tell(run_of(0.9), pull_request=None)
    assert tell.action(done, "comment") == "no open pull request is at this commit"
    assert github.checks[0]["conclusion"] == "success"
