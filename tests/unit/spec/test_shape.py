"""One mistake is one line, at its place, with what would fit."""

from __future__ import annotations

import pytest

from tests.specs import codes, spec, told


def endpoint(keys: str) -> str:
    return spec(endpoints=f"\n  home: {{ {keys} }}")


def one_test(keys: str) -> str:
    return spec(tests=f"\n  smoke: {{ {keys} }}")


def slo(limits: str) -> str:
    return one_test(f"users: 5, duration: 2m, slo: {{ {limits} }}")


def persona(keys: str) -> str:
    return spec(personas=f"\n  reader: {{ weight: 1, {keys} }}")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        # missing and unknown keys
        (endpoint("timeout: 5s"), "6:3: PS109 an endpoint needs one of request, websocket, socketio"),
        (endpoint("requests: GET /"), "6:11: PS102 unknown key 'requests' (did you mean 'request'?)"),
        (endpoint("request: GET /, timeuot: 5s"), "6:27: PS102 unknown key 'timeuot' (did you mean 'timeout'?)"),
        (endpoint("request: GET /, expect: { staus: 200 }"), "6:37: PS102 unknown key 'staus' (did you mean 'status'?)"),
        (endpoint("request: GET /, expect: { p95: 1s }"), "6:37: PS102 unknown key 'p95' (keys here are status, json, headers, body)"),
        # words of other tools
        (slo("http_req_duration: 300ms"), "10:43: PS102 unknown key 'http_req_duration' (did you mean 'p95'?)"),
        (slo("http_req_failed: 1%"), "10:43: PS102 unknown key 'http_req_failed' (did you mean 'error_rate'?)"),
        (one_test("vus: 5, duration: 2m"), "10:12: PS102 unknown key 'vus' (did you mean 'users'?)"),
        (one_test("arrivalRate: 5, duration: 2m"), "10:12: PS102 unknown key 'arrivalRate' (did you mean 'arrivals'?)"),
        (one_test("phases: []"), "10:12: PS102 unknown key 'phases' (did you mean 'stages'?)"),
        (spec(phases="[]"), "11:1: PS102 unknown key 'phases' (did you mean 'tests'?)"),
        (spec(scenarios="{}"), "11:1: PS102 unknown key 'scenarios' (did you mean 'personas'?)"),
        (spec(thresholds="{}"), "11:1: PS102 unknown key 'thresholds' (did you mean 'slo'?)"),
        (endpoint("request: GET /, checks: {}"), "6:27: PS102 unknown key 'checks' (did you mean 'expect'?)"),
        (spec(checks="{}"), "11:1: PS102 unknown key 'checks' (here it is called expect, and stands at an endpoint)"),
        (persona("journey: [home], sleep: 1s"), "8:41: PS102 unknown key 'sleep' (did you mean 'think'?)"),
        (persona("journey: [home, sleep: 1s]"), "8:40: PS201 there is no endpoint and no word of steps 'sleep' (did you mean 'think'?)"),
        (slo("errors: { timeouts: 1% }"), "10:53: PS102 unknown key 'timeouts' (did you mean 'timeout'?)"),
        (one_test("arrivals: 5/s, duration: 2m, users: 1"), "10:3: PS109 arrivals excludes users"),
        # kinds
        (spec(endpoints="\n  - home: { request: GET / }"), "6:3: PS103 endpoints is a list (it is a mapping: write its keys without dashes)"),
        (persona("journey: { home: {} }"), "8:33: PS103 journey is a mapping (it is a list: begin each entry with a dash)"),
        (endpoint("request: GET /, slo: 300ms"), "6:32: PS103 slo is '300ms' (it is a mapping, such as slo: { p95: 300ms })"),
        (one_test("users: 5, duration: 2m, every_step: yes"), "10:48: PS103 every_step is 'yes' (it is true or false, such as every_step: true)"),
        (endpoint("request: GET /, headers: { A: [1] }"), "6:41: PS103 A is a list (it is text or a number or true or false, such as headers: { X-Trace: abc })"),
        (spec(objectives="\n  o: { slo: { p95: 1s }, requirement: 11.2 }"), '12:39: PS103 requirement is 11.2 (it is text: write "11.2" in quotes)'),
        (slo("p95: [1s]"), "10:43: PS103 p95 is a list (write a duration such as 300ms, or { warn: 300ms, fail: 500ms })"),
        (persona("journey: [home, 5]"), "8:40: PS103 journey[1] is 5 (write an endpoint's name, or a mapping with one of group, mix, think, set, call, connect, receive, stream, close)"),
        # choices, names, forms
        (spec(perfspec="2"), "1:11: PS105 version 2 of the language is not known (write perfspec: 1)"),
        (one_test("users: 5, duration: 2m, during: holds"), "10:44: PS105 during is 'holds' (did you mean 'hold'?)"),
        (spec(sequences="\n  default: [smoke: { on_fail: halt }]"), "12:31: PS105 on_fail is 'halt' (it is continue or stop)"),
        (spec(tests="\n  Smoke-Test: { users: 5, duration: 2m }"), "10:3: PS106 'Smoke-Test' is no name: small letters, digits and _, a letter first (write smoke_test)"),
        (persona("journey: [home, listItems]"), "8:40: PS106 'listItems' is no name: small letters, digits and _, a letter first (write list_items)"),
        (endpoint("request: /"), "6:20: PS107 request is '/' (write a method and a path, such as GET /books/{book_id})"),
        (endpoint("request: GET /, expect: { status: 2x }"), "6:45: PS107 status is '2x' (write a status such as 200, or a class: 2xx)"),
        (persona("journey: [call: sign]"), "8:40: PS107 call is 'sign' (write module:function, such as helpers:sign)"),
        (spec(environments="\n  local: { url: localhost }"), "4:17: PS107 url is 'localhost' (write a URL such as https://api.example.com, or ${NAME})"),
        (spec(environments="\n  local: { url: 'http://[::1' }"), "4:17: PS107 url is 'http://[::1' (write a URL such as https://api.example.com, or ${NAME})"),
        (spec(environments="\n  local: { url: 'http://127.0.0.1:port' }"), "4:17: PS107 url is 'http://127.0.0.1:port' (write a URL such as https://api.example.com, or ${NAME})"),
        (spec(environments="\n  local: { url: 'http://127.0.0.1:65536' }"), "4:17: PS107 url is 'http://127.0.0.1:65536' (write a URL such as https://api.example.com, or ${NAME})"),
        (spec(environments="\n  local: { url: http://x, allow_hosts: ['y:0'] }"), "4:41: PS107 allow_hosts[0] is 'y:0' (write a host such as uploads.example.com)"),
        (endpoint("request: GET /, headers: { X A: b }"), "6:38: PS106 'X A' is no name of a header (write letters, digits and -, such as X-Trace)"),
        (endpoint("request: GET /, headers: { '': b }"), "6:38: PS106 '' is no name of a header (write letters, digits and -, such as X-Trace)"),
        (endpoint("request: GET /, expect: { headers: { 'A:': b } }"), "6:48: PS106 'A:' is no name of a header (write letters, digits and -, such as X-Trace)"),
        (endpoint("request: GET /, capture: { a: { header: X A } }"), "6:51: PS107 header is 'X A' (write letters, digits and -, such as X-Trace)"),
        (endpoint('request: GET /, headers: { A: "b\\nc" }'), "6:41: PS107 A has a line break (the value of a header is one line)"),
        (persona('journey: [home], auth: { header: { A: "b\\r" } }'), "8:62: PS107 A has a line break (the value of a header is one line)"),
        (spec(environments="\n  local: { url: 'http://127.0.0.1/?version=2' }"), "4:17: PS107 url is 'http://127.0.0.1/?version=2' (write a URL such as https://api.example.com, or ${NAME})"),
        (spec(environments="\n  local: { url: 'http://127.0.0.1/#books' }"), "4:17: PS107 url is 'http://127.0.0.1/#books' (write a URL such as https://api.example.com, or ${NAME})"),
        (spec(environments="\n  local: { url: '${URL' }"), "4:17: PS107 url is '${URL' (write a URL such as https://api.example.com, or ${NAME})"),
        # bounds and combinations
        (persona("journey: []"), "8:24: PS108 journey is empty (such as journey: [home, search])"),
        (endpoint("request: GET /, redirects: 99"), "6:38: PS108 redirects is 99 (it must be at most 50)"),
        (spec(name="''"), "2:7: PS108 name is empty (such as name: bookshop)"),
        (endpoint("request: GET /, expect: { status: 600 }"), "6:45: PS108 status is 600 (it must be at most 599)"),
        (endpoint("request: GET /, expect: { status: [200, 99] }"), "6:51: PS108 status[1] is 99 (it must be at least 100)"),
        (endpoint("request: GET /, expect: { body: { contains: '' } }"), "6:55: PS108 contains is empty (such as contains: Welcome)"),
        (endpoint("request: GET /, expect: { json: { $.a: { matches: '' } } }"), "6:61: PS108 matches is empty (such as matches: '^[0-9]+$')"),
        (endpoint("request: GET /, query: { '': b }"), "6:36: PS108 a key is empty (write its name, or leave it out)"),
        (spec(name="x" * 101), "2:7: PS108 name is longer than 100"),
        (one_test("users: 5"), "10:3: PS109 a test needs users and duration, arrivals and duration, or stages"),
        (one_test("users: 5, duration: 2m, stages: [{ users: 5, hold: 1m }]"), "10:3: PS109 stages excludes users and duration"),
        (endpoint("request: POST /, json: {}, text: a"), "6:3: PS109 json and text exclude each other: a body has one of them"),
        (persona("journey: [home], users: 2"), "8:3: PS109 weight and users exclude each other: a persona's size has one of them"),
        (endpoint("request: GET /, expect: { json: { $.n: { exists: false, min: 3 } } }"), "6:45: PS109 exists stands alone: every other condition needs something that is there"),
        (endpoint("request: GET /, capture: { a: { optional: true } }"), "6:38: PS109 a capture needs one of json, header, cookie, regex, status"),
        (slo("p95: {}"), "10:43: PS109 write warn, fail or both"),
        # no value
        (slo("p95: "), "10:43: PS111 p95 has no value (such as p95: 300ms)"),
        (endpoint("request: GET /, headers: { A: }"), "6:38: PS111 A has no value (such as headers: { X-Trace: abc })"),
        (spec(data=""), "11:1: PS111 data has no value (such as data: { accounts: { csv: accounts.csv, pick: unique } })"),
    ],
)  # fmt: skip
def test_one_mistake_is_one_line(text: str, line: str) -> None:
    assert told(text) == [line]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (endpoint("request: GET /, timeout: 300"), "300 has no unit (write 300ms or 300s)"),
        (endpoint("request: GET /, timeout: 1.5"), "1.5 has no unit (write 1.5ms or 1.5s)"),
        (endpoint("request: GET /, timeout: 5 min"), "'5 min' is no duration (write 5m)"),
        (endpoint("request: GET /, timeout: 300 ms"), "'300 ms' is no duration (write 300ms)"),
        (endpoint("request: GET /, timeout: 2 Seconds"), "'2 Seconds' is no duration (write 2s)"),
        (slo("p95: < 300ms"), "'< 300ms' is no duration (write 300ms)"),
        (slo("p95: <=2s"), "'<=2s' is no duration (write 2s)"),
        (slo("p95: soon"), "'soon' is no duration (write it with a unit, such as 300ms, 2s, 5m or 1h30m)"),
        (slo("error_rate: 0.05"), "0.05 has no unit (write 5%)"),
        (slo("error_rate: 5"), "5 has no unit (write 5%)"),
        (slo("error_rate: 1"), "1 has no unit (write 1% or 100%)"),
        (slo("error_rate: 101%"), "'101%' is no share (write it as a percentage from 0% to 100%, such as 20%)"),
        (slo("throughput: 50"), "50 has no unit (write 50/s)"),
        (slo("throughput: 50 rps"), "'50 rps' is no rate (write 50/s)"),
        (slo("throughput: 600/minute"), "'600/minute' is no rate (write 600/min)"),
        (one_test("users: 10 users, duration: 2m"), "'10 users' is no whole number (write 10)"),
        (one_test("users: 1.5, duration: 2m"), "1.5 is no whole number (write one, such as 10, or ${NAME})"),
        (persona("think: 1-5s, journey: [home]"), "'1-5s' is no duration (write 1s..5s)"),
        (persona("think: 1s - 5s, journey: [home]"), "'1s - 5s' is no duration (write 1s..5s)"),
        (persona("think: 2, journey: [home]"), "2 has no unit (write 2ms or 2s)"),
        (persona("think: 5s..1s, journey: [home]"), "'5s..1s' begins above its end"),
        (persona("journey: [home: { times: 1-3 }]"), "'1-3' is no count (write a whole number or a range, such as 3 or 1..3)"),
        (spec(data="\n  f: { files: { a: { size: 50 } } }"), "50 has no unit (write 50KB or 50B)"),
        (spec(data="\n  f: { files: { a: { size: 50kb } } }"), "'50kb' is no size (write 50KB)"),
        (slo("p95: true"), "this is no quantity (write a duration with its unit, such as 300ms, 2s, 5m or 1h30m)"),
    ],
)  # fmt: skip
def test_a_quantity_says_which_unit_fits(text: str, hint: str) -> None:
    (line,) = told(text)
    assert line.split(" ", 1)[1].startswith("PS104 ")
    assert line.endswith(f": {hint}")


def test_all_mistakes_are_told_at_once_shape_and_names_together() -> None:
    text = spec(
        endpoints="\n  home: { request: GET /, timeout: 5 }"
        "\n  item: { request: 'GET /{id}', expect: { staus: 200 } }",
        personas="\n  reader: { weight: 0, data: nobody, journey: [home, itme, {think: 5}] }",
        tests="\n  smoke: { users: 5, duration: 2, slo: { p95: { warn: 2s, fail: 1s } } }",
        sequences="\n  default: [smok]",
        objectives="\n  o: { where: { tags: [x] }, slo: { p95: fast } }",
    )
    assert codes(text) == [
        "PS104", "PS213", "PS102", "PS108", "PS202", "PS201", "PS104", "PS104", "PS328", "PS204",
        "PS207", "PS104",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        spec(endpoints="\n  home: { request: GET, capture: { token: $.t } }\n  other: { request: GET /, json: '{{ token }}' }",
             personas="\n  reader: { weight: 1, journey: [home, other], auth: { bearer: 5 } }"),
        spec(endpoints="\n  home: { request: GET /, capture: [token] }\n  other: { request: GET /, json: '{{ token }}' }",
             personas="\n  reader: { weight: 1, journey: [home, other] }"),
        spec(endpoints="5"),
        spec(personas="\n  reader: { weight: 1, journey: [hom e], data: users }", data="\n  users: { csv: 5 }"),
        spec(tests="\n  smoke: { user: 5, duration: 2m }", sequences="\n  default: [smoke]"),
        spec(environments="\n  local: { uri: http://x }", sequences="\n  s: { environment: local, tests: [smoke] }"),
        spec(endpoints="\n  home: { request: GET /, tags: [a, 5] }", objectives="\n  o: { where: { tags: a }, slo: { p95: 1s } }"),
    ],
)  # fmt: skip
def test_nothing_follows_from_a_part_that_was_refused(text: str) -> None:
    assert {code[:3] for code in codes(text)} == {"PS1"}


def test_each_mistake_of_a_broken_file_is_told_without_its_sections() -> None:
    assert codes("perfspec: 1\n") == ["PS101"] * 5
    assert codes("[1, 2]") == ["PS103"]
    assert codes("text") == ["PS103"]
