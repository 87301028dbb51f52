"""Diagnostics of what is well written and cannot be meant."""

from __future__ import annotations

from typing import Final

from perfspec.spec.codes.rule import Rule

MEANING: Final = (
    Rule(
        "PS320",
        "An expression that cannot be read",
        "What stands in `{{ … }}`, in `only_if` or as `${NAME}` is not of the expression "
        "language, or names a filter or function that there is none of. `only_if` has no "
        "braces.",
        'json: { name: "{{ user.name | uper }}" }',
        'json: { name: "{{ user.name | upper }}" }',
    ),
    Rule(
        "PS321",
        "Not a JSON path",
        "JSON paths (RFC 9535) begin with `$`. Inside of `{ … }`, one with brackets stands "
        "in quotes.",
        "capture: { token: token }",
        "capture: { token: $.token }",
    ),
    Rule(
        "PS322",
        "Not a regular expression",
        "`matches` and `regex` are regular expressions as Python has them.",
        "body: { matches: 'Welcome (back' }",
        "body: { matches: 'Welcome \\(back' }",
    ),
    Rule(
        "PS323",
        "A name that is taken",
        "Endpoints cannot be called like words of steps (`group`, `think` …), data and "
        "variables not like namespaces (`user`, `environment`, a data source) or words of "
        "expressions.",
        "capture: { user: $.user }",
        "capture: { user_id: $.user.id }",
    ),
    Rule(
        "PS324",
        "A persona without a journey, or with two",
        "A persona has a `journey` or a `mix`, of its own or from the one that it is `like`.",
        "reader: { weight: 1, on_start: [login] }",
        "reader: { weight: 1, on_start: [login], journey: [home] }",
    ),
    Rule(
        "PS326",
        "A host that no environment allows",
        "Requests go to the host of the environment's `url` and to its `allow_hosts`, and "
        "nowhere else.",
        "local: { url: http://127.0.0.1:8801 }",
        "local: { url: http://127.0.0.1:8801, allow_hosts: [covers.example.com] }",
    ),
    Rule(
        "PS327",
        "`abort` or `stop_when` with a warning",
        "`abort` and `stop_when` end the test: they have one value for each metric.",
        "abort: { error_rate: { warn: 5%, fail: 10% } }",
        "abort: { error_rate: 10% }",
    ),
    Rule(
        "PS328",
        "A warning that never comes first",
        "`warn` must be reached before `fail`: below it for an upper limit, above it for a "
        "lower one (`availability`, `success_rate`, `throughput`).",
        "p95: { warn: 700ms, fail: 500ms }",
        "p95: { warn: 500ms, fail: 700ms }",
    ),
    Rule(
        "PS329",
        "A part that is no part",
        "A part of a multipart body is text or a file.",
        "multipart: { photo: { file: cover.png } }",
        "multipart: { photo: { path: cover.png, type: image/png } }",
    ),
    Rule(
        "PS331",
        "A test twice in a sequence",
        "A run has one result for each test.",
        "default: [smoke, smoke]",
        "default: [smoke, load]",
    ),
    Rule(
        "PS332",
        "An unknown time zone",
        "A window in no known zone could not be kept.",
        "window: Sun 02:00-05:00 Europe/Zuerich",
        "window: Sun 02:00-05:00 Europe/Zurich",
    ),
    Rule(
        "PS333",
        "Needs a test that has not run yet",
        "Tests of a sequence run in their order; one can need only what stands before it.",
        "nightly: [soak: { needs: [load] }, load]",
        "nightly: [load, soak: { needs: [load] }]",
    ),
    Rule(
        "PS341",
        "Users and arrivals in one test",
        "A test has a number of users, who go round as fast as the target lets them, or journeys "
        "that start at a rate whatever it does. The numbers of the two cannot be compared.",
        "stages: [{ users: 10, hold: 5m }, { arrivals: 20/s, hold: 5m }]",
        "stages: [{ arrivals: 10/s, hold: 5m }, { arrivals: 20/s, hold: 5m }]",
    ),
    Rule(
        "PS342",
        "Arrivals without max_users",
        "A target that answers slowly needs more and more users; `max_users` is where this ends.",
        "load: { arrivals: 10/s, duration: 5m }",
        "load: { arrivals: 10/s, duration: 5m, max_users: 200 }",
    ),
    Rule(
        "PS343",
        "Only for arrivals",
        "`max_users` and `finish_within` belong to journeys that arrive at a rate.",
        "load: { users: 10, duration: 5m, max_users: 20 }",
        "load: { users: 10, duration: 5m }",
    ),
    Rule(
        "PS344",
        "A number of users where journeys arrive",
        "Journeys are shared out by weight; a persona's own `users` says nothing about them.",
        "admin: { users: 2, journey: [home] }      # in a test with arrivals",
        "admin: { weight: 2, journey: [home] }",
    ),
    Rule(
        "PS345",
        "A limit on journeys where there are none",
        "`journeys`, `journey_error_rate` and `dropped` are about whole journeys, of which an "
        "endpoint, a poll or a group is only a part.",
        "home: { request: GET /, slo: { dropped: 0% } }",
        "load: { arrivals: 10/s, duration: 5m, max_users: 200, slo: { dropped: 0% } }",
    ),
    Rule(
        "PS346",
        "A search that finds nothing",
        "`users: { search: 10..500 }` is the only stage of its test, holds every level that it "
        "tries, and needs `stop_when` to know which of them are too high.",
        "stages: [{ users: { search: 10..500 }, hold: 1m }]",
        "stages: [{ users: { search: 10..500 }, hold: 1m }]\nstop_when: { error_rate: 5% }",
    ),
    Rule(
        "PS351",
        "A waiver that has ended",
        "A waiver lets a known regression pass until a day. After it, nobody may go on as if "
        "nothing were wrong.",
        "- { endpoint: home, until: 2020-01-31, reason: new provider, owner: team-home }",
        "- { endpoint: home, until: 2099-01-31, reason: new provider, owner: team-home }",
    ),
    Rule(
        "PS334",
        "Not of this protocol",
        "Socket.IO emits events, and an acknowledgement is a callback or an event; a WebSocket "
        "sends text and bytes, and what it receives is told apart by what stands in it.",
        "websocket: /chat, messages: { hello: { emit: hello } }",
        "websocket: /chat, messages: { hello: { send: { text: hello } } }",
    ),
    Rule(
        "PS335",
        "A latency without an end",
        "A message takes from sending to its acknowledgement; without `ack` nobody can say how "
        "long it took.",
        "ping: { send: { text: ping }, slo: { p95: 300ms } }",
        "ping: { send: { text: ping }, ack: next, slo: { p95: 300ms } }",
    ),
    Rule(
        "PS361",
        "A limit that is about a whole test",
        "`recovery_time`, `degradation`, `growth` and `capacity` are found out over a whole test: "
        "they stand in the `slo` of a test, an environment, the root or an objective.",
        "abort: { recovery_time: 5m }",
        "slo: { recovery_time: 5m }",
    ),
)
