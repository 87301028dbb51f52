"""Requests that cannot be built, and answers that cannot be read."""

from __future__ import annotations

import pytest

from tests.specs import spec, told


def endpoint(keys: str) -> str:
    return spec(endpoints=f"\n  home: {{ {keys} }}")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("request: 'GET /{a}/{b}', path: { a: 1, b: 2 }", []),
        ("request: 'GET /{a}', path: { a: '{{ uuid() }}' }", []),
        ("request: 'GET /{{ uuid() }}/${X:-y}'", []),
        ("request: 'GET /{a}'", ['6:26: PS213 {a} has no value in path (write path: { a: "{{ … }}" })']),
        ("request: 'GET /{book_id}', path: { book: 1 }", ["6:26: PS213 {book_id} has no value in path (did you mean 'book'?)"]),
        ("request: GET /, path: { a: 1 }", ["6:35: PS213 'a' does not occur in the request (write {a} where it belongs)"]),
        ("request: GET /, capture: { job: $.id }, poll: { request: 'GET /{job}', until: { status: 200 } }", []),
        ("request: GET /, path: { a: 1 }, poll: { request: 'GET /{a}', until: { status: 200 } }", []),
        ("request: GET /, capture: { t: '$.a.b[0].c' }", []),
        ("request: GET /, capture: { t: '$..x[?@.a == 1]' }", []),
        ("request: GET /, capture: { t: token }", ["6:41: PS321 'token' is no JSON path: a JSON path begins with $ (did you mean '$.token'?)"]),
        ("request: GET /, capture: { t: { json: '$[' } }", None),
        ("request: GET /, expect: { json: { id: 1 } }", ["6:45: PS321 'id' is no JSON path: a JSON path begins with $ (did you mean '$.id'?)"]),
        ("request: GET /, poll: { request: GET /, until: { json: { id: 1 } } }", ["6:68: PS321 'id' is no JSON path: a JSON path begins with $ (did you mean '$.id'?)"]),
        ("request: GET /, capture: { t: { regex: 'a(b' } }", ["6:52: PS322 'a(b' is no regular expression: missing ), unterminated subpattern at position 1"]),
        ("request: GET /, expect: { headers: { ETag: { matches: '*' } } }", ["6:66: PS322 '*' is no regular expression: nothing to repeat at position 0"]),
        ("request: GET /, expect: { json: { $.a: { matches: '[' } } }", ["6:62: PS322 '[' is no regular expression: unterminated character set at position 0"]),
        ("request: GET /, expect: { body: { matches: '\\d{2}x{{3}}' } }", []),
        ("request: 'GET /a b'", []),
        ("request: 'GET /{id'", ["6:26: PS213 this { belongs to no path parameter (write {id}; a brace itself is %7B or %7D)"]),
        ("request: 'GET /{book-id}?a=1'", ["6:26: PS213 this { belongs to no path parameter (write {book_id}; a brace itself is %7B or %7D)"]),
        ("request: 'GET /a}'", ["6:27: PS213 this } belongs to no path parameter (a parameter is {name}; a brace itself is %7B or %7D)"]),
        ("request: 'GET /a?b={'", ["6:30: PS213 this { belongs to no path parameter (a parameter is {name}; a brace itself is %7B or %7D)"]),
        ("request: GET /, poll: { request: 'GET /{job', until: { status: 200 } }", ["6:50: PS213 this { belongs to no path parameter (write {job}; a brace itself is %7B or %7D)"]),
        ("request: 'GET /?where={\"a\":{}}'", []),
        ("request: 'GET /$${a}/${B}/{{ uuid() }}'", []),
        ("request: GET /, expect: { json: { $.n: { min: 5, max: 1 } } }", ["6:52: PS109 no number is at least 5 and at most 1 (write min below max)"]),
        ("request: GET /, expect: { json: { $.n: { min: 1, max: 1 } } }", []),
    ],
)  # fmt: skip
def test_endpoints(text: str, lines: list[str] | None) -> None:
    found = told(endpoint(text))
    if lines is None:
        assert [line.split(" ")[1] for line in found] == ["PS321"]
    else:
        assert found == lines


TWO = "\n  local: { url: 'http://127.0.0.1:1', allow_hosts: [cdn.example.com] }\n  far: { url: 'https://far.example.com/api' }"


@pytest.mark.parametrize(
    ("environments", "url", "found"),
    [
        ("\n  local: { url: http://x }", "http://x/a", None),
        ("\n  local: { url: http://x }", "https://user:pw@x/a?b#c", None),
        ("\n  local: { url: http://x, allow_hosts: [y] }", "http://y:81/", None),
        ("\n  local: { url: http://x, allow_hosts: ['y:81'] }", "http://y:81/", None),
        ("\n  local: { url: http://x, allow_hosts: ['y:81'] }", "http://y:82/", "PS326"),
        ("\n  local: { url: http://x }", "http://y", "PS326"),
        ("\n  local: { url: http://x }", "http://x.example.com", "PS326"),
        ("\n  local: { url: '${URL}' }", "http://y/", None),
        ("\n  local: { url: http://x }", "${URL}/a", None),
        ("\n  local: { url: http://x }", "http://${HOST:-y}/a", "PS326"),
        ("\n  local: { url: http://x }", "http://${HOST}/a", None),
        (TWO, "https://cdn.example.com/x.png", "warning PS406"),
        (TWO, "https://far.example.com/", "warning PS406"),
        (TWO, "https://other.example.com/", "PS326"),
    ],
)  # fmt: skip
def test_hosts(environments: str, url: str, found: str | None) -> None:
    text = spec(environments=environments, endpoints=f"\n  home: {{ request: 'GET {url}' }}")
    lines = told(text)
    assert len(lines) == (found is not None)
    assert not lines or f" {found} " in lines[0]


def test_a_host_is_known_once_its_variable_is() -> None:
    text = spec(
        environments="\n  local: { url: '${URL}' }",
        endpoints="\n  home: { request: GET http://y/ }",
    )
    assert told(text) == []
    assert told(text, {"URL": "http://y"}) == []
    assert told(text, {"URL": "http://x"}) == [
        "6:31: PS326 no environment allows requests to y (add allow_hosts: [y])"
    ]


def test_a_captured_address_is_no_known_host() -> None:
    text = spec(
        endpoints="\n  ask: { request: GET /, capture: { url: $.url } }\n  put: { request: 'PUT {{ url }}', text: x }",
        personas="\n  reader: { weight: 1, journey: [ask, put] }",
    )
    assert told(text) == []
