"""A fingerprint changes when what is measured changes, and only then."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shop import SHOP, plan_of

MEASURED = [
    ("request: GET /books\n", "request: GET /books/all\n"),
    ("query: { page: 1 }", "query: { page: 2 }"),
    ("place: here", "place: there"),
    ("auth: none", "headers: { X-A: b }"),
    ("timeout: 10s", "timeout: 9s"),
    ("$[*].id", "$[*].number"),
    ("status: 202", "status: [200, 202]"),
    ("every: 1s", "every: 2s"),
    ("times: 1..3", "times: 1..4"),
    ("chance: 20%", "chance: 30%"),
    ("think: 1s..3s", "think: 1s..4s"),
    ("weight: 80", "weight: 70"),
    ("list_books: 3,", "list_books: 4,"),
    ("size: 50KB", "size: 60KB"),
    ("{001..050}", "{001..060}"),
    ("hold: 1m", "hold: 2m"),
    ("by: 10%", "by: 20%"),
    ("users: 10,", "users: 11,"),
]
JUDGED = [
    ("description: A shop", "description: Another shop"),
    ("name: shop", "name: shops"),
    ("{ p95: 300ms }", "{ p95: 400ms }"),
    ("fail: 700ms", "fail: 800ms"),
    ("{ error_rate: 1% }", "{ error_rate: 2% }"),
    ("tags: [critical, reading]", "tags: [critical, reading, other]"),
    ('requirement: "11.2"', 'requirement: "11.3"'),
    ("throughput: 5/s", "throughput: 6/s"),
    ("    slo: { p95: 1s,", "    say: Slow\n    slo: { p95: 1s,"),
    ("slo: { p95: 2s }", "slo: { p95: 3s }"),
    ("endpoints:\n", "# a comment\n\nendpoints:\n"),
    ("on_fail: stop", "on_fail: continue"),
]


def edited(edits: list[tuple[str, str]]) -> str:
    text = SHOP
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return text


FEW = settings(max_examples=25)  # each example plans a spec two or three times


@FEW
@given(st.lists(st.sampled_from(JUDGED), unique=True))
def test_limits_and_words_do_not_count(edits: list[tuple[str, str]]) -> None:
    assert plan_of(edited(edits)).fingerprint == plan_of().fingerprint


@FEW
@given(
    st.lists(st.sampled_from(MEASURED), unique=True, min_size=1),
    st.lists(st.sampled_from(JUDGED[:6]), unique=True),
)
def test_every_change_of_what_is_measured_counts(
    measured: list[tuple[str, str]], judged: list[tuple[str, str]]
) -> None:
    plan = plan_of(edited([*measured, *judged]))
    assert plan.fingerprint != plan_of().fingerprint
    assert plan.test("load").fingerprint != plan_of().test("load").fingerprint


@FEW
@given(
    st.lists(st.sampled_from(MEASURED), unique=True),
    st.lists(st.sampled_from(MEASURED), unique=True),
)
def test_different_plans_have_different_fingerprints(
    one: list[tuple[str, str]], other: list[tuple[str, str]]
) -> None:
    same = plan_of(edited(one)).fingerprint == plan_of(edited(other)).fingerprint
    assert same == (set(one) == set(other))


def test_another_test_does_not_count() -> None:
    changed = plan_of(SHOP.replace("users: 5,", "users: 6,"))
    assert changed.test("load").fingerprint == plan_of().test("load").fingerprint
    assert changed.test("smoke").fingerprint != plan_of().test("smoke").fingerprint


def test_environment_and_time_scale_count() -> None:
    prints = {
        plan_of(only=("load",)).test("load").fingerprint,
        plan_of(only=("load",), environment="staging").test("load").fingerprint,
        plan_of(sequence="quick").test("load").fingerprint,
    }
    assert len(prints) == 3


def test_a_port_or_host_does_not_count() -> None:
    moved = plan_of(variables={"PASSWORD": "x", "PORT": "9999"})
    assert moved.fingerprint == plan_of().fingerprint


def test_a_variable_that_only_a_service_is_told_does_not_count() -> None:
    url = 'local: { url: "http://127.0.0.1:${PORT:-8800}" }'
    served = url.replace(" }", ", services: { shop: { run: 'serve $ON', ready: GET / } } }")
    prints = {
        plan_of(edited([(url, served.replace("$ON", "${ON}"))]), variables=known)
        .test("load")
        .fingerprint
        for known in ({"PASSWORD": "x", "ON": "8801"}, {"PASSWORD": "x", "ON": "8802"})
    }
    assert prints == {plan_of().test("load").fingerprint}
