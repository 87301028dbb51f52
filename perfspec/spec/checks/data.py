"""Data that could not be held in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.spec.counters import MAX_ROWS, rows_of
from perfspec.units import counted

if TYPE_CHECKING:
    from perfspec.spec.checks.context import Context


def check_data(context: Context) -> None:
    """Generated rows: no more of them than a load process holds."""
    for name, source in context.spec.data.items():
        for column, text in (source.generate or {}).items():
            count = rows_of(str(text))
            if count > MAX_ROWS:
                place = context.value(("data", name, "generate", column))
                message = f"{column} makes {counted(count, 'row')}"
                hint = f"it must be at most {MAX_ROWS:,}"
                context.findings.error(place, "PS108", message, hint)
