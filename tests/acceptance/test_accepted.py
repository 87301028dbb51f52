"""The label ``perf-accepted``: a slowdown that is meant warns, and its merge begins a new baseline."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.checkouts import Checkout
from tests.commands import Kept
from tests.github_double import REPOSITORY, running_github
from tests.runs import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ci")]

SPEC = """\
perfspec: 1
name: shop
environments:
  local:
    url: "<url>"
    services:
      shop: { run: "python -m perfspec.demo --port ${SHOP_PORT} --fault ${FAULT}", ready: GET /health }
endpoints: { health: { request: GET /health }, books: { request: GET /books } }
personas: { reader: { think: 10ms, journey: [health, books] } }
budget: { error_rate: <limit> }
baseline: { store: "dir:../runs" }
tests: { load: { users: 2, duration: 3s, slo: { p95: 5s } } }
"""
PUSH = {"GITHUB_EVENT_NAME": "push", "GITHUB_REF_NAME": "main", "CI": "true"}


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    with running_github() as github:
        yield Checkout(tmp_path, SPEC, "http://127.0.0.1:${SHOP_PORT}", github)


def test_it_warns_on_the_pull_request_and_begins_anew_when_merged(
    checkout: Checkout, tmp_path: Path
) -> None:
    shop = {"SHOP_PORT": str(free_port()), "FAULT": "error:/books:0%:500"}
    worse = shop | {"FAULT": "error:/books:50%:500"}
    base = checkout.commit("+1pp")
    (checkout.folder / ".gitignore").write_text(".perfspec\n", encoding="utf-8")
    push = PUSH | {"GITHUB_SHA": base}
    assert checkout.ci(**push, **shop).code == 0

    checkout.pull_request(base)
    refused = checkout.ci(**worse)
    assert refused.code == 1, refused.all
    checkout.pull_request(base, REPOSITORY, "perf-accepted")
    accepted = checkout.ci(**worse)
    assert accepted.code == 0, accepted.all
    assert "accepted: perf-accepted on #12" in accepted.out
    [comment] = checkout.github.comments
    assert "perf-accepted" in comment["body"]

    checkout.github.merge_labelled(12, base, "perf-accepted", by="ann")
    checkout.event = {}
    merged = checkout.ci(**push, **worse)
    assert merged.code == 0, merged.all
    [acceptance] = (tmp_path / "runs" / "accepted").glob("*.json")
    kept = json.loads(acceptance.read_text(encoding="utf-8"))
    assert (kept["by"], kept["commit"]) == ("ann", base)
    assert kept["reason"] == "perf-accepted on #12: A slower *hash*"
    again = checkout.ci(**push, **worse)
    assert again.code == 0, again.all
    assert len(list((tmp_path / "runs" / "accepted").glob("*.json"))) == 1
    [test] = Kept(checkout.folder).verdict.tests
    assert test.comparison is not None
    elsewhere = checkout.ci("--baseline", "dir:../other", **push, **worse)
    assert "accepted in the baseline (folder" in elsewhere.err, elsewhere.all
    assert len(list((tmp_path / "other" / "accepted").glob("*.json"))) == 1
    assert test.comparison.runs == 1  # what was accepted, and nothing before it
