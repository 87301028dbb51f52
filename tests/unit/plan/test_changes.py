"""How a spec changed, as a reviewer of a pull request wants to know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfspec.plan.changes import changes
from perfspec.plan.compile.plan import compile_everywhere
from perfspec.plan.compile.sequences import sequence_changes
from perfspec.report.changes_view import change_text, changes_md
from tests.specs import load, spec

if TYPE_CHECKING:
    from perfspec.plan.model import Plan
    from perfspec.spec.model import Spec

LIMITED = "\n  home: {{ request: GET /, slo: {{ {} }} }}"


def plans_of(text: str) -> dict[str, Plan]:
    return compile_everywhere(load(text))


def told(before: str, after: str) -> list[str]:
    return [change_text(each) for each in changes(plans_of(before), plans_of(after))]


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


TWO = "\n  home: { request: GET / }\n  pay: { request: POST /pay }"
BOTH = "\n  reader: { weight: 1, journey: [home, pay] }"


def budgeted(text: str) -> str:
    return spec(endpoints=TWO, personas=BOTH) + text


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("budget: { p95: +10% }", "budget: { p95: +100% }", ["smoke: p95 budget of home and 1 more loosened +10% → +100%"]),
        ("budget: { error_rate: +1pp }", "budget: { error_rate: +0.5pp }", ["smoke: error_rate budget of home and 1 more tightened +1pp → +0.5pp"]),
        ("budget: { throughput: -5% }", "budget: { throughput: -50% }", ["smoke: throughput budget of all requests loosened -5% → -50%"]),
        (
            "budget: { p95: { warn: +5%, fail: +10% } }",
            "budget: { p95: { warn: +5% } }",
            ["smoke: p95 budget of home and 1 more loosened +10% → none"],
        ),
        (
            "budget: { p95: { fail: +10%, floor: 5ms } }",
            "budget: { p95: { fail: +10%, floor: 1s, min_samples: 900 } }",
            [
                "smoke: the floor of the budget p95 of home and 1 more loosened",
                "smoke: how many requests are needed by the budget p95 of home and 1 more changed",
            ],
        ),
    ],
)  # fmt: skip
def test_a_budget_that_moved(before: str, after: str, says: list[str]) -> None:
    lines = told(budgeted(before), budgeted(after))
    assert [each.partition(" (perfspec.yaml")[0] for each in lines] == says


def test_budgets_that_came_and_went() -> None:
    lines = told(budgeted("budget: { p50: +5% }"), budgeted("budget: { p95: +5% }"))
    assert lines == [
        "smoke: the budget p50 of home and 1 more removed",
        "smoke: the budget p95 of home and 1 more added (perfspec.yaml:12)",
    ]


def test_a_test_that_is_not_compared_any_more_is_looser() -> None:
    tests = "\n  smoke: {{ users: 1, duration: 1m, slo: {{ error_rate: 0% }}{} }}"
    before, after = (
        spec(budget="{ p95: +10% }", tests=tests.format(each)) for each in ("", ", compare: none")
    )
    assert told(before, after) == [
        "smoke: its budgets loosened: it is not compared any more (perfspec.yaml:10)"
    ]
    assert [each.split(" (")[0] for each in told(after, before)] == [
        "smoke: its budgets tightened: it was not compared"
    ]


WAIVER = "waivers: [{{ endpoint: home, metric: p95, until: {}, reason: new disk, owner: jo }}]"


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("", "2999-01-01", "loosened: until 2999-01-01: new disk (jo)"),
        ("2999-01-01", "2999-02-01", "loosened: until 2999-02-01, was 2999-01-01: new disk (jo)"),
        ("2999-02-01", "2999-01-01", "tightened: until 2999-01-01, was 2999-02-01: new disk (jo)"),
        ("2999-02-01", "", "tightened: it is gone"),
    ],
)
def test_a_waiver_is_looser(before: str, after: str, says: str) -> None:
    [line] = told(*(budgeted(WAIVER.format(each) if each else "") for each in (before, after)))
    assert line.partition(" (perfspec.yaml")[0] == f"the waiver of home p95 {says}"


@pytest.mark.parametrize(
    ("after", "says"),
    [
        ("missing: warn", ["what the baseline cannot decide loosened: warn, was fail"]),
        ("missing: fail, confirm: false", ["whether a second run must confirm changed: false, was true"]),
        ("missing: fail, runs: 5..9", ["how many runs are used changed: 9, was 30"]),
        ("missing: fail, compare_with: next", ["the branch that is compared with changed: next, was main"]),
    ],
)  # fmt: skip
def test_what_is_compared_with(after: str, says: list[str]) -> None:
    before = "baseline: { store: dir:a, missing: fail }"
    assert told(budgeted(before), budgeted(f"baseline: {{ store: dir:a, {after} }}")) == says
    moved = told(budgeted("baseline: { store: dir:a }"), budgeted("baseline: { store: dir:B }"))
    assert moved == ["where the baseline is kept changed: dir:B, was dir:a"]


def sequences(text: str) -> Spec:
    tests = "\n  smoke: { users: 1, duration: 1m }\n  load: { users: 9, duration: 1m }"
    return load(spec(tests=tests, sequences=text)).spec


@pytest.mark.parametrize(
    ("after", "says"),
    [
        ("{ default: [load, smoke] }", []),
        ("{ default: [smoke] }", ["removed load: its place in the sequence default removed"]),
        ("{ all: [smoke, load] }", ["removed the sequence default removed", "added the sequence all added"]),
        ("{ default: [smoke, load: { compare: none }] }", ["loosened load: how the sequence default runs it loosened"]),
        ("{ default: [smoke: { on_fail: stop }, load] }", ["changed smoke: how the sequence default runs it changed"]),
        (
            "{ default: { environment: local, tests: [smoke, load] } }",
            ["changed the environment of the sequence default changed"],
        ),
    ],
)  # fmt: skip
def test_sequences(after: str, says: list[str]) -> None:
    before, now = sequences("{ default: [smoke, load] }"), sequences(after)
    found = sequence_changes(before, now)
    assert [f"{each.kind} {change_text(each)}" for each in found] == says


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
    found = changes(plans_of(before), plans_of(after))
    lines = list(changes_md(found, 50))
    assert lines[0] == "**How the spec changed**"
    assert lines[2].startswith("- ⚠️ smoke")
    assert list(changes_md((), 50)) == []
    assert list(changes_md(found * 3, 2))[-2].startswith("- … and 1 more")


WHERE = "\n  local: {{ url: http://127.0.0.1:8801{} }}{}"
STAGING = "\n  staging: {{ url: '${{STAGING_URL:-}}', slo: {{ availability: {} }} }}"
WIDE = "objectives: {{ wide: {{ where: {{ environments: [staging] }}, budget: {{ p95: +{}% }} }} }}"


def placed(staging: str = "", root: str = "99.9%", rest: str = "", own: str = "") -> str:
    """A spec whose root and whose second environment have a limit on the same metric."""
    second = STAGING.format(staging) if staging else ""
    environments = WHERE.format(own, second)
    return spec(environments=environments, slo=f"{{ availability: {root} }}") + rest


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (
            placed("99%"),
            placed("50%"),
            ["smoke: availability of all requests loosened 99% → 50%, in staging"],
        ),
        (
            placed("99%"),
            placed("99%", root="90%"),
            ["smoke: availability of all requests loosened 99.9% → 90%, in local"],
        ),
        (
            placed("99%", rest="budget: { p95: +5% }"),
            placed("99%", rest="budget: { p95: +9% }"),
            ["smoke: p95 budget of home loosened +5% → +9%"],
        ),
        (
            placed("99%", rest=WIDE.format(5)),
            placed("99%", rest=WIDE.format(9)),
            ["smoke: p95 budget of home loosened +5% → +9%, in staging"],
        ),
        (
            placed(),
            placed("99%"),
            [
                "smoke: availability of all requests loosened 99.9% → 99%, in staging",
                "the environment staging added",
            ],
        ),
        (placed("99%"), placed(), ["the environment staging removed"]),
        (placed("99%"), placed("99%", own=", allow_hosts: [a.example]"), ["the environment local changed"]),
    ],
)  # fmt: skip
def test_each_environment_may_have_limits_of_its_own(
    before: str, after: str, says: list[str]
) -> None:
    assert [each.partition(" (perfspec.yaml")[0] for each in told(before, after)] == says


def test_an_environment_of_another_name_is_no_way_around() -> None:
    before, after = placed(), placed(root="50%").replace("  local:", "  here:")
    assert [each.partition(" (perfspec.yaml")[0] for each in told(before, after)] == [
        "smoke: availability of all requests loosened 99.9% → 50%",
        "the environment local removed",
        "the environment here added",
    ]
