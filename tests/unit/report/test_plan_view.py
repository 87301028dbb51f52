"""The plan as text: numbers that can be read, however large, and lines that fit."""

from __future__ import annotations

import pytest

from perfspec.report.plan_view import render_plan
from tests.shop import SHOP, plan_of

LONG = SHOP.replace("hold: 1m }", "hold: 176m }")
CROWD = SHOP.replace("users: 5, duration: 20s", "users: 40000, duration: 1h").replace(
    "{001..050}", "{00001..40000}"
)


def test_judged_seconds_of_a_short_and_of_a_long_test() -> None:
    assert "  judged    2-20 s\n" in render_plan(plan_of(only=("smoke",)))
    assert "  judged    20s to 2h56m10s and 2h56m15s to " in render_plan(
        plan_of(LONG, only=("load",))
    )


def test_large_numbers_are_written_out() -> None:
    text = render_plan(plan_of(CROWD, only=("smoke",)))
    assert "e+" not in text
    assert ",000" in text or ",00" in text


@pytest.mark.parametrize("width", [80, 100, 160])
def test_lines_fit(width: int) -> None:
    lines = render_plan(plan_of(), width).splitlines()
    assert [line for line in lines if len(line) > width] == []


def test_without_unicode_it_is_ascii() -> None:
    assert render_plan(plan_of(), unicode=False).isascii()
