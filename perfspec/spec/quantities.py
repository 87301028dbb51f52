"""Quantities as people write them, and how a spec has them: the hint of a unit error."""

from __future__ import annotations

import re
from typing import Final

_TIME: Final = {
    "ms": "ms", "msec": "ms", "millis": "ms", "milliseconds": "ms",
    "s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s",
    "m": "m", "min": "m", "mins": "m", "minute": "m", "minutes": "m",
    "h": "h", "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "d": "d", "day": "d", "days": "d",
}  # fmt: skip
_SIZE: Final = {
    "b": "B", "byte": "B", "bytes": "B", "k": "KB", "kb": "KB", "m": "MB", "mb": "MB", "g": "GB",
    "gb": "GB", "kib": "KiB", "mib": "MiB", "gib": "GiB",
}  # fmt: skip
_RATE: Final = {
    "": "s", "rps": "s", "qps": "s", "hz": "s", "persecond": "s", "req/s": "s", "rq/s": "s",
    "requests/s": "s", "/sec": "s", "/second": "s", "req/sec": "s", "/m": "min", "rpm": "min",
    "/minute": "min", "/hour": "h",
}  # fmt: skip
_AMOUNT: Final = re.compile(r"[<>=~]*\s*(\d+(?:\.\d+)?)\s*([a-zA-Z/%]*)\s*")
_RANGE: Final = re.compile(
    r"(\d+(?:\.\d+)?)\s*([a-z]*?)\s*(?:-|to|\.\.\.?|,)\s*(\d+(?:\.\d+)?)\s*([a-z]*)"
)


def suggest(reader: str, value: object) -> str | None:
    """``write 300ms`` for what the function ``reader`` of ``perfspec.spec.base`` did not take.

    None where nothing is near.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()
    found = _range(text) if reader == "read_range" else None
    match = _AMOUNT.fullmatch(text)
    if found is None and match is not None:
        found = _amount(reader, match[1], match[2].lower())
    return f"write {found}" if found and found != text else None


def _amount(reader: str, number: str, unit: str) -> str | None:
    match reader:
        case "read_duration" | "read_range":
            return f"{number}ms or {number}s" if not unit else _joined(number, _TIME.get(unit))
        case "read_size":
            return f"{number}KB or {number}B" if not unit else _joined(number, _SIZE.get(unit))
        case "read_rate":
            return _joined(f"{number}/", _RATE.get(unit.replace(" ", "")) or _rate(unit))
        case "read_share":
            return _share(float(number), unit)
        case "read_count" | "read_times":
            return number if unit and "." not in number else None
        case _:
            return None


def _rate(unit: str) -> str | None:
    return unit.removeprefix("/") if unit in {"/s", "/min", "/h"} else None


def _share(number: float, unit: str) -> str | None:
    if unit == "%":
        return f"{number:g}%" if number <= 100 else None
    if unit:
        return None
    if number == 1:
        return "1% or 100%"
    return f"{number * 100:g}%" if number < 1 else f"{number:g}%" if number <= 100 else None


def _range(text: str) -> str | None:
    match = _RANGE.fullmatch(text)
    if match is None:
        return None
    low, high = _TIME.get(match[2] or match[4]), _TIME.get(match[4] or match[2])
    return f"{match[1]}{low}..{match[3]}{high}" if low and high else None


def _joined(number: str, unit: str | None) -> str | None:
    return number + unit if unit else None
