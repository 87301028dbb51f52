"""Diagnostics of text that is no YAML, or YAML that a spec has no use for."""

from __future__ import annotations

from typing import Final

from perfspec.spec.codes.rule import Rule

SYNTAX: Final = (
    Rule(
        "PS001",
        "This is no YAML",
        "The file cannot be read beyond this place: a bracket or quote is not closed, a line "
        "is not in the column of its mapping, or a value needs quotes. Only mistakes up to "
        "here are shown.",
        "say: Too slow: see the wiki",
        'say: "Too slow: see the wiki"',
    ),
    Rule(
        "PS002",
        "The file is empty",
        "There is nothing but comments in it.",
        "# perfspec: 1",
        "perfspec: 1",
    ),
    Rule(
        "PS003",
        "Not text",
        "A spec is UTF-8 without control characters: what an editor does not show must not "
        "decide. Other characters are written as they are, or escaped in double quotes.",
        'name: "half a character: \\ud83d"',
        'name: "a smile: \\U0001f600"',
    ),
    Rule(
        "PS004",
        "Too large",
        "A spec has at most 500 kB, 20,000 lines, 10,000 characters in a line and 15,000 values, "
        "aliases counted in full. Data belongs into files of its own.",
        "users: { json: [ … ten thousand rows … ] }",
        "users: { json: users.json }",
    ),
    Rule(
        "PS005",
        "Nested too deep",
        "No spec needs more than 64 levels; usually a bracket is never closed.",
        "json: [[[[[[[[…",
        "json: [[1, 2], [3, 4]]",
    ),
    Rule(
        "PS006",
        "An alias without its anchor",
        "`*name` stands for the value at `&name`, which must come before it and cannot hold "
        "the alias itself. Text that begins with `*` stands in quotes.",
        "accept: */*",
        'accept: "*/*"',
    ),
    Rule(
        "PS007",
        "A tag",
        "A spec has no tags: what a value is follows from how it is written and where it stands.",
        'users: !!int "5"',
        "users: 5",
    ),
    Rule(
        "PS008",
        "A directive or a second document",
        "A spec is one document of YAML 1.2. `%YAML 1.1` would change what `yes` and `012` mean.",
        "%YAML 1.1",
        "perfspec: 1",
    ),
    Rule(
        "PS009",
        "A key stands twice",
        "One of the two values would win without a word. The first is meant in what else is "
        "reported.",
        "slo: { p95: 300ms, p95: 500ms }",
        "slo: { p95: 300ms, p99: 500ms }",
    ),
    Rule(
        "PS010",
        "A key is no text",
        "Keys of a spec and of the bodies in it are text; JSON has no others.",
        "json: { 1: one }",
        'json: { "1": one }',
    ),
    Rule(
        "PS011",
        "A template without quotes",
        "For YAML, `{` begins a mapping. A value that begins with `{{`, or holds it inside "
        "of `{ … }`, stands in quotes.",
        "auth: { bearer: {{ token }} }",
        'auth: { bearer: "{{ token }}" }',
    ),
    Rule(
        "PS012",
        "No space after a colon",
        "For YAML, `p95:300ms` is one word.",
        "slo: {p95:300ms}",
        "slo: { p95: 300ms }",
    ),
    Rule(
        "PS013",
        "A tab",
        "YAML indents with spaces, because a tab is as wide as each editor likes.",
        "\tusers: 5",
        "  users: 5",
    ),
    Rule(
        "PS014",
        "Nothing to merge",
        "`<<` takes the keys of a mapping that stands elsewhere, or of a list of them.",
        "<<: usual",
        "<<: *usual",
    ),
    Rule(
        "PS015",
        "A number that JSON cannot carry",
        "Infinity, NaN and whole numbers beyond 64 bits would reach the target as something else.",
        "json: { id: 36893488147419103232 }",
        'json: { id: "36893488147419103232" }',
    ),
)
