"""What a run leaves on GitHub: one comment, one check, annotations; whatever is there or fails."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from perfspec.judge.model import Outcome
from perfspec.judge.verdict import judge_run
from perfspec.measure.errors import ErrorClass
from perfspec.plan.changes import Change
from perfspec.publish.comment import MOST_CHANGES, comment_body
from perfspec.publish.identity import Identity
from perfspec.publish.publish import publish
from perfspec.publish.wanted import Wanted
from perfspec.report.markdown import LARGEST, summary_md
from tests.github_double import BOT, REPOSITORY, TOKEN, Fault, GitHub
from tests.results import (
    HOSTILE,
    bookshop_run,
    error_group,
    latencies,
    limit,
    make_plan,
    make_run,
    make_test,
    measure,
)
from tests.unit.publish.conftest import SHA, Told, run_of

if TYPE_CHECKING:
    from pathlib import Path

    from perfspec.judge.model import Verdict
    from perfspec.measure.model import RunResult
    from perfspec.plan.model import Plan


def test_a_failed_run_is_told_everywhere(tell: Told, github: GitHub) -> None:
    done = tell(bookshop_run())
    assert done.problems == ()
    [comment], [check] = github.comments, github.checks
    assert comment["issue"] == 12
    assert "# ❌ bookshop on local: fail" in comment["body"]
    assert f"{REPOSITORY}/actions/runs/7" in comment["body"]
    assert (check["status"], check["conclusion"]) == ("completed", "failure")
    assert (check["name"], check["head_sha"]) == ("perfspec / bookshop on local / default", SHA)
    begun = next(each for each in github.writes() if each.path.endswith("check-runs"))
    assert begun.json["status"] == "in_progress"
    assert check["output"]["title"] == "bookshop on local: fail"
    assert "bookshop on local: fail" in tell.summary.read_text(encoding="utf-8")


def test_annotations_stand_on_the_lines_of_their_limits_the_gravest_first(
    tell: Told, github: GitHub
) -> None:
    tell(bookshop_run())
    found = github.checks[0]["annotations"]
    assert {each["path"] for each in found} == {"perfspec.yaml"}
    failed = [each["start_line"] for each in found if each["annotation_level"] == "failure"]
    warned = [each["start_line"] for each in found if each["annotation_level"] == "warning"]
    assert failed
    assert [each["start_line"] for each in found] == failed + warned
    assert {41, 45, 46} <= {*failed, *warned}  # availability fails, one warns, one has 30 samples
    assert 48 not in {*failed, *warned}  # kept


def test_publishing_again_changes_nothing(tell: Told, github: GitHub) -> None:
    run = bookshop_run()
    tell(run)
    before = len(github.writes())
    done = tell(run)
    assert len(github.writes()) == before
    assert tell.action(done, "comment") == tell.action(done, "check run") == "unchanged"
    assert (len(github.comments), len(github.checks)) == (1, 1)


def test_the_next_run_changes_its_comment_and_has_a_check_of_its_own(
    tell: Told, github: GitHub
) -> None:
    tell(run_of(0.1))
    done = tell(run_of(0.9, run_id="2026-11-22T03-35-36Z-0001"))
    assert tell.action(done, "comment") == "updated"
    [comment] = github.comments
    assert "bookshop on local: pass" in comment["body"]
    assert [each["conclusion"] for each in github.checks] == ["failure", "success"]


def test_the_comment_is_found_among_hundreds(tell: Told, github: GitHub) -> None:
    for number in range(250):
        github.comment(12, f"comment {number}", login="somebody")
    tell(run_of(0.1))
    for number in range(50):
        github.comment(12, f"comment {number}", login="somebody")
    assert tell.action(tell(run_of(0.9, run_id="other")), "comment") == "updated"
    assert len(github.comments) == 301


def test_a_comment_of_another_author_with_our_marker_is_left_alone(
    tell: Told, github: GitHub
) -> None:
    run = run_of(0.1)
    mark = Identity.of(run[0], None).marker
    theirs = github.comment(12, f"{mark}\nquoted", login="mallory")
    tell(run)
    assert theirs["body"].endswith("quoted")
    assert [each["user"]["login"] for each in github.comments] == ["mallory", BOT]


@pytest.mark.parametrize(
    ("when", "outcomes"),
    [
        ("always", ["created", "updated", "updated"]),
        ("changes", ["not wanted", "created", "updated"]),
        ("failures", ["not wanted", "created", "updated"]),
        ("off", ["not wanted"] * 3),
    ],
)
def test_when_a_comment_is_written(
    tell: Told, github: GitHub, when: str, outcomes: list[str]
) -> None:
    runs = [run_of(0.9, run_id="a"), run_of(0.1, run_id="b"), run_of(0.9, run_id="c")]
    assert [tell.action(tell(run, when), "comment") for run in runs] == outcomes
    assert tell.action(tell(runs[2], when), "comment") in {"unchanged", "not wanted"}
    assert len(github.comments) == (when != "off")


def test_a_change_that_changes_no_outcome_is_not_written_if_only_changes_are_wanted(
    tell: Told,
) -> None:
    tell(run_of(0.1, run_id="a"), "changes")
    assert tell.action(tell(run_of(0.12, run_id="b"), "changes"), "comment") == "unchanged"


def test_foreign_text_stays_text_and_every_limit_of_length_is_kept(
    tell: Told, github: GitHub
) -> None:
    limits = [limit("p95", 0.1, line=line, requirement=HOSTILE) for line in range(40, 640)]
    test = make_test(*limits, say=HOSTILE)
    plan = make_plan(test, name="x" + HOSTILE.encode("utf-8", "replace").decode())
    done = tell((plan, make_run(plan, measure(test, {"login": latencies(500, 0.3)}))))
    assert done.problems == ()
    [comment], [check] = github.comments, github.checks
    assert "<script>" not in comment["body"] + check["output"]["summary"]
    assert len(comment["body"]) <= 65536
    assert len(check["annotations"]) == 600
    batches = [each.json for each in github.writes() if each.method == "PATCH"]
    assert [len(each["output"]["annotations"]) for each in batches] == [50] * 12
    assert [each.get("conclusion") for each in batches] == [None] * 11 + ["failure"]


def test_the_pull_request_of_a_fork_gets_summary_and_log_lines_only(
    tell: Told, github: GitHub
) -> None:
    done = tell(bookshop_run(), read_only=True)
    assert done.problems == ()
    assert github.calls == []
    assert tell.said[0].startswith("::error file=perfspec.yaml,line=")
    assert "pull request of a fork" in tell.action(done, "comment")
    assert tell.summary.exists()


def test_limits_and_trouble_that_end_soon_are_waited_for(tell: Told, github: GitHub) -> None:
    github.faults = [
        Fault(502, "GET"),
        Fault(503, "PATCH", "check-runs"),
        Fault(403, "POST", "comments", headers={"Retry-After": "30"}),
        Fault(429, "POST", "check-runs", headers={"Retry-After": "7"}),
    ]
    assert tell(run_of(0.1)).problems == ()
    assert {30.0, 7.0} <= set(tell.clock.slept)
    assert (len(github.comments), len(github.checks)) == (1, 1)


@pytest.mark.parametrize("path", ["comments", "check-runs"])
def test_a_call_that_was_obeyed_though_its_answer_failed_is_not_made_twice(
    tell: Told, github: GitHub, path: str
) -> None:
    github.faults = [Fault(502, "POST", path, done=True)]
    assert tell(run_of(0.1)).problems == ()
    assert (len(github.comments), len(github.checks)) == (1, 1)


def test_a_limit_that_lasts_is_told_and_leaves_the_other_place_alone(
    tell: Told, github: GitHub
) -> None:
    github.faults = [Fault(403, "POST", "comments", headers={"Retry-After": "3000"})]
    done = tell(run_of(0.1))
    assert done.problems == (
        "comment: cannot write the comment: 403: the rate limit lasts another 50m: publish again then",
    )
    assert github.checks[0]["conclusion"] == "failure"


def test_a_token_that_is_used_up_is_told_until_when(tell: Told, github: GitHub) -> None:
    reset = int(datetime(2026, 11, 21, 0, 45, tzinfo=UTC).timestamp())
    used_up = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
    github.faults = [Fault(403, "POST", "comments", headers=used_up)]
    [problem] = tell(run_of(0.1)).problems
    assert problem.endswith("403: the rate limit lasts until 00:45 UTC: publish again then")


def test_a_token_without_scopes_is_told_what_it_lacks(tell: Told, github: GitHub) -> None:
    github.tokens[TOKEN] = {"checks": "write"}
    [problem] = tell(run_of(0.1)).problems
    assert problem == (
        "comment: cannot write the comment: 403: the token may not do this: give the job the "
        "permission that it needs (docs/github.md) (needs pull_requests=write)"
    )


@pytest.mark.parametrize("token", ["", "another"])
def test_without_a_good_token_the_summary_is_written_all_the_same(tell: Told, token: str) -> None:
    done = tell(run_of(0.1), token=token)
    assert done.problems
    assert all("github.token" in each for each in done.problems)
    assert tell.summary.exists()


def test_nobody_there_is_one_line_for_each_place(tell: Told) -> None:
    done = tell(run_of(0.1), api_url="http://127.0.0.1:9")
    assert done.problems == (
        "check run: GitHub cannot be reached at http://127.0.0.1:9: ConnectionError",
        "comment: GitHub cannot be reached at http://127.0.0.1:9: ConnectionError",
    )


def test_the_job_summary_with_the_changes_of_the_spec_is_below_its_limit(tell: Told) -> None:
    def run(kinds: int) -> tuple[Plan, RunResult, Verdict]:
        test = make_test(limit("p95", 0.3))
        plan = make_plan(test)
        errors = [
            error_group("login", ErrorClass.SERVER, f"{each:04}" + "é" * 296, body="é" * 300)
            for each in range(kinds)
        ]
        result = make_run(plan, measure(test, {"login": [0.5] * 200}, errors=errors))
        return plan, result, judge_run(plan, result)

    few, more = (len(summary_md(*run(kinds)).encode()) for kinds in (100, 200))
    most = 100 + (LARGEST - few) * 100 // (more - few)
    nearly = run(most)
    assert LARGEST - 3000 < len(summary_md(*nearly).encode()) <= LARGEST
    changed = [Change(kind="changed", what="z" * 300, test="load")] * MOST_CHANGES
    context = tell.context(read_only=True)
    wanted = Wanted(comment="off", fail_on="fail")
    publish(
        context, *nearly, changed=changed, wanted=wanted, say=tell.said.append, clock=tell.clock
    )
    assert tell.summary.stat().st_size <= LARGEST
    assert "How the spec changed" in tell.summary.read_text(encoding="utf-8")


def test_a_summary_that_cannot_be_written_is_told(tell: Told, tmp_path: Path) -> None:
    done = tell(run_of(0.1), summary_file=tmp_path / "none" / "summary")
    assert [each.partition(":")[0] for each in done.problems] == ["job summary"]


def test_the_comment_says_the_outcome_of_the_verdict(tell: Told) -> None:
    plan, result = run_of(0.1)
    verdict = judge_run(plan, result)
    body = comment_body(tell.context(), plan, result, verdict)
    assert verdict.outcome is Outcome.FAIL
    mark = Identity.of(plan, None).marker
    assert body.startswith(f"{mark}\n<!-- perfspec:outcome:fail -->\n# ❌")
