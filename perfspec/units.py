"""Written quantities: durations, sizes, rates, shares and ranges, parsed and printed."""

from __future__ import annotations

import re
from typing import NamedTuple

_DURATION = re.compile(r"(?:([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d))")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZES = {
    "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30,
}  # fmt: skip
_RATE_S = {"s": 1.0, "min": 60.0, "h": 3600.0}
MAX_DURATION_S = 31 * 86400.0
MAX_SIZE = 10**9


class Range(NamedTuple):
    """From ``low`` to ``high``, both included; a single value has both the same."""

    low: float
    high: float


def parse_duration(text: str) -> float:
    """Seconds of ``300ms``, ``2s``, ``1h30m``; raises ValueError with what would fit."""
    compact = text.strip()
    parts = _DURATION.findall(compact)
    if not parts or "".join(a + b for a, b in parts) != compact:
        msg = f"{text!r} is no duration: write it with a unit, such as 300ms, 2s, 5m or 1h30m"
        raise ValueError(msg)
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if seconds > MAX_DURATION_S:
        msg = f"{text!r} is longer than 31 days"
        raise ValueError(msg)
    return round(seconds, 6)


class Price(NamedTuple):
    """An amount of money; ``currency`` is a code of three letters (ISO 4217)."""

    amount: float
    currency: str


def parse_price(text: str) -> Price:
    """``0.20 USD``; raises ValueError."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) +([A-Z]{3})", text.strip())
    if match is None:
        msg = f"{text!r} is no price: write an amount and its currency, such as 0.20 USD"
        raise ValueError(msg)
    return Price(float(match[1]), match[2])


def parse_size(text: str, most: int = MAX_SIZE) -> int:
    """Bytes of ``50KB`` (thousands) or ``2MiB`` (1024s), up to ``most``; raises ValueError."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*(B|KB|MB|GB|KiB|MiB|GiB)", text.strip())
    if match is None:
        msg = f"{text!r} is no size: write it with a unit, such as 500B, 50KB or 2MiB"
        raise ValueError(msg)
    size = round(float(match[1]) * _SIZES[match[2]])
    if size > most:
        msg = f"{text!r} is more than {most // 10**9}GB"
        raise ValueError(msg)
    return size


def parse_rate(text: str) -> float:
    """Events per second of ``10/s``, ``600/min`` or ``36/h``; raises ValueError."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*/\s*(s|min|h)", text.strip())
    if match is None:
        msg = f"{text!r} is no rate: write it per time, such as 10/s or 600/min"
        raise ValueError(msg)
    return float(match[1]) / _RATE_S[match[2]]


def parse_share(text: str) -> float:
    """Ratio from 0 to 1 of ``20%``; raises ValueError."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*%", text.strip())
    if match is None or float(match[1]) > 100:
        msg = f"{text!r} is no share: write it as a percentage from 0% to 100%, such as 20%"
        raise ValueError(msg)
    return float(match[1]) / 100


def parse_rise(text: str) -> float:
    """Ratio above 0 of ``+10%``; raises ValueError."""
    return _signed(text, "+", "%", "no budget: write how much more is allowed, such as +10%")


def parse_fall(text: str) -> float:
    """Ratio above 0 of ``-5%``; raises ValueError."""
    ratio = _signed(text, "-", "%", "no budget: write how much less is allowed, such as -5%")
    if ratio >= 1:
        msg = f"{text!r} leaves nothing"
        raise ValueError(msg)
    return ratio


def parse_points(text: str) -> float:
    """Difference of ratios of ``+0.5pp``; raises ValueError."""
    fits = "no budget: write how many percentage points more are allowed, such as +0.5pp"
    return _signed(text, "+", "pp", fits)


def _signed(text: str, sign: str, unit: str, otherwise: str) -> float:
    match = re.fullmatch(rf"{re.escape(sign)}([0-9]+(?:\.[0-9]+)?)\s*{unit}", text.strip())
    if match is None or not float(match[1]):
        msg = f"{text!r} is {otherwise}"
        raise ValueError(msg)
    return float(match[1]) / 100


def parse_users(text: str) -> int:
    """``60 users`` as a number; raises ValueError."""
    match = re.fullmatch(r"([0-9]{1,7}) +users?", text.strip())
    if match is None:
        msg = f"{text!r} is no number of users: write it with its unit, such as 60 users"
        raise ValueError(msg)
    return int(match[1])


def parse_part_of_capacity(text: str) -> float:
    """Ratio from 0 to 1 of ``70% of capacity``; raises ValueError."""
    share, of, rest = text.strip().partition(" of ")
    if not of or rest.strip() != "capacity":
        msg = f"{text!r} is no part of a capacity: write 70% of capacity"
        raise ValueError(msg)
    return parse_share(share)


def parse_duration_range(text: str) -> Range:
    """``1s..5s`` or a single duration, in seconds; raises ValueError."""
    low, dots, high = text.partition("..")
    bounds = Range(parse_duration(low), parse_duration(high if dots else low))
    return _ordered(bounds, text)


def parse_count_range(value: int | str) -> Range:
    """``1..3``, ``3`` or the number 3, as whole numbers from 0; raises ValueError."""
    match = re.fullmatch(r"([0-9]{1,6})(?:\.\.([0-9]{1,6}))?", str(value).strip())
    if match is None:
        msg = f"{value!r} is no count: write a whole number or a range, such as 3 or 1..3"
        raise ValueError(msg)
    return _ordered(Range(int(match[1]), int(match[2] or match[1])), str(value))


def parse_users_range(text: str) -> Range:
    """``10..500``, whole numbers from 1; raises ValueError."""
    match = re.fullmatch(r"0*([1-9][0-9]{0,5})\.\.0*([1-9][0-9]{0,5})", text.strip())
    if match is None:
        msg = f"{text!r} is no range of users: write two whole numbers, such as 10..500"
        raise ValueError(msg)
    bounds = _ordered(Range(int(match[1]), int(match[2])), text)
    if bounds.low == bounds.high:
        msg = f"{text!r} begins above its end, or with it: there is nothing to search"
        raise ValueError(msg)
    return bounds


def _ordered(bounds: Range, text: str) -> Range:
    if bounds.low > bounds.high:
        msg = f"{text!r} begins above its end"
        raise ValueError(msg)
    return bounds


def format_duration(seconds: float) -> str:
    """``2m30s``: whole units down to seconds, ``1.5s`` and ``300ms`` below a minute."""
    if seconds < 1:
        return f"{seconds * 1000:.3g}ms" if seconds else "0s"
    if seconds < 60:
        return f"{seconds:.3g}s"
    whole = round(seconds)
    parts = [(whole // 86400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "m")]
    text = "".join(f"{number}{unit}" for number, unit in parts if number)
    return text + (f"{whole % 60}s" if whole % 60 else "")


def format_latency(seconds: float) -> str:
    """Three significant digits: ``0.52 ms``, ``18.3 ms``, ``1.24 s``."""
    ms = seconds * 1000
    if ms >= 1000:
        return f"{seconds:.3g} s" if seconds < 100 else f"{seconds:.0f} s"
    return f"{ms:.0f} ms" if ms >= 100 else f"{ms:.3g} ms"


def format_share(ratio: float) -> str:
    """``0%``, ``0.12%``, ``20%``, ``99.95%``: never rounded up to 100 % or down to 0 %."""
    percent = ratio * 100
    for digits in range(2, 8):
        text = f"{percent:.{digits}f}".rstrip("0").rstrip(".")
        if text not in {"0", "100"} or percent in {0, 100}:
            return f"{text}%"
    return f"{percent:g}%"


def format_size(size: float) -> str:
    """``512 B``, ``1.5 KB``, ``20 MB`` in thousands."""
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.3g} {unit}" if size < 1000 else f"{size:.0f} {unit}"
        size /= 1000
    raise AssertionError


def format_count(number: float) -> str:
    """``12,345``, or ``0.25`` and ``3.5`` for small fractions."""
    return f"{number:,.0f}" if number >= 100 or number == int(number) else f"{number:.3g}"


def counted(number: float, noun: str, plural: str | None = None) -> str:
    """``1 user``, ``12,345 requests``, ``2 load processes``: the noun agrees with the number."""
    return f"{format_count(number)} {noun if number == 1 else plural or f'{noun}s'}"
