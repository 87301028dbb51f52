"""Diagnostics of names that mean nothing."""

from __future__ import annotations

from typing import Final

from perfspec.spec.codes.rule import Rule

REFERENCES: Final = (
    Rule(
        "PS201",
        "No such endpoint",
        "Steps, mixes, `renew_with` and selectors name endpoints of this spec.",
        "journey: [home, serch]",
        "journey: [home, search]",
    ),
    Rule(
        "PS202",
        "No such data",
        "`data` of a persona and `secrets` name data sources of this spec.",
        "data: student",
        "data: students",
    ),
    Rule(
        "PS203",
        "No such persona",
        "Tests, `like` and selectors name personas of this spec.",
        "personas: { studnet: 95, teacher: 5 }",
        "personas: { student: 95, teacher: 5 }",
    ),
    Rule(
        "PS204",
        "No such test",
        "Sequences, selectors and `protected` name tests of this spec.",
        "default: [smok, load]",
        "default: [smoke, load]",
    ),
    Rule(
        "PS205",
        "No such environment",
        "Sequences and selectors name environments of this spec.",
        "environment: prod",
        "environment: production",
    ),
    Rule(
        "PS206",
        "`like` goes over one level",
        "A persona takes keys from another one that writes its own, so that a reader looks "
        "in two places at most.",
        "returning_buyer: { like: buyer }      # which is like: reader",
        "returning_buyer: { like: reader }",
    ),
    Rule(
        "PS207",
        "A selector that matches nothing",
        "An objective about no request at all would never fail. Tags, file classes and "
        "combinations of keys must match something.",
        "where: { tags: [critcal] }",
        "where: { tags: [critical] }",
    ),
    Rule(
        "PS208",
        "Rows where files belong, or files where rows belong",
        "`{ from: NAME }` in a body takes a file of a data source with `files:`; a persona's "
        "`data` is a source of rows.",
        "multipart: { photo: { from: readers } }",
        "multipart: { photo: { from: photos } }",
    ),
    Rule(
        "PS210",
        "A name that is not defined",
        "In templates there are `user` (the row of the persona's data), the data sources, "
        "`environment`, and what endpoints capture or steps set. Hooks and services know "
        "only `environment`.",
        'headers: { X-Token: "{{ tokn }}" }',
        'headers: { X-Token: "{{ token }}" }',
    ),
    Rule(
        "PS211",
        "No such column",
        "Generated data has the columns that are written; `environment` has `url` and `name`.",
        'json: { email: "{{ user.mail }}" }',
        'json: { email: "{{ user.email }}" }',
    ),
    Rule(
        "PS212",
        "Used before it can be captured",
        "In the order of a user's life (`on_start`, then `journey`) no step before this one "
        "captures the variable, so it would always be null. What a journey captures ends "
        "with it.",
        "journey: [read_book, list_books]",
        "journey: [list_books, read_book]",
    ),
    Rule(
        "PS213",
        "Path parameters that do not match",
        "Every `{name}` in the request has its value in `path`, and every key of `path` "
        "stands in the request. Other braces would be sent as they are.",
        "request: GET /books/{book_id}\npath: { book: 7 }",
        "request: GET /books/{book_id}\npath: { book_id: 7 }",
    ),
    Rule(
        "PS214",
        "A filter that leaves out what the rest needs",
        "`only` and `without` of a test take a step away that captures what another one "
        "uses. `on_start` and `renew_with` always stay.",
        'list_books: { request: GET /books, tags: [slow], capture: { ids: "$[*].id" } }',
        'list_books: { request: GET /books, capture: { ids: "$[*].id" } }',
    ),
    Rule(
        "PS215",
        "No such monitor, or no such series of it",
        "Limits on monitors name `MONITOR.SERIES`. `process`, `host` and `postgres` have the "
        "series that are listed in the description of the language, the others those of their "
        "`series`.",
        "slo: { monitors: { api.cpuu: 90% } }",
        "slo: { monitors: { api.cpu: 90% } }",
    ),
    Rule(
        "PS216",
        "No such service",
        "`process: services.NAME` names a service of some environment, or of the one that it "
        "stands in.",
        "monitors: { api: { process: services.apo } }",
        "monitors: { api: { process: services.api } }",
    ),
    Rule(
        "PS217",
        "A step for something else",
        "`connect`, `receive` and `close` name a connection (an endpoint with `websocket` or "
        "`socketio`), `stream` and plain steps name its messages, and requests are called by "
        "their name alone.",
        "journey: [connect: chat, chat]",
        "journey: [connect: chat, chat.hello]",
    ),
    Rule(
        "PS218",
        "Not connected",
        "In the order of a user's life (`on_start`, then `journey`) no step before this one "
        "opens the connection that it needs. What a journey opens ends with it.",
        "journey: [chat.hello]",
        "journey: [connect: chat, chat.hello]",
    ),
    Rule(
        "PS250",
        "A variable that is not set",
        "`${NAME}` is in use in what is to run, and neither in the environment nor given a "
        "default. `lint` needs no variable.",
        "url: ${BOOKSHOP_URL}",
        "url: ${BOOKSHOP_URL:-http://127.0.0.1:8801}",
    ),
)
