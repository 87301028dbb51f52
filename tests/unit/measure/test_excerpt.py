from __future__ import annotations

import pytest

from perfspec.measure.excerpt import MOST, first_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("database is locked", "database is locked"),
        ('{\r\n  "detail":\t"locked"\n}\n', '{ "detail": "locked" }'),
        ("\x1b[31mred\x00\u202e", r"\x1b[31mred\x00\u202e"),
        ("x" * MOST, "x" * MOST),
        ("x" * (MOST + 1), "x" * (MOST - 1) + "…"),
        (" \n", None),
    ],
)
def test_one_line_that_no_terminal_obeys(text: str, words: str | None) -> None:
    assert first_words(text) == words
