"""Whole runs with monitors: real processes, a real database, and no password anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil
import pytest

from perfspec.errors import Exit
from perfspec.judge.model import Outcome
from tests.commands import Kept, perfspec
from tests.postgres import PASSWORD, running_postgres
from tests.runs import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Eventually

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("monitors")]

SPEC = """
perfspec: 1
name: bookshop
environments:
  local:
    url: http://127.0.0.1:{port}
    services:
      shop: {{ run: python -m perfspec.demo --speed inf --port {port}, ready: GET /_truth }}
endpoints:
  home: {{ request: GET /books }}
monitors:
  shop: {{ process: services.shop, every: 200ms }}
  machine: {{ host: true, every: 200ms }}
  db: {{ postgres: "${{SHOP_DB}}", every: 200ms }}
  page:
    http: http://127.0.0.1:{port}/metrics
    every: 200ms
    series: {{ rss: {{ query: process_resident_memory_bytes, unit: bytes }} }}
  cache: {{ postgres: "${{CACHE_DB:-}}", if_absent: skip }}
personas:
  reader: {{ weight: 1, think: 50ms, journey: [home] }}
tests:
  smoke:
    users: 2
    duration: 4s
    warm_up: 1s
    slo:
      error_rate: 1%
      monitors: {{ {limits} }}
"""
KEPT = (
    "shop.cpu: 100%, shop.rss: 2GB, shop.threads: { min: 1 }, machine.memory.max: 100%,"
    " db.connections_total: 5, page.rss: 2GB, cache.slow_queries: 1"
)


def written(folder: Path, limits: str) -> None:
    text = SPEC.format(port=free_port(), limits=limits)
    (folder / "perfspec.yaml").write_text(text, encoding="utf-8")


def test_everything_is_read_and_judged(tmp_path: Path, eventually: Eventually) -> None:
    written(tmp_path, KEPT)
    with running_postgres(eventually) as server:
        done = perfspec(tmp_path, "run", SHOP_DB=server.dsn)
    assert done.code == Exit.OK, done.all
    run = Kept(tmp_path)
    [test] = run.verdict.tests
    outcomes = {each.objective: each.outcome for each in test.findings}
    assert outcomes.pop("cache.slow_queries.max") is Outcome.SKIPPED
    assert set(outcomes.values()) == {Outcome.PASS}
    [result] = run.result.tests
    read = {each.name: each for each in result.monitors}
    for name in ("shop", "machine", "db", "page"):
        assert read[name].problems == []
        for series in read[name].series:
            assert len(series.at_s) >= 15, series
    assert read["cache"].absent == "its address is empty in environment local"
    rows = (run.folder.report / "monitors.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) > 15 * len(test.findings)
    assert not [each for each in psutil.process_iter(["cmdline"]) if _of(tmp_path, each)]


def _of(folder: Path, process: psutil.Process) -> bool:
    words = process.info["cmdline"] or []
    return "perfspec.run.monitors" in words and any(str(folder) in word for word in words)


def test_what_cannot_be_read_is_an_error_and_says_no_password(tmp_path: Path) -> None:
    written(tmp_path, "db.connections_total: 5, shop.rss: 10KB")
    dsn = f"postgresql://shop:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{free_port()}/shop"
    done = perfspec(tmp_path, "run", SHOP_DB=dsn)
    assert done.code == Exit.BROKEN, done.all
    run = Kept(tmp_path)
    outcomes = [each.outcome for each in run.verdict.tests[0].findings]
    assert outcomes == [Outcome.PASS, Outcome.ERROR, Outcome.FAIL]
    assert "connection refused" in done.all.lower()
    for text in (done.all, *(each.read_text(encoding="utf-8") for each in run.files())):
        assert "s3cret" not in text
    [error] = run.junit.iter("error")
    assert error.get("type") == "error"


def test_a_missing_variable_of_a_monitor_is_told_before_anything_starts(tmp_path: Path) -> None:
    written(tmp_path, KEPT)
    done = perfspec(tmp_path, "run")
    assert done.code == Exit.USAGE
    assert "SHOP_DB" in done.err
    assert not (tmp_path / ".perfspec").exists()
