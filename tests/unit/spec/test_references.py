"""Every name means something, and what is never used is told."""

from __future__ import annotations

import pytest

from tests.specs import codes, spec, told

ROWS = "\n  users: { generate: { email: 'u{1..9}@example.com' } }"
FILES = "\n  photos: { files: { small: { size: 1KB } } }"


def calls(journey: str, extra: str = "") -> str:
    return spec(
        endpoints="\n  home: { request: GET /, tags: [main] }\n  item: { request: GET /i }",
        personas=f"\n  reader: {{ weight: 1, journey: [home, item, {journey}]{extra} }}",
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (calls("itme"), "9:46: PS201 there is no endpoint 'itme' (did you mean 'item'?)"),
        (calls("itme: { times: 2 }"), "9:46: PS201 there is no endpoint 'itme' (did you mean 'item'?)"),
        (calls("mix: { home: 1, itme: 2 }"), "9:62: PS201 there is no endpoint 'itme' (did you mean 'item'?)"),
        (calls("{ group: g, steps: [itme] }"), "9:66: PS201 there is no endpoint 'itme' (did you mean 'item'?)"),
        (calls("home", ", on_stop: [Home]"), "9:63: PS106 'Home' is no name: small letters, digits and _, a letter first (write home)"),
        (calls("home", ", auth: { bearer: x, renew_with: [hom] }"), "9:85: PS201 there is no endpoint 'hom' (did you mean 'home'?)"),
        (calls("home", ", data: users"), "9:59: PS202 there is no data source 'users'"),
        (spec(data=FILES, personas="\n  reader: { weight: 1, journey: [home], data: photos }"), "8:47: PS208 data 'photos' holds files, which are no rows of a user"),
        (spec(tests="\n  smoke: { users: 1, duration: 1m, personas: { raeder: 1 } }"), "10:48: PS203 there is no persona 'raeder' (did you mean 'reader'?)"),
        (spec(tests="\n  smoke: { users: 1, duration: 1m, personas: [raeder] }"), "10:47: PS203 there is no persona 'raeder' (did you mean 'reader'?)"),
        (spec(tests="\n  smoke: { users: 1, duration: 1m, only: { tags: [x] } }"), "10:51: PS207 there is no endpoint with the tag 'x'"),
        (spec(sequences="\n  default: [smoke, smokey]"), "12:20: PS204 there is no test 'smokey' (did you mean 'smoke'?)"),
        (spec(sequences="\n  default: [smokey: { on_fail: stop }]"), "12:13: PS204 there is no test 'smokey' (did you mean 'smoke'?)"),
        (spec(sequences="\n  default: [smoke: { time_scale: 0% }]"), "12:22: PS108 time_scale is 0% (it leaves no time at all)"),
        (spec(sequences="\n  default: [smoke, smoke: {}]"), "12:20: PS331 test 'smoke' stands in this sequence twice (one result for each test: write a second test, or leave one out)"),
        (spec(sequences="\n  n: { environment: prod, tests: [smoke] }"), "12:21: PS205 there is no environment 'prod' (there is local)"),
        (spec(environments="\n  local: { url: http://x, protected: { tests: [load] } }"), "4:48: PS204 there is no test 'load' (there is smoke)"),
        (spec(secrets="[users.pin]", data=ROWS, endpoints="\n  home: { request: GET /, json: '{{ users.email }}' }"), "11:11: PS211 data 'users' has no 'pin' (there is email)"),
        (spec(secrets="[userz.pin]"), "11:11: PS202 there is no data source 'userz'"),
        (spec(endpoints="\n  home: { request: POST /, cbor: { a: [{ from: photo }] } }", data=FILES), "6:48: PS208 there is no data source 'photo' with files (did you mean 'photos'?)"),
        (spec(endpoints="\n  home: { request: POST /, file: { from: users } }", data=ROWS), "6:42: PS208 data 'users' holds rows, no files"),
        (spec(endpoints="\n  home: { request: POST /, multipart: { a: { b: c } } }"), "6:44: PS329 part 'a' is neither text nor a file (a file is { from: NAME } or { path: FILE, type: MEDIA_TYPE })"),
        (spec(endpoints="\n  home: { request: POST /, multipart: { a: } }"), "6:43: PS329 part 'a' is neither text nor a file (a file is { from: NAME } or { path: FILE, type: MEDIA_TYPE })"),
        (spec(endpoints="\n  home: { request: POST /, multipart: { a: { from: 5 } } }"), "6:44: PS329 part 'a' is neither text nor a file (a file is { from: NAME } or { path: FILE, type: MEDIA_TYPE })"),
    ],
)  # fmt: skip
def test_a_name_of_nothing(text: str, line: str) -> None:
    assert told(text) == [line]


def where(selector: str) -> str:
    return spec(
        endpoints="\n  home: { request: GET /, tags: [main] }\n  up: { request: POST /, file: { from: photos }, tags: [slow] }",
        personas="\n  reader: { weight: 1, journey: [home, up] }",
        data=FILES,
        objectives=f"\n  o: {{ where: {{ {selector} }}, slo: {{ p95: 1s }} }}",
    )


@pytest.mark.parametrize(
    "selector",
    [
        "tests: smoke", "environments: [local]", "endpoints: home", "tags: [main, slow]",
        "personas: reader", "classes: [small]", "endpoints: [home, up], tags: slow",
    ],
)  # fmt: skip
def test_selectors_that_match(selector: str) -> None:
    assert told(where(selector)) == []


@pytest.mark.parametrize(
    ("selector", "code"),
    [
        ("tests: load", "PS204"), ("environments: [prod]", "PS205"), ("endpoints: hom", "PS201"),
        ("tags: [main, slo]", "PS207"), ("personas: [writer]", "PS203"), ("classes: big", "PS207"),
        ("endpoints: home, tags: slow", "PS207"),
    ],
)  # fmt: skip
def test_selectors_that_match_nothing(selector: str, code: str) -> None:
    assert codes(where(selector)) == [code]


@pytest.mark.parametrize(
    ("personas", "lines"),
    [
        ("\n  a: { like: b, weight: 1 }", ["8:14: PS203 there is no persona 'b' (there is a)"]),
        ("\n  a: { like: a, weight: 1, journey: [home] }", ["8:14: PS206 'a' cannot be like itself"]),
        (
            "\n  a: { weight: 1, journey: [home] }\n  b: { weight: 1, like: a }\n  c: { weight: 1, like: b }",
            ["10:25: PS206 'b' is itself like 'a': keys are copied over one level only (write like: a)"],
        ),
        (
            "\n  a: { like: b, weight: 1, journey: [home] }\n  b: { like: a, weight: 1, journey: [home] }",
            [
                "8:14: PS206 'b' is itself like 'a': keys are copied over one level only (write the keys of one out)",
                "9:14: PS206 'a' is itself like 'b': keys are copied over one level only (write the keys of one out)",
            ],
        ),
    ],
)  # fmt: skip
def test_like_goes_over_one_level(personas: str, lines: list[str]) -> None:
    assert told(spec(personas=personas)) == lines


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (spec(endpoints="\n  home: { request: GET / }\n  idle: { request: GET /x }"), "PS401"),
        (spec(data=ROWS), "PS402"),
        (spec(data=FILES), "PS402"),
        (spec(personas="\n  reader: { weight: 1, journey: [home] }\n  idle: { journey: [home] }"), "PS403"),
        (spec(personas="\n  a: { weight: 60, journey: [home] }\n  b: { weight: 39, journey: [home] }"), "PS404"),
        (spec(tests="\n  t: { users: 1, duration: 1m, personas: { reader: 99.5, other: 5 } }",
              personas="\n  reader: { weight: 1, journey: [home] }\n  other: { journey: [home] }"), "PS404"),
        (spec(environments="\n  local: { url: 'http://${API_TOKEN}' }"), "PS405"),
    ],
)  # fmt: skip
def test_warnings(text: str, code: str) -> None:
    assert codes(text) == [code]


@pytest.mark.parametrize(
    "text",
    [
        spec(data=ROWS, personas="\n  reader: { weight: 1, data: users, journey: [home] }"),
        spec(data=ROWS, endpoints="\n  home: { request: GET /, query: { a: '{{ users.email }}' } }"),
        spec(data=FILES, endpoints="\n  home: { request: POST /, msgpack: [{ from: photos }] }"),
        spec(personas="\n  a: { weight: 50, journey: [home] }\n  b: { weight: 50, like: a }"),
        spec(personas="\n  a: { weight: 3, journey: [home] }\n  b: { weight: 2, like: a }"),
        spec(personas="\n  a: { weight: 1, like: b }\n  b: { journey: [home] }"),
        spec(personas="\n  a: { users: 5, journey: [home] }"),
        spec(personas="\n  a: { journey: [home] }\n  b: { journey: [home] }"),
        spec(personas="\n  a: { journey: [home] }", tests="\n  t: { users: 1, duration: 1m, personas: [a] }"),
        spec(environments="\n  local: { url: 'http://${API_TOKEN}' }", secrets="[API_TOKEN]"),
        spec(secrets="[UNUSED]"),
        spec(endpoints="\n  home: { request: POST /, json: { from: berlin, to: rome } }"),
        spec(endpoints="\n  home: { request: POST /, json: { city: { from: berlin } } }"),
        spec(sequences="\n  nightly: [smoke]"),
        spec(tests="\n  a: { users: 1, duration: 1m }\n  b: { users: 1, duration: 1m }"),
    ],
)  # fmt: skip
def test_nothing_to_complain_of(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (spec(personas="\n  reader: { weight: 1, on_start: [home] }"), "8:3: PS324 persona 'reader' has neither journey nor mix (write journey: [ENDPOINT])"),
        (spec(personas="\n  reader: { weight: 1, journey: [home], mix: { home: 1 } }"), "8:41: PS324 journey and mix exclude each other (a mix can be a step of the journey)"),
        (spec(endpoints="\n  home: { request: GET / }\n  think: { request: GET /t }"), "7:3: PS323 'think' is a word of steps, so no endpoint can have this name (write think_request)"),
        (spec(data="\n  user: { csv: a.csv }", personas="\n  reader: { weight: 1, journey: [home], data: user }"), "12:3: PS323 'user' is always there in templates, so no data can have this name"),
        (spec(endpoints="\n  home: { request: GET /, capture: { environment: $.e } }"), "6:38: PS323 variable 'environment' would hide a part of every scope (write environment_value)"),
        (spec(data=ROWS, endpoints="\n  home: { request: GET /, capture: { users: $.u }, json: '{{ users }}' }"), "6:38: PS323 variable 'users' would hide data (write users_value)"),
        (spec(endpoints="\n  home: { request: GET /, capture: { in: $.i } }"), "6:38: PS323 'in' is a word of expressions, so no variable can have this name (write in_value)"),
        (spec(personas="\n  reader: { weight: 1, journey: [set: { user: 1 }, home: { set: { environment: 2 } }] }"), None),
        (spec(slo="{ p95: { warn: 2s, fail: 1s } }"), "11:15: PS328 warn would never be reached before fail: p95 is an upper limit (write warn below fail)"),
        (spec(slo="{ availability: { warn: 98%, fail: 99% } }"), "11:24: PS328 warn would never be reached before fail: availability is a lower limit (write warn above fail)"),
        (spec(slo="{ errors: { timeout: { warn: 2%, fail: 2% } } }"), "11:29: PS328 warn would never be reached before fail: errors is an upper limit (write warn below fail)"),
        (spec(tests="\n  t: { users: 1, duration: 1m, abort: { p95: { warn: 1s } } }"), "10:48: PS327 abort ends the test, so it has no level that warns (write the one value that ends it)"),
        (spec(environments="\n  local: { url: http://x, protected: { abort: { error_rate: { warn: 1%, fail: 2% } } } }"), "4:63: PS327 abort ends the test, so it has no level that warns (write the one value that ends it)"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant(text: str, line: str | None) -> None:
    if line is None:
        assert codes(text) == ["PS323", "PS323"]
    else:
        assert told(text) == [line]
