"""How a spec changed, as a reviewer of a pull request wants to know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfspec.plan.changes import changes
from perfspec.plan.compile.choice import every_test
from perfspec.plan.compile.plan import compile_plan
from perfspec.report.changes_view import change_text, changes_md
from tests.specs import load, spec

if TYPE_CHECKING:
    from perfspec.plan.model import Plan

LIMITED = "\n  home: {{ request: GET /, slo: {{ {} }} }}"


def plan_of(text: str) -> Plan:
    document = load(text)
    return compile_plan(document, every_test(document), variables={}, complete=False)


def told(before: str, after: str) -> list[str]:
    return [change_text(each) for each in changes(plan_of(before), plan_of(after))]


def limited(slo: str) -> str:
    return spec(endpoints=LIMITED.format(slo))


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("p95: 300ms", "p95: 500ms", "loosened 300 ms → 500 ms"),
        ("p95: 500ms", "p95: 300ms", "tightened 500 ms → 300 ms"),
        ("availability: 99%", "availability: 95%", "loosened 99% → 95%"),
        ("availability: 95%", "availability: 99%", "tightened 95% → 99%"),
    ],
)
def test_a_limit_that_moved(before: str, after: str, says: str) -> None:
    [line] = told(limited(before), limited(after))
    name = before.partition(":")[0]
    assert line == f"smoke: {name} of home {says} (perfspec.yaml:6)"


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("p95: { fail: 300ms }", "p95: { warn: 200ms }", ["loosened 300 ms → none", "(warning) tightened none → 200 ms"]),
        ("p95: { warn: 200ms, fail: 300ms }", "p95: { fail: 300ms }", ["(warning) loosened 200 ms → none"]),
    ],
)  # fmt: skip
def test_a_limit_that_lost_a_level(before: str, after: str, says: list[str]) -> None:
    lines = told(limited(before), limited(after))
    assert len(lines) == len(says)
    assert all(part in line for part, line in zip(says, lines, strict=True))


def test_limits_that_came_and_went() -> None:
    lines = told(limited("p95: 300ms"), limited("p99: 300ms"))
    assert lines == [
        "smoke: the limit p95 of home removed",
        "smoke: the limit p99 of home added (perfspec.yaml:6)",
    ]


def test_what_became_looser_stands_first() -> None:
    before, after = limited("p50: 100ms, p95: 300ms"), limited("p50: 50ms, p95: 500ms")
    assert ["loosened" in each for each in told(before, after)] == [True, False]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"tests": "\n  smoke: { users: 9, duration: 2m }"}, ["smoke: its load changed (perfspec.yaml:10)"]),
        ({"endpoints": "\n  home: { request: POST / }"}, ["the request home changed (perfspec.yaml:6)"]),
        ({"environments": "\n  local: { url: http://127.0.0.1:8802 }"}, ["the environment local changed"]),
        ({"personas": "\n  reader: { weight: 1, journey: [home, home] }"}, ["smoke: what its users do changed (perfspec.yaml:10)"]),
        ({"name": "another"}, []),
        ({"description": "For readers"}, []),
    ],
)  # fmt: skip
def test_what_is_measured(change: dict[str, str], says: list[str]) -> None:
    assert told(spec(), spec(**change)) == says


def test_a_line_that_moved_is_no_change() -> None:
    assert told(spec(), "\n\n" + spec()) == []


def test_in_markdown_foreign_names_stay_text() -> None:
    before = spec(endpoints="\n  home: { request: GET /, slo: { p95: 1s } }")
    after = spec(endpoints="\n  home: { request: GET /, slo: { p95: 2s } }")
    found = changes(plan_of(before), plan_of(after))
    lines = list(changes_md(found, 50))
    assert lines[0] == "**How the spec changed**"
    assert lines[2].startswith("- ⚠️ smoke")
    assert list(changes_md((), 50)) == []
    assert list(changes_md(found * 3, 2))[-2].startswith("- … and 1 more")
