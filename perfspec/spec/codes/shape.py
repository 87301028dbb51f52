"""Diagnostics of keys and values that the language does not have."""

from __future__ import annotations

from typing import Final

from perfspec.spec.codes.rule import Rule

SHAPE: Final = (
    Rule(
        "PS101",
        "A key is missing",
        "The mapping at this place cannot do without it.",
        "local: { allow_hosts: [cdn.example.com] }",
        "local: { url: http://127.0.0.1:8801, allow_hosts: [cdn.example.com] }",
    ),
    Rule(
        "PS102",
        "Unknown key",
        "A key that is not known would be ignored, and with it a limit. `x-` keys are free for "
        "your own use.",
        "timeuot: 10s",
        "timeout: 10s",
    ),
    Rule(
        "PS103",
        "Wrong kind of value",
        "A mapping, list, text, number or truth value stands where another kind belongs. "
        "`requirement: 11.20` is the number 11.2: identifiers stand in quotes.",
        "requirement: 11.20",
        'requirement: "11.20"',
    ),
    Rule(
        "PS104",
        "A quantity without its unit",
        "Durations, sizes, rates and shares are written with their unit, so that nobody has "
        "to know which one is meant. A limit has no sign: the metric says whether it is a "
        "lower or an upper one.",
        "slo: { p95: < 300, error_rate: 0.05 }",
        "slo: { p95: 300ms, error_rate: 5% }",
    ),
    Rule(
        "PS105",
        "None of the choices",
        "The value is one of a few words.",
        "during: holds",
        "during: hold",
    ),
    Rule(
        "PS106",
        "Not a name",
        "Names are small letters, digits and `_`, a letter first, 64 characters at most: "
        "they stand in expressions and on the command line. Names of headers are as HTTP has "
        "them, without spaces.",
        "Home-Page: { request: GET / }",
        "home_page: { request: GET / }",
    ),
    Rule(
        "PS107",
        "Not of the form that is wanted",
        "A request, URL, host, header, status class, counter, time window, secret or Python "
        "function is written in one way only.",
        "request: /books",
        "request: GET /books",
    ),
    Rule(
        "PS108",
        "Out of bounds",
        "A number is too small or too large, a text too long, more rows are generated than a load "
        "process can hold, or something is empty that must not be.",
        "journey: []",
        "journey: [home]",
    ),
    Rule(
        "PS109",
        "Keys that do not fit together",
        "Some keys exclude each other, of some one must be there, and between `min` and `max` "
        "there must be room.",
        "smoke: { users: 5, duration: 2m, stages: [{ users: 5, hold: 2m }] }",
        "smoke: { users: 5, duration: 2m }",
    ),
    Rule(
        "PS110",
        "Options beside a name, not beneath it",
        "In a list of steps or tests, options are indented further than the name that they are of.",
        "- submit:\n  chance: 20%",
        "- submit:\n    chance: 20%",
    ),
    Rule(
        "PS111",
        "A key without a value",
        "It would disarm what it names. Leave the key out, or write its value.",
        "error_rate:",
        "error_rate: 1%",
    ),
    Rule(
        "PS112",
        "Not one step",
        "Each entry of a list is one step or one test. `think` and `set` are steps of their "
        "own when they stand without an endpoint.",
        "- think: 2s\n  chance: 20%",
        "- think: 2s\n- search: { chance: 20% }",
    ),
)
