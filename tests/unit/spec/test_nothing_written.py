"""A limit or check that says nothing would never fail: it is refused."""

from __future__ import annotations

import pytest

from tests.specs import spec, told


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (spec(slo="{}"), "write a limit, such as p95: 300ms"),
        (spec(slo="{ errors: {} }"), "errors"),
        (
            spec(endpoints="\n  home: { request: GET /, expect: { body: {} } }"),
            "write one of contains, matches",
        ),
        (
            spec(endpoints="\n  home: { request: GET /, expect: { headers: { ETag: {} } } }"),
            "write one of equals, contains, matches, exists",
        ),
        (
            spec(endpoints="\n  home: { request: GET /, expect: { json: { $.id: {} } } }"),
            "write one of equals, in, matches, min, max, exists",
        ),
    ],
)
def test_it_says_what_to_write(text: str, message: str) -> None:
    (line,) = told(text)
    assert message in line


def test_an_endpoint_that_a_function_may_call_is_not_called_unused() -> None:
    text = spec(
        endpoints="\n  home: { request: GET / }\n  other: { request: GET /other }",
        personas="\n  reader: { weight: 1, journey: [home, call: helpers:browse] }",
    )
    assert told(text) == []
