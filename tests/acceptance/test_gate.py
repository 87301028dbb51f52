"""The gate as CI has it: a run of main enters a branch, one of a pull request is compared with it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from perfspec.baseline.archive import Archive
from perfspec.baseline.folder import FolderStore
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


IN_DOUBT = """\
perfspec: 1
name: shop
environments:
  local:
    url: http://127.0.0.1:<port>
    services:
      shop: { run: "python -m perfspec.demo --port <port> <fault>", ready: GET /health }
endpoints:
  health: { request: GET /health }
  books: { request: GET /books }
personas:
  reader: { journey: [health, books], think: 10ms..20ms }
objectives:
  shelves: { where: { endpoints: books }, budget: { p50: { fail: +50%, min_samples: 5 } } }
baseline: { store: "dir:history" }
tests:
  load: { users: 2, duration: 3s, slo: { error_rate: 0% } }
  more: { users: 1, duration: 1s, slo: { error_rate: 0% } }
sequences:
  default: [load: { on_fail: stop }, more]
"""


def week_of(folder: Path) -> None:
    """Six more records like the only one, of the days before it."""
    archive = Archive(FolderStore(folder))
    [name] = archive.store.names()
    record = archive.get(name)
    assert record is not None
    for day in range(1, 7):
        time = datetime.fromisoformat(record.time) - timedelta(days=day)
        earlier = {"time": time.isoformat(), "run_id": f"{time:%Y-%m-%dT%H-%M-%SZ}-{day:04x}"}
        archive.add([msgspec.structs.replace(record, **earlier)])


def test_a_regression_runs_twice_before_it_fails_and_ends_the_sequence(tmp_path: Path) -> None:
    write_spec(tmp_path, IN_DOUBT, port=free_port(), fault="")
    assert perfspec(tmp_path, "run", "--only", "load").code == 0
    assert perfspec(tmp_path, "baseline", "record").code == 0
    week_of(tmp_path / "history")
    write_spec(tmp_path, IN_DOUBT, port=free_port(), fault="--fault slow:/books:+300ms")
    done = perfspec(tmp_path, "run")
    said = "test load runs once more: the budget of books p50 is exceeded, to be confirmed"
    assert said in " ".join(done.err.split())
    assert done.code == 1
    kept = check_agreement(done, tmp_path)
    load, more = kept.verdict.tests
    assert (load.outcome, more.outcome) == ("fail", "skipped")
    assert more.reasons == ("test load did not pass, and says on_fail: stop",)
    assert load.comparison is not None
    [slower] = [each for each in load.comparison.changes if each.metric.name == "p50"]
    assert slower.again is not None
    assert "in two runs" in slower.reason
    assert load.comparison.probe is not None
    confirmation = kept.result.tests[0].confirmation
    assert confirmation is not None
    assert confirmation.started > kept.result.tests[0].started


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
