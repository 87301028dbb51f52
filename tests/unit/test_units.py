from __future__ import annotations

import pytest

from perfspec.units import counted


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (0, "user", "0 users"),
        (1, "user", "1 user"),
        (1.0, "request", "1 request"),
        (1.5, "sample", "1.5 samples"),
        (12_345, "request", "12,345 requests"),
    ],
)
def test_a_noun_agrees_with_its_number(number: float, noun: str, text: str) -> None:
    assert counted(number, noun) == text


def test_a_noun_that_takes_no_s() -> None:
    found = [counted(n, "load process", "load processes") for n in (1, 2)]
    assert found == ["1 load process", "2 load processes"]
