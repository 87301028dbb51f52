"""``perfspec ci`` as the step of a workflow: a real checkout, a real run, an API over a socket."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.checkouts import HEAD, Checkout
from tests.commands import Kept, write_spec
from tests.demo_target import running_demo
from tests.github_double import Fault, running_github

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.demo_target import Demo

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ci")]

SPEC = """\
perfspec: 1
name: shop
environments: { local: { url: "<url>" } }
endpoints: { books: { request: GET /books } }
personas: { reader: { think: 20ms, journey: [books] } }
tests:
  load:
    users: 3
    duration: 3s
    slo: { <limit> }
"""
KEPT, BROKEN, UNDECIDED = (
    "error_rate: 0%",
    "throughput: 90000/s",
    "p95: { fail: 2s, min_samples: 100000 }",
)


@pytest.fixture(scope="module")
def shop() -> Iterator[Demo]:
    with running_demo("--speed=inf") as shop:
        yield shop


@pytest.fixture
def checkout(tmp_path: Path, shop: Demo) -> Iterator[Checkout]:
    with running_github() as github:
        yield Checkout(tmp_path, SPEC, shop.url, github)


def test_a_pull_request_that_keeps_its_limits(checkout: Checkout) -> None:
    base = checkout.commit("error_rate: 0%")
    checkout.commit("error_rate: 1%")
    checkout.pull_request(base)
    done = checkout.ci()
    assert done.code == 0, done.all
    [comment], [check] = checkout.github.comments, checkout.github.checks
    assert "# ✅ shop on local: pass" in comment["body"]
    assert "error\\_rate of all requests loosened 0% → 1%" in comment["body"]
    assert check["conclusion"] == "success"
    assert "loosened" in checkout.summary.read_text(encoding="utf-8")


def test_the_turn_in_a_merge_queue_is_compared_with_what_it_is_merged_into(
    checkout: Checkout,
) -> None:
    base = checkout.commit("error_rate: 0%")
    head = checkout.commit("error_rate: 1%")
    checkout.merge_group(head, base)
    checkout.github.open_pull(12, "acme:topic", HEAD, "perf-accepted")  # though it has no budgets
    done = checkout.ci(GITHUB_EVENT_NAME="merge_group", GITHUB_SHA=head)
    assert done.code == 0, done.all
    assert Kept(checkout.folder).plan.accepted == "perf-accepted on #12"
    assert "error\\_rate of all requests loosened 0% → 1%" in checkout.summary.read_text("utf-8")
    assert [each["head_sha"] for each in checkout.github.checks] == [head]
    assert checkout.github.comments == []


def test_the_base_is_also_known_from_the_merge_that_was_checked_out(checkout: Checkout) -> None:
    base = checkout.commit(BROKEN)
    head = checkout.commit(KEPT)
    checkout.git("checkout", "--quiet", "--detach", base)
    checkout.git("merge", "--quiet", "--no-ff", "-m", "merge", head)
    checkout.pull_request("0" * 40, head=head)
    assert checkout.ci().code == 0
    changes = Kept(checkout.folder).folder.changes
    assert json.loads(changes.read_bytes())["base"] == base  # not what the event says
    assert "the limit throughput of all requests removed" in checkout.github.comments[0]["body"]


def test_without_the_base_the_step_says_what_it_cannot_know(checkout: Checkout) -> None:
    checkout.commit(KEPT)
    checkout.pull_request("0" * 40)
    done = checkout.ci()
    assert done.code == 0
    assert "let actions/checkout have fetch-depth: 2" in done.err
    assert "How the spec changed" not in checkout.github.comments[0]["body"]


@pytest.mark.parametrize(
    ("limit", "fail_on", "code", "conclusion"),
    [
        (BROKEN, "inconclusive", 1, "failure"),
        (BROKEN, "never", 0, "neutral"),
        (UNDECIDED, "inconclusive", 4, "failure"),
        (UNDECIDED, "fail", 0, "neutral"),
    ],
)
def test_a_bad_verdict_is_published_and_fails_as_asked(
    checkout: Checkout, limit: str, fail_on: str, code: int, conclusion: str
) -> None:
    checkout.pull_request(checkout.commit(limit))
    assert checkout.ci("--fail-on", fail_on).code == code
    assert checkout.github.checks[0]["conclusion"] == conclusion
    assert len(checkout.github.comments) == 1


def test_a_spec_with_mistakes_is_shown_at_its_lines_and_in_the_summary(checkout: Checkout) -> None:
    checkout.pull_request(checkout.commit("p95: fast"))
    done = checkout.ci()
    assert done.code == 2
    assert "::error file=perfspec.yaml,line=10,col=17,title=PS104::" in done.out
    assert "# 💥 perfspec has not run" in checkout.summary.read_text(encoding="utf-8")
    assert checkout.github.comments == []


def test_a_push_with_mistakes_does_not_leave_the_pass_of_the_push_before(
    checkout: Checkout,
) -> None:
    checkout.pull_request(checkout.commit(KEPT))
    assert checkout.ci().code == 0
    [comment] = checkout.github.comments
    assert "# ✅ shop on local: pass" in comment["body"]
    checkout.pull_request(checkout.commit("p95: fast"), head="c" * 40)
    done = checkout.ci()
    assert done.code == 2
    assert f"comment: updated  {comment['html_url']}" in done.out
    assert "# 💥 perfspec has not run" in comment["body"]
    assert "PS104" in comment["body"]
    assert "pass" not in comment["body"]


def test_mistakes_are_shown_where_the_spec_stands_in_the_repository(checkout: Checkout) -> None:
    checkout.pull_request(checkout.commit("p95: fast"))
    done = checkout.ci(GITHUB_WORKSPACE=str(checkout.folder.parent))
    assert done.code == 2
    assert "::error file=shop/perfspec.yaml,line=10,col=17,title=PS104::" in done.out


def test_a_first_spec_with_a_dead_target_is_a_failed_check(checkout: Checkout) -> None:
    checkout.git("commit", "--quiet", "--allow-empty", "-m", "no spec yet")
    base = checkout.git("rev-parse", "HEAD")
    checkout.commit(KEPT)
    checkout.pull_request(base)
    write_spec(checkout.folder, SPEC, url="http://127.0.0.1:9", limit=KEPT)
    done = checkout.ci()
    assert done.code in {1, 3}
    assert "how the spec changed is not known: it is new" in done.err
    assert checkout.github.checks[0]["conclusion"] == "failure"


def test_an_api_that_is_down_changes_no_verdict(checkout: Checkout) -> None:
    checkout.pull_request(checkout.commit(KEPT))
    checkout.github.faults = [Fault(422, "POST")] * 2
    done = checkout.ci()
    assert done.code == 5
    assert done.err.count("Error: not published: ") == 2
    checkout.pull_request(checkout.commit(BROKEN))
    checkout.github.faults = [Fault(422, "POST")] * 2
    assert checkout.ci().code == 1


def test_the_pull_request_of_a_fork_writes_nothing(checkout: Checkout) -> None:
    checkout.pull_request(checkout.commit(BROKEN), repository="mallory/shop")
    done = checkout.ci(GITHUB_TOKEN="")
    assert done.code == 1
    assert checkout.github.calls == []
    assert "::error file=perfspec.yaml,line=10" in done.out
    assert checkout.summary.exists()
