"""A commit of which there is no run, on a pull request whose older commit passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.publish.identity import step_marker
from perfspec.publish.unmeasured import MOST_REASONS
from tests.unit.publish.conftest import NEWER, Told, run_of

if TYPE_CHECKING:
    from tests.github_double import GitHub


def test_a_commit_without_a_run_takes_back_what_was_said_of_an_older_one(
    tell: Told, github: GitHub
) -> None:
    tell(run_of(0.9))
    theirs = github.comment(12, github.comments[0]["body"], login="mallory")
    github.open_pull(12, "acme:topic", NEWER)
    done = tell.unmeasured("perfspec.yaml:10:17: PS104 <b>fast</b>", sha=NEWER)
    assert done.problems == []
    assert tell.action(done, "comment") == "updated"
    ours = github.comments[0]["body"]
    assert "# 💥 perfspec has not run" in ours
    assert "\\<b\\>fast" in ours
    assert f"commit {NEWER[:12]}" in ours
    assert "pass" not in ours
    assert "pass" in theirs["body"]
    assert "perfspec has not run" in tell.summary.read_text(encoding="utf-8")
    again = tell.unmeasured("perfspec.yaml:10:17: PS104 <b>fast</b>", sha=NEWER)
    assert tell.action(again, "comment") == "unchanged"
    assert tell.action(tell(run_of(0.9, run_id="b"), "changes", sha=NEWER), "comment") == "updated"
    assert "pass" in github.comments[0]["body"]
    assert len(github.comments) == 2


def test_a_commit_without_a_run_leaves_what_another_step_or_a_newer_commit_said(
    tell: Told, github: GitHub
) -> None:
    assert tell.action(tell.unmeasured("no spec"), "comment") == "there is none to change"
    tell(run_of(0.9))
    other = step_marker("perfspec.yaml", "nightly", None)
    assert tell.action(tell.unmeasured("no spec", other), "comment") == "there is none to change"
    assert tell.unmeasured("no spec", None).places[1:] == []
    assert tell.unmeasured("no spec", read_only=True).places[1:] == []
    assert "not written" in tell.action(tell.unmeasured("no spec", sha=NEWER), "comment")
    assert "bookshop on local: pass" in github.comments[0]["body"]


def test_hundreds_of_reasons_fit_into_a_comment(tell: Told, github: GitHub) -> None:
    tell(run_of(0.9))
    done = tell.unmeasured("\n".join(["@" * 400] * (MOST_REASONS + 7)))
    assert done.problems == []
    assert "and 7 more: see the log" in github.comments[0]["body"]
