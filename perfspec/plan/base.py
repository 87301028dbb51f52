"""What every part of a plan is made of."""

from __future__ import annotations

from typing import Any

import msgspec

JsonValue = Any  # any JSON value; msgspec has no recursive type for one


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An immutable value that is written to and read from JSON strictly."""


class Place(Value, frozen=True, kw_only=True):
    """Where something stands in the spec (line and column from 1)."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"
