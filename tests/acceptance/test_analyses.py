"""Each analysis against a target that really has the defect; the runs go on at the same time."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.commands import check_agreement, started, write_spec
from tests.demo_target import running_demo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.commands import Done, Kept

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("analyses")]

SPEC = """\
perfspec: 1
name: shop
environments:
  local: { url: "<url>" }
endpoints:
  book: { request: GET /books/7, timeout: 3500ms }
personas:
  reader: { think: <think>, journey: [book] }
tests:
  <test>
"""
RUNS = {
    "recovery": (
        ["overload:users=20:for=15s", "slow:/books/{id}:+20ms"],
        "50ms",
        """\
spike:
    stages:
      - { users: 4, hold: 12s }
      - { users: 40, hold: 4s }
      - { users: 4, hold: 50s }
    slo: { recovery_time: 10s, error_rate: 5% }""",
    ),
    "drift": (
        ["drift:/books/{id}:+100%:over=80s", "slow:/books/{id}:+500ms"],
        "50ms",
        """\
soak:
    users: 20
    duration: 40s
    slo: { degradation: { p50: 10%, p95: { warn: 1%, fail: 100% } } }""",
    ),
    "leak": (
        ["leak:2MB/s"],
        "50ms",
        """\
soak:
    users: 4
    duration: 30s
    slo: { growth: { shop.rss: 20% }, degradation: { p50: { warn: 100% } } }
monitors:
  shop: { process: shop.pid, every: 1s }""",
    ),
    "saturation": (
        ["saturate:users=10", "slow:/books/{id}:+1s"],
        "0s",
        """\
breakpoint:
    stages: [{ users: [5, 10, 20, 40, 80], hold: 12s }]
    stop_when: { error_rate: 5%, p95: 3s }
    slo: { capacity: 15 users }
    recommend: 70% of capacity""",
    ),
    "scaling": (
        ["scale-out:users=6:after=6s", "slow:/books/{id}:+300ms"],
        "0s",
        """\
rush:
    stages: [{ users: 3, hold: 4s }, { users: 12, ramp: 2s, hold: 24s }]
    slo: { monitors: { page.instances: { min: 2, within: 20s } } }
objectives:
  too_soon: { slo: { monitors: { page.instances: { min: 2, within: 4s } } } }
monitors:
  page:
    http: <page>/metrics
    every: 500ms
    series: { instances: { query: bookshop_instances, unit: count } }""",
    ),
    "stopped by a monitor": (
        ["scale-out:users=6:after=3s", "slow:/books/{id}:+300ms"],
        "0s",
        """\
breakpoint:
    stages: [{ users: [3, 12, 24], hold: 14s }]
    stop_when: { error_rate: 5%, monitors: { page.instances: 1 } }
    slo: { capacity: 3 users }
monitors:
  page:
    http: <page>/metrics
    every: 500ms
    series: { instances: { query: bookshop_instances, unit: count } }""",
    ),
    "search": (
        ["saturate:users=10", "slow:/books/{id}:+500ms"],
        "0s",
        """\
breakpoint:
    stages: [{ users: { search: 4..80 }, ramp: 3s, hold: 5s }]
    stop_when: { error_rate: 5%, p95: 1500ms }
    slo: { capacity: 5 users }""",
    ),
}


class Run:
    def __init__(self, done: Done, folder: Path) -> None:
        self.done = done
        self.kept: Kept = check_agreement(done, folder)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    with ExitStack() as stack:
        commands = {}
        for name, (faults, think, test) in RUNS.items():
            arguments = [f"--fault={each}" for each in faults]
            demo = stack.enter_context(running_demo("--speed=inf", *arguments))
            folder = tmp_path_factory.mktemp(name)
            write_spec(folder, SPEC, url=demo.url, think=think, test=test, page=demo.url)
            (folder / "shop.pid").write_text(str(demo.process.pid))
            words = ["--workers", "2"] if name == "search" else []
            commands[name] = folder, stack.enter_context(started(folder, "run", *words))
        yield {name: Run(command.end(), folder) for name, (folder, command) in commands.items()}


def test_a_target_that_recovers_after_a_known_time(runs: dict[str, Run]) -> None:
    run = runs["recovery"]
    found = run.kept.finding("total.recovery_time")
    assert found.observed is not None
    assert 12 < found.observed < 40  # a busy machine delays it, and nothing makes it sooner
    assert (found.outcome, run.done.code) == ("fail", 1)


def test_a_target_whose_latency_drifts(runs: dict[str, Run]) -> None:
    run = runs["drift"]
    median, tail = (run.kept.finding(f"total.degradation.{each}") for each in ("p50", "p95"))
    assert median.observed == pytest.approx(0.45, abs=0.15)
    assert median.low is not None
    assert median.low > 0.1
    assert (median.outcome, tail.outcome) == ("fail", "warn")


def test_a_target_whose_memory_leaks(runs: dict[str, Run]) -> None:
    run = runs["leak"]
    found = run.kept.finding("shop.rss.growth")
    assert found.low is not None
    assert 0.2 < found.low < 1.5
    assert (found.outcome, run.done.code) == ("fail", 1)


def test_a_target_that_saturates_at_a_known_number_of_users(runs: dict[str, Run]) -> None:
    run = runs["saturation"]
    (test,) = run.kept.verdict.tests
    answer = test.capacity
    assert answer is not None
    assert (answer.users, answer.certainty, answer.broken_at) == (20, "exact", 40), answer
    assert answer.recommended == 14
    assert run.kept.test("breakpoint").status == "stopped"
    assert (test.outcome, run.done.code) == ("pass", 0)
    assert [each.kept for each in answer.levels] == [True, True, True, False]
    assert answer.levels[2].p95 is not None
    assert 1.5 < answer.levels[2].p95 <= 3
    (first,) = test.first_errors
    assert (first.error, first.endpoint, first.users) == ("timeout", "book", 40)
    assert 36 < first.at_s < 46
    for text in (run.done.out, run.kept.summary):
        words = " ".join(text.replace("\\", "").split())
        assert "Capacity: 20 users; broken at 40. Recommended: at most 14 users" in words
        assert "It failed at 40 users: " in words
    assert "Levels of the load" in run.kept.summary


def test_a_target_that_scales_out_after_a_known_time(runs: dict[str, Run]) -> None:
    run = runs["scaling"]
    (series,) = run.kept.test("rush").monitors[0].series
    two = next(at for at, n in zip(series.at_s, series.values, strict=True) if n == 2)
    assert 4 + 6 < two < 4 + 20  # the ramp begins after 4 s, and six users are at work in it
    in_time = run.kept.finding("page.instances.max.within")
    too_soon = run.kept.finding("too_soon.page.instances.max.within")
    assert (in_time.outcome, in_time.observed) == ("pass", 2)
    assert (too_soon.outcome, too_soon.observed) == ("fail", 1)
    assert too_soon.reason == "beyond the limit 4s after the last ramp up began"


def test_what_a_monitor_reads_ends_a_test(runs: dict[str, Run]) -> None:
    run = runs["stopped by a monitor"]
    (test,) = run.kept.verdict.tests
    answer, result = test.capacity, run.kept.test("breakpoint")
    assert answer is not None
    assert (answer.users, answer.certainty, answer.broken_at) == (3, "exact", 12)
    assert (test.outcome, result.status) == ("pass", "stopped")
    assert result.stopped is not None
    assert result.stopped.metric == "page.instances max"
    assert result.stopped.at_s < 28
    assert "It failed at 12 users: page.instances max 2 > 1" in " ".join(run.done.out.split())


def test_a_search_finds_the_same_without_walking_all_the_way(runs: dict[str, Run]) -> None:
    run = runs["search"]
    (test,) = run.kept.verdict.tests
    answer = test.capacity
    assert answer is not None
    result = run.kept.test("breakpoint")
    assert result.status == "complete"
    assert [each.users for each in result.tries[:2]] == [18, 38]  # kept, and then too much
    assert [each.kept for each in result.tries[:2]] == [True, False]
    assert answer.broken_at is not None
    assert 12 <= answer.users < answer.broken_at <= 32  # 30 users wait 1.5 s for 20 places a second
    assert answer.broken_at <= answer.users * 1.3
    assert {each.users for each in answer.levels} > {answer.users, answer.broken_at}
    assert (test.outcome, run.done.code) in {("pass", 0), ("warn", 0)}
    assert f"Capacity: {answer.users} users; broken at {answer.broken_at}" in " ".join(
        run.done.out.split()
    )
