"""The gate as CI has it: a run of main enters a branch, one of a pull request is compared with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.commands import Kept, check_agreement, perfspec, write_spec
from tests.runs import free_port
from tests.unit.baseline.conftest import clone_with_code, git

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

SPEC = """\
perfspec: 1
name: shop
environments:
  local:
    url: http://127.0.0.1:<port>
    services:
      shop: { run: "python -m perfspec.demo --port <port>", ready: GET /health }
endpoints:
  health: { request: GET /health }
  books: { request: GET /books }
personas:
  reader: { journey: [health, books], think: 10ms..20ms }
budget: { p95: { fail: +50%, min_samples: 50 }, throughput: -50% }
baseline: { store: git:perf-runs }
tests:
  load: { users: 2, duration: 3s, slo: { error_rate: 0% } }
"""


def test_main_is_recorded_and_a_pull_request_compared(tmp_path: Path) -> None:
    work = clone_with_code(tmp_path, remote=True)
    write_spec(work, SPEC, port=free_port())
    (work / ".gitignore").write_text(".perfspec\n", encoding="utf-8")
    git(work, "add", ".")
    git(work, "commit", "--quiet", "-m", "spec")

    first = perfspec(work, "run", CI="true", GITHUB_REF_NAME="main")
    assert "recorded in the baseline (git branch perf-runs): load" in first.err
    kept = check_agreement(first, work)
    assert first.code == 0
    [test] = kept.verdict.tests
    assert test.comparison is not None
    assert {each.state for each in test.comparison.changes} == {"no_baseline"}
    [name] = git(tmp_path / "origin.git", "ls-tree", "-r", "--name-only", "perf-runs").splitlines()
    assert name.startswith("records/load/local/")
    assert git(work, "status", "--porcelain") == ""

    pull = {"CI": "true", "GITHUB_REF_NAME": "7/merge", "GITHUB_EVENT_NAME": "pull_request"}
    second = perfspec(work, "run", **pull)
    assert "not recorded in the baseline: runs of pull requests are no baseline" in second.err
    check_agreement(second, work)
    [test] = Kept(work).verdict.tests
    assert test.comparison is not None
    assert test.comparison.runs == 1
    assert test.comparison.first == git(work, "rev-parse", "HEAD")
    assert git(tmp_path / "origin.git", "rev-list", "--count", "perf-runs") == "1"
