"""Data that is made up: counters that count, and to a number that can be held in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.spec.counters import MAX_ROWS, no_counter, rows_of
from perfspec.units import counted

if TYPE_CHECKING:
    from perfspec.spec.checks.context import Context


def check_data(context: Context) -> None:
    """Generated rows: as many as are meant, and no more of them than a load process holds."""
    for name, source in context.spec.data.items():
        for column, text in (source.generate or {}).items():
            place = context.value(("data", name, "generate", column))
            count, odd = rows_of(str(text)), no_counter(str(text))
            if odd is not None:
                message = f"{column} has {odd}, which does not count"
                hint = "a counter is written with two numbers, such as {001..500}"
                context.findings.error(place, "PS107", message, hint)
            if count > MAX_ROWS:
                message = f"{column} makes {counted(count, 'row')}"
                hint = f"it must be at most {MAX_ROWS:,}"
                context.findings.error(place, "PS108", message, hint)
