"""Names in templates: defined, captured before they are used, and with the keys that they have."""

from __future__ import annotations

import pytest

from tests.specs import codes, spec, told

DATA = "\n  users: { generate: { email: 'u{1..9}@example.com', pin: '${PIN_X:-1}' } }\n  rows: { csv: a.csv }"


def with_data(body: str, persona: str = "data: users") -> str:
    return spec(
        data=DATA,
        endpoints=f"\n  home: {{ request: POST /, json: {{ a: {body}, rows: '{{{{ rows.x }}}}' }} }}",
        personas=f"\n  reader: {{ weight: 1, journey: [home], {persona} }}",
    )


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("'{{ user.email }} {{ environment.url }} {{ users.pin }} {{ uuid() }}'", None),
        ("'{{ user }}'", None),
        ("'{{ user.mail }}'", "6:43: PS211 data 'users' has no 'mail' (did you mean 'email'?)"),
        ("'{{ users.mail }}'", "6:43: PS211 data 'users' has no 'mail' (did you mean 'email'?)"),
        ("'{{ environment.host }}'", "6:43: PS211 environment has no 'host' (there is name, url)"),
        ("'{{ email }}'", "6:43: PS210 'email' is not defined (a column of the persona's data is user.email)"),
        ("'{{ HOST }}'", "6:43: PS210 'HOST' is not defined (a variable of the environment is ${HOST})"),
        ("'{{ usr.email }}'", "6:43: PS210 'usr' is not defined (did you mean 'user'?)"),
        ("'x {{ zzz }}'", "6:45: PS210 'zzz' is not defined (no endpoint captures it and no step sets it)"),
        ("[[{ b: '{{ zzz }}' }]]", "6:50: PS210 'zzz' is not defined (no endpoint captures it and no step sets it)"),
        ("{ '{{ zzz }}': 1 }", "6:41: PS210 'zzz' is not defined (no endpoint captures it and no step sets it)"),
        ("'{{ user.email | uper }}'", "6:56: PS320 there is no filter 'uper' (did you mean 'upper'?)"),
        ("'{{ user.email '", "6:54: PS320 expected }}, found the end (the hole is never closed)"),
        ("'${not a name}'", "6:40: PS320 ${ begins a variable of the environment, and this is none (${NAME} or ${NAME:-default}; $${ is literal)"),
        ("'$${ anything } {{ \"{{\" }}'", None),
    ],
)  # fmt: skip
def test_names_in_a_body(body: str, line: str | None) -> None:
    assert told(with_data(body)) == ([line] if line else [])


def test_the_row_of_a_file_may_have_any_column() -> None:
    text = spec(
        data="\n  rows: { csv: a.csv }",
        endpoints="\n  home: { request: 'GET /{{ user.anything }}/{{ rows.more }}' }",
        personas="\n  reader: { weight: 1, journey: [home], data: rows }",
    )
    assert told(text) == []


def test_a_persona_without_data_has_no_row() -> None:
    (line,) = told(with_data("'{{ user.email }}'", "think: 1s"))
    assert line == (
        "6:43: PS210 persona 'reader' has no data, so 'user' is not defined for it "
        "(give reader data: NAME)"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (spec(hooks="{ before: { run: 'x {{ environment.url }} {{ user.email }}' } }"), "11:53: PS210 'user' is not defined (a hook knows only environment)"),
        (spec(hooks="{ after: { run: x, verify: '{{ environment.urk }}' } }"), "11:39: PS211 environment has no 'urk' (did you mean 'url'?)"),
        (spec(environments="\n  local: { url: http://x, services: { a: { run: '{{ token }}' } } }"), "4:53: PS210 'token' is not defined (a service knows only environment)"),
        (spec(data="\n  d: { generate: { a: '{{ uuid() }}{{ x }}' } }", personas="\n  reader: { weight: 1, data: d, journey: [home] }"), "12:39: PS210 'x' is not defined (generated data refers to nothing)"),
        (spec(defaults="{ headers: { A: '{{ tokn }}' } }", endpoints="\n  home: { request: GET /, capture: { token: $.t } }"), "11:31: PS210 'tokn' is not defined (did you mean 'token'?)"),
        (spec(endpoints="\n  home: { request: GET /, expect: { json: { $.a: '{{ zzz }}' } } }"), "6:54: PS210 'zzz' is not defined (no endpoint captures it and no step sets it)"),
        (spec(endpoints="\n  home: { request: GET /, poll: { request: GET /, until: { headers: { A: '{{ zzz }}' } } } }"), "6:78: PS210 'zzz' is not defined (no endpoint captures it and no step sets it)"),
        (spec(personas="\n  reader: { weight: 1, journey: [home: { only_if: zzz > 1 }] }"), "8:51: PS210 'zzz' is not defined (no endpoint captures it and no step sets it)"),
        (spec(personas="\n  reader: { weight: 1, journey: [home: { only_if: '{{ 1 > 0 }}' }] }"), "8:51: PS320 an expression stands here without braces (write 1 > 0)"),
        (spec(personas="\n  reader: { weight: 1, journey: [home: { only_if: 1 > }] }"), "8:54: PS320 expected a value, found the end"),
        (spec(personas="\n  reader: { weight: 1, journey: [set: { a: '{{ zzz }}' }, home] }"), "8:48: PS210 'zzz' is not defined (no endpoint captures it and no step sets it)"),
        (spec(personas="\n  reader: { weight: 1, journey: [home], auth: { bearer: x, expires_in: zzz } }"), "8:72: PS210 'zzz' is not defined (no endpoint captures it and no step sets it)"),
        (spec(personas="\n  reader: { weight: 1, journey: [home], auth: { bearer: x, expires_in: 60m } }"), None),
        (spec(personas="\n  reader: { weight: 1, journey: [call: 'a:b', home: { only_if: zzz }] }"), None),
        (spec(endpoints="\n  home: { request: GET /, description: 'costs ${5} and {{' }"), None),
    ],
)  # fmt: skip
def test_names_elsewhere(text: str, line: str | None) -> None:
    assert told(text) == ([line] if line else [])


def life(journey: str, more: str = "") -> str:
    """Endpoints: login captures token and id, item uses id, more uses token and captures next."""
    return spec(
        endpoints="\n  login: { request: POST /, capture: { token: $.t, id: { json: $.i, optional: true } } }"
        "\n  item: { request: 'GET /{{ id }}' }"
        "\n  more: { request: GET /m, headers: { A: '{{ token }}' }, query: { n: '{{ next }}' }, capture: { next: $.n } }"
        "\n  refresh: { request: POST /r, json: '{{ token }}', capture: { token: $.t } }"
        "\n  job: { request: POST /j, capture: { job: $.j }, poll: { request: 'GET /{job}', until: { json: { $.s: '{{ job }}' } }, capture: { url: $.u } } }"
        "\n  put: { request: 'PUT {{ url }}', text: x }",
        personas=f"\n  p: {{ weight: 1, journey: [{journey}]{more} }}"
        "\n  q: { weight: 1, journey: [login, item, more, refresh, job, put] }",
    )


@pytest.mark.parametrize(
    ("journey", "more"),
    [
        ("login, item, more", ""),
        ("item, more", ", on_start: [login]"),
        ("item", ", on_start: [login], on_stop: [item]"),
        ("mix: { login: 1, job: 2 }, item, put", ""),
        ("mix: { login: 1, item: 2 }", ", on_start: [login]"),
        ("login: { chance: 1%, only_if: token }, item", ""),
        ("{ group: g, times: 2, steps: [item, login] }", ""),
        ("{ group: g, steps: [login, { group: h, steps: [item] }] }, item", ""),
        ("login, set: { next: 0 }, more", ""),
        ("login, more: { set: { next: 0 } }", ""),
        ("login: { only_if: not token }, more", ""),
        ("more", ", on_start: [login]"),
        ("job, put", ""),
        ("more", ", auth: { bearer: '{{ token }}', renew_with: [login] }"),
        ("login, more", ", auth: { bearer: '{{ token }}', renew_with: [refresh] }"),
        ("call: 'a:b', item", ""),
        ("set: { id: '{{ id | default(1) }}' }, item", ""),
    ],
)
def test_captured_in_time(journey: str, more: str) -> None:
    assert told(life(journey, more)) == []


@pytest.mark.parametrize(
    ("journey", "more", "line"),
    [
        ("item, login", "", "13:29: PS212 item uses 'id', which no step of persona 'p' before it can have captured (login captures it, but later)"),
        ("job, item", "", "13:34: PS212 item uses 'id', which no step of persona 'p' before it can have captured (login captures it: call that before)"),
        ("{ group: g, steps: [item, login] }", "", "13:49: PS212 item uses 'id', which no step of persona 'p' before it can have captured (login captures it, but later)"),
        ("item: { times: 3 }", "", "13:29: PS212 item uses 'id', which no step of persona 'p' before it can have captured (login captures it: call that before)"),
        ("mix: { login: 1, item: 2 }", "", "13:46: PS212 item uses 'id', which no step of persona 'p' before it can have captured (login captures it, but later)"),
        ("refresh, login", "", "13:29: PS212 refresh uses 'token', which no step of persona 'p' before it can have captured (login captures it, but later)"),
        ("put, job", "", "13:29: PS212 put uses 'url', which no step of persona 'p' before it can have captured (job captures it, but later)"),
        ("login", ", on_stop: [item]", "13:47: PS212 item uses 'id', which no step of persona 'p' before it can have captured (what the journey captures ends with it: call login in on_start)"),
        ("job", ", on_start: [item]", "13:46: PS212 item uses 'id', which no step of persona 'p' before it can have captured (login captures it: call that before)"),
        ("job", ", auth: { bearer: '{{ token }}' }", "13:35: PS212 no step of persona 'p' captures 'token' (login or refresh captures it: call that before)"),
        ("set: { a: '{{ id }}' }, login", "", "13:29: PS212 set uses 'id', which no step of persona 'p' before it can have captured (login captures it, but later)"),
    ],
)  # fmt: skip
def test_captured_too_late(journey: str, more: str, line: str) -> None:
    found = told(life(journey, more))
    assert line in found
    assert all(" PS212 " in each for each in found)


def test_what_like_copies_is_told_where_it_is_written() -> None:
    text = spec(
        endpoints="\n  a: { request: GET /, capture: { x: $.x } }\n  b: { request: 'GET /{{ x }}' }",
        personas="\n  p: { weight: 1, journey: [b, a] }\n  q: { weight: 1, like: p }\n  r: { weight: 1, like: p, on_start: [a] }",
    )
    assert [line.split(" ")[0] for line in told(text)] == ["9:29:"]


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ("without: { tags: slow }", ["PS214"]),
        ("only: { tags: [fast] }", ["PS214"]),
        ("only: { tags: [fast, slow] }", []),
        ("without: { tags: [fast] }", []),
    ],
)
def test_a_filter_may_take_away_what_the_rest_needs(keys: str, found: list[str]) -> None:
    text = spec(
        endpoints="\n  a: { request: GET /, tags: [slow], capture: { x: $.x } }\n  b: { request: 'GET /{{ x }}', tags: [fast] }",
        personas="\n  p: { weight: 1, journey: [a, b] }",
        tests=f"\n  t: {{ users: 1, duration: 1m, {keys} }}",
    )
    assert codes(text) == found
    started = text.replace("journey: [a, b]", "on_start: [a], journey: [a, b]")
    assert codes(started) == []
