"""The classics: recognised, and shown corrected."""

from __future__ import annotations

import pytest

from perfspec.spec.quantities import suggest
from tests.specs import spec, told

HEAD = "perfspec: 1\nname: x\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: {{ token }}", '1:4: PS011 a template stands in quotes (write a: "{{ token }}")'),
        ("a: { b: {{ x | upper }}, c: 1 }", '1:9: PS011 a template stands in quotes (write b: "{{ x | upper }}")'),
        ('a: {{ f("x") }}', "1:4: PS011 a template stands in quotes (write a: '{{ f(\"x\") }}')"),
        ("a: {{ ids[0] }}", '1:4: PS011 a template stands in quotes (write a: "{{ ids[0] }}")'),
        ("a: {{ base }}/books", '1:4: PS011 a template stands in quotes (write a: "{{ base }}/books")'),
        ("a: { b: x{{ y }} }", '1:9: PS011 a template stands in quotes (write b: "x{{ y }}")'),
        ("a:\n  - {{ x }}", '2:5: PS011 a template stands in quotes (write - "{{ x }}")'),
        ("a: {b:300ms, c: 1}\nd: [", "2:5: PS001 the file ends too early (is a bracket never closed?)"),
        ("a:\n  timeout:30s\n  b: 1", "2:3: PS012 a space is missing after the colon (write timeout: 30s)"),
        ("a:\n  b: 1\n  timeout:30s", "3:3: PS012 a space is missing after the colon (write timeout: 30s)"),
        ("a:\n\tb: 1", "2:1: PS013 a tab indents this line (indent with spaces)"),
        ("a:\n  b: 1\n\tc: 1", "3:1: PS013 a tab indents this line (indent with spaces)"),
        ("availability: > 99%", "1:15: PS001 a limit is written without a sign (write availability: 99%)"),
        ("a: Error: slow", '1:9: PS001 a second colon in a value (text with a colon stands in quotes: write a: "…")'),
        ("a:\n  b: 1\n   c: 2", "3:5: PS001 this line is not in the column of its mapping (keys of one mapping stand in one column)"),
        ("a:\n    b: 1\n  c: 2", "3:3: PS001 this line is not in the column of its mapping (keys of one mapping stand in one column)"),
        ('a: "x\nb: 1', "1:4: PS001 the quote that opens here is never closed (close it with the same quote)"),
        ("a: [1, 2\nb: 3", "1:4: PS001 the bracket that opens here is not closed before the next key (close it)"),
        ("a: { ids: $[*].id }", "1:12: PS001 a character that ends the value in { } and [ ] (values with { } [ ] or , inside { … } and [ … ] stand in quotes)"),
        ("a: @x", "1:4: PS001 a text cannot begin with this character (put it into quotes)"),
        ("a: *", "1:4: PS001 * and & begin an alias and an anchor (text that begins with one of them stands in quotes)"),
        ("a: - b", "1:4: PS001 a list cannot begin here (put each entry on a line of its own, or write [a, b])"),
        ('a: "\\d"', "1:6: PS001 no such escape in double quotes (in single quotes a backslash is a backslash)"),
        ("- a\nb: 1", "2:1: PS001 a key among the entries of a list (entries begin with -, keys of one mapping stand in one column)"),
        ("a: b]]", None),
        ("a: [b]]", "1:7: PS001 a bracket closes that was never opened (remove it)"),
    ],
)  # fmt: skip
def test_yaml_that_is_none(text: str, line: str | None) -> None:
    found = told(text)
    syntax = [each for each in found if each.split(" ")[1].startswith("PS0")]
    assert syntax == ([line] if line else [])


def test_a_squeezed_colon_in_braces() -> None:
    text = spec(endpoints="\n  home: { request: GET /, slo: {p95:300ms} }")
    assert told(text) == ["6:33: PS012 a space is missing after the colon (write p95: 300ms)"]


def journey(*lines: str) -> str:
    steps = "".join(f"\n      {line}" for line in lines)
    return spec(
        endpoints="\n  home: { request: GET / }\n  item: { request: GET /i }",
        personas=f"\n  reader:\n    weight: 1\n    journey:\n      - item{steps}",
    )


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (["- home:", "  chance: 20%"], "14:9: PS110 chance stands beside home, not beneath it (write - home: { chance: 20% })"),
        (["- home:", "    times: 2", "  chance: 20%"], "15:9: PS110 chance stands beside home, not beneath it (write - home: { chance: 20% })"),
        (["- home:", '  only_if: "a > 1"'], '14:9: PS110 only_if stands beside home, not beneath it (write - home: { only_if: "a > 1" })'),
        (["- home:"], "13:9: PS111 home has no options (write - home without a colon)"),
        (["- home:", "  item:"], "14:9: PS112 home and item stand in one entry: an endpoint has one of its own (write - home and - item)"),
        (["- chance: 20%"], "13:9: PS112 chance belongs beneath the name of an endpoint (write - NAME: { chance: 20% })"),
        (["- think: 2s", "  chance: 20%"], "14:9: PS112 chance cannot stand beside a think step (make it a step of its own)"),
        (["- connect: session"], "13:18: PS201 there is no endpoint 'session' (there is home, item)"),
        (["- home: 20%"], "13:15: PS103 home is '20%' (it is a mapping)"),
        (["- group: g", "  steps:", "    - home:", "      chance: 20%"], "16:13: PS110 chance stands beside home, not beneath it (write - home: { chance: 20% })"),
    ],
)  # fmt: skip
def test_steps_as_people_write_them(lines: list[str], line: str) -> None:
    (found,) = [each for each in told(journey(*lines)) if "PS210" not in each]
    assert found == line


def test_options_beside_a_test_of_a_sequence() -> None:
    text = spec(sequences="\n  default:\n    - smoke:\n      on_fail: stop")
    assert told(text) == [
        "14:7: PS110 on_fail stands beside smoke, not beneath it (write - smoke: { on_fail: stop })"
    ]


def test_a_mended_step_is_checked_as_meant() -> None:
    assert told(journey("- hom:", "  chance: 20%"))[0] == (
        "13:9: PS201 there is no endpoint 'hom' (did you mean 'home'?)"
    )


@pytest.mark.parametrize(
    "reader", ["read_duration", "read_size", "read_share", "read_rate", "other"]
)
@pytest.mark.parametrize(
    "value", [None, True, [], {}, "", "x", "-5", "1e9", "99999999999999999999999 s"]
)
def test_a_suggestion_is_made_or_left_out(reader: str, value: object) -> None:
    found = suggest(reader, value)
    assert found is None or found.startswith("write ")
