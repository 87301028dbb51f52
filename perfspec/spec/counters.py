"""Counters in generated columns: how many rows ``{001..500}`` makes."""

from __future__ import annotations

import re
from typing import Final

MAX_ROWS: Final = 1_000_000
"""As many as users: each load process holds all of them."""
_COUNTER: Final = re.compile(r"\{(\d+)\.\.(\d+)\}")
_END: Final = r"(?:\$\{[^{}]*\}|[^{}\s])+"  # a variable would be put in too late
_LIKE_ONE: Final = re.compile(rf"\{{{_END}\.\.{_END}\}}")
_DIGITS: Final = 18  # of a number that is counted with; Python reads no number of any length


def no_counter(text: str) -> str | None:
    """What looks like a counter and would stand in every row as it is, such as ``{a..z}``."""
    return next((each[0] for each in _LIKE_ONE.finditer(_COUNTER.sub("", text))), None)


def rows_of(text: str) -> int:
    """How many values the counters of a text have together; a text without one has a single."""
    count = 1
    for match in _COUNTER.finditer(text):
        first, last = (each.lstrip("0") or "0" for each in match.groups())
        if max(len(first), len(last)) > _DIGITS:
            return 10**_DIGITS
        count *= abs(int(last) - int(first)) + 1
    return count
