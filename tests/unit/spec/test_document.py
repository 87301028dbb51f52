"""A document: the spec, its places, its warnings, and the variables that are not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from perfspec.errors import InvalidSpecError
from perfspec.units import Range
from tests.specs import load, spec, told

DATA = Path(__file__).parents[2] / "data"


def test_the_language_of_the_design_loads() -> None:
    document = load((DATA / "language.yaml").read_bytes())
    assert [each.code for each in document.warnings] == ["PS402", "PS405"]
    assert list(document.spec.tests) == ["smoke", "load", "spike", "breakpoint", "soak"]
    student = document.spec.personas["student"]
    assert student.think == Range(1, 5)
    assert document.spec.endpoints["list_projects"].slo is not None


def test_a_spec_with_every_feature_loads_without_a_word() -> None:
    document = load((DATA / "every_feature.yaml").read_bytes())
    assert document.warnings == ()
    assert document.unresolved == {}


def test_places_are_those_of_keys_and_values() -> None:
    document = load(spec(slo="{ p95: 300ms, errors: { timeout: 1% } }"))
    line = next(i for i, text in enumerate(spec(slo="x").splitlines(), 1) if text == "slo: x")
    assert document.place("slo", "p95") == (line, 8)
    assert document.place("slo", "p95", key=False) == (line, 13)
    assert document.place("slo", "errors", "timeout") == (line, 30)
    assert document.place("slo", "p99", "warn") == document.place("slo")
    assert document.place("nothing") == (1, 1)


def test_variables_are_put_into_quantities_and_checked_there() -> None:
    text = spec(tests="\n  smoke: { users: '${USERS:-3}', duration: '${LENGTH}' }")
    assert load(text).spec.tests["smoke"].users == 3
    known = load(text, {"USERS": "7", "LENGTH": "90s"}).spec.tests["smoke"]
    assert (known.users, known.duration) == (7, 90.0)
    (line,) = told(text, {"LENGTH": "90"})
    assert line.startswith("10:44: PS104 duration: '90' is no duration (write it with a unit")


def test_what_is_not_set_is_told_by_place_when_variables_are_given() -> None:
    text = spec(
        environments="\n  local: { url: 'http://${HOST}:${PORT:-80}' }\n  far: { url: '${FAR}' }",
        tests="\n  smoke: { users: 5, duration: '${LENGTH}', say: 'costs $${5}' }",
    )
    assert load(text).unresolved == {}
    assert load(text, {"HOST": "x"}).unresolved == {
        ("environments", "far", "url"): "FAR",
        ("tests", "smoke", "duration"): "LENGTH",
    }


def test_warnings_are_told_with_errors_in_reading_order() -> None:
    text = spec(endpoints="\n  home: { request: GET /, timeout: 5 }\n  idle: { request: GET /x }")
    with pytest.raises(InvalidSpecError) as caught:
        load(text)
    assert [(each.code, each.warning) for each in caught.value.diagnostics] == [("PS104", False)]
    assert caught.value.exit_code == 2
    assert str(caught.value).startswith("perfspec.yaml:6:36: PS104 ")


def test_extensions_are_ignored_but_not_in_free_values() -> None:
    text = spec(
        endpoints="\n  home: { request: POST /, x-note: [1], json: { x-a: 1 }, headers: { x-b: c } }",
    )
    home = load("x-anything: { a: [b] }\n" + text).spec.endpoints["home"]
    assert home.json_ == {"x-a": 1}
    assert home.headers == {"x-b": "c"}


def test_anchors_are_told_of_once() -> None:
    text = spec(
        endpoints="\n  home: &usual { request: GET /, timeout: 5 }\n  other: { <<: *usual, slo: { p95: 1s } }",
        personas="\n  reader: { weight: 1, journey: [home, other] }",
    )
    assert told(text) == ["6:43: PS104 timeout: 5 has no unit (write 5ms or 5s)"]
