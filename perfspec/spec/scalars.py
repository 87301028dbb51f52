"""Plain scalars as YAML 1.2's core schema reads them (yaml.org/spec/1.2.2, 10.3.2).

ruamel's own resolver also knows dates, ``1_000`` and binary numbers, which an editor's YAML 1.2
does not; a spec must mean the same in both.
"""

from __future__ import annotations

import math
import re
from typing import Final

Scalar = str | int | float | bool | None

_WORDS: Final[dict[str, Scalar]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_NUMBER: Final = re.compile(
    r"""
    (?P<int>[-+]?[0-9]+) | 0o(?P<octal>[0-7]+) | 0x(?P<hex>[0-9a-fA-F]+)
  | (?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)
  | (?P<infinite>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))
    """,
    re.VERBOSE,
)
_FIRST: Final = frozenset("+-.0123456789")
_MAX_DIGITS: Final = 400
_MAX_INT: Final = 2**63


def resolve(text: str) -> Scalar:
    """The value of a plain scalar; raises ValueError for a number that JSON cannot carry."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST:
        return text
    match = _NUMBER.fullmatch(text)
    if match is None:
        return text
    number = _number(match) if len(text) <= _MAX_DIGITS else math.inf
    if not math.isfinite(number) or (isinstance(number, int) and abs(number) >= _MAX_INT):
        msg = f"{text[:40]} is beyond the numbers that JSON can carry"
        raise ValueError(msg)
    return number


def _number(match: re.Match[str]) -> int | float:
    text = match[match.lastgroup or 0]
    match match.lastgroup:
        case "int":
            return int(text)
        case "octal":
            return int(text, 8)
        case "hex":
            return int(text, 16)
        case "float":
            return float(text)
        case _:
            return math.nan
