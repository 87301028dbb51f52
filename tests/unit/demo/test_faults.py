from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from perfspec.demo import faults
from perfspec.demo.faults import (
    Down,
    Drift,
    Fail,
    Fault,
    Leak,
    Overload,
    Saturate,
    ScaleOut,
    Slow,
    SlowStart,
    Stall,
    parse_fault,
)

PARTS = st.sampled_from(
    ["slow", "error", "stall", "down", "/books", "*", "+20%", "+50ms", "2%", "after=1s", "users=4"]
)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("slow:/books:+20%", Slow("/books", 1.2, 0.0)),
        ("slow:/books/{id}:+50ms", Slow("/books/{id}", 1.0, 0.05)),
        ("error:/checkout:2%", Fail("/checkout", 0.02, 500)),
        ("error:*:2%:503", Fail("*", 0.02, 503)),
        ("reset:/books:1%", Fail("/books", 0.01, 0)),
        ("stall:after=10s:for=1s", Stall(10.0, 1.0)),
        ("slow-start:10s", SlowStart(10.0)),
        ("saturate:users=40", Saturate(40)),
        ("overload:users=30:for=20s", Overload(30, 20.0)),
        ("scale-out:users=10:after=8s", ScaleOut(10, 8.0)),
        ("drift:/books:+50%:over=60s", Drift("/books", 0.5, 60.0)),
        ("leak:1MB/s", Leak(1_000_000.0)),
        ("down:after=20s", Down(20.0)),
    ],
)
def test_every_written_fault_is_understood(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault
    assert f"`{text.replace('/books/{id}', '/books').replace('*', '/checkout')}`" in str(
        faults.__doc__
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("slwo:/books:+20%", "did you mean slow?"),
        ("xyz", "known are slow, error, reset"),
        ("", "known are slow, error, reset"),
        ("slow:/books:20%", "needs a plus sign; write slow:/books:+20%"),
        ("slow:/books:+20", "no duration: write it with a unit"),
        ("slow:/boks:+20%", "did you mean /books?"),
        ("slow:/metrics:+20%", "paths are /health, /login"),
        ("slow:/books", "it has 1 parts after its kind"),
        ("error:/books:2%:200", "no status from 400 to 599"),
        ("error:/books:200%", "from 0% to 100%"),
        ("stall:for=1s:after=10s", "'for=1s' should begin with after="),
        ("saturate:users=0", "no whole number from 1"),
        ("saturate:40", "should begin with users="),
        ("leak:1MB", "bytes a second"),
        ("down:20s", "write down:after=20s"),
    ],
)
def test_a_malformed_fault_says_what_would_fit(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match="is no fault") as caught:
        parse_fault(text)
    assert reason in str(caught.value)


@given(st.one_of(st.text(), st.lists(PARTS, max_size=5).map(":".join)))
@example("slow:/books:+1h")
def test_any_text_is_a_fault_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert parse_fault(text) == parse_fault(f" {text} ")
