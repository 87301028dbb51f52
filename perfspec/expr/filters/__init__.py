"""The table of all filters and functions: expressions, did-you-mean and the docs read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perfspec.expr.filters.encodings import ENCODINGS
from perfspec.expr.filters.function import Function, Parameter
from perfspec.expr.filters.generators import GENERATORS
from perfspec.expr.filters.lists import LISTS
from perfspec.expr.filters.signing import SIGNING
from perfspec.expr.filters.texts import TEXTS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["EXAMPLE_SCOPE", "FILTERS", "FUNCTIONS", "Function", "Parameter"]

FILTERS: Final[Mapping[str, Function]] = {
    each.name: each for each in (*LISTS, *TEXTS, *ENCODINGS, *SIGNING)
}
FUNCTIONS: Final[Mapping[str, Function]] = {each.name: each for each in GENERATORS}

EXAMPLE_SCOPE: Final[Mapping[str, object]] = {
    "user": {"email": "ann@example.com", "private_key": "01" * 32, "nickname": None},
    "nonce": "aGVsbG8=",
    "project_ids": [7, 9, 11],
    "token": "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3OTUyNDMyMDB9.c2ln",
}
"""What the names in the table's examples stand for; times are 2026-11-21T06:37:00Z."""
