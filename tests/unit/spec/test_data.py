"""Generated rows: counted before anybody tries to hold them."""

from __future__ import annotations

import pytest

from perfspec.spec.counters import MAX_ROWS, no_counter, rows_of
from tests.specs import spec, told


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("ann", 1),
        ("{1..3}", 3),
        ("{003..001}-{0..9}", 30),
        ("{1..2} of {2}", 2),
        ("{000000000000000000000001..2}", 2),
        ("{001..999999999999}", 999_999_999_999),
        (f"{{1..{'9' * 5_000}}}", 10**18),
    ],
)
def test_counters_multiply(text: str, rows: int) -> None:
    assert rows_of(text) == rows


@pytest.mark.parametrize(
    ("counter", "said"),
    [
        (f"{{1..{MAX_ROWS}}}", []),
        ("{001..999999999999}", ["999,999,999,999"]),
        ("{1..1000}{0..1000}", ["1,001,000"]),
    ],
)
def test_more_rows_than_can_be_held_are_refused(counter: str, said: list[str]) -> None:
    text = spec(
        data=f'\n  readers: {{ generate: {{ email: "r{counter}@example.com" }} }}',
        personas="\n  reader: { weight: 1, data: readers, journey: [home] }",
    )
    assert told(text) == [
        f"12:33: PS108 email makes {rows} rows (it must be at most 1,000,000)" for rows in said
    ]


@pytest.mark.parametrize("text", ["{1..${N}}", "{${A:-1}..5}", "{a..z}", "{1...5}", "{-1..5}"])
def test_what_would_not_count_is_refused(text: str) -> None:
    section = f'\n  readers: {{ generate: {{ email: "r{text}" }} }}'
    personas = "\n  reader: { weight: 1, data: readers, journey: [home] }"
    (line,) = told(spec(data=section, personas=personas))
    assert line.startswith(f"12:33: PS107 email has {text}, which does not count (")


@pytest.mark.parametrize(
    "text", ["{1..5}-{01..09}", "{ a..b }", "a..b", "{{ uuid() }}", "{a}..{b}"]
)
def test_other_braces_are_text(text: str) -> None:
    assert no_counter(text) is None
