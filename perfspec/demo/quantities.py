"""Quantities on the demo's command line: ``300ms``, ``2%``, ``1MB/s``, ``50/s``."""

from __future__ import annotations

import re

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_BYTES = {"KB": 10**3, "MB": 10**6}
_NUMBER = r"([0-9]{1,9}(?:\.[0-9]{1,6})?)"


def parse_duration(text: str) -> float:
    """Seconds of ``300ms``, ``10s``, ``60m`` or ``1h``; raises ValueError."""
    match = re.fullmatch(_NUMBER + "(ms|s|m|h)", text)
    if match is None:
        msg = f"{text!r} is no duration: write it with a unit, such as 300ms, 10s or 60m"
        raise ValueError(msg)
    return float(match[1]) * _SECONDS[match[2]]


def parse_share(text: str) -> float:
    """Ratio from 0 to 1 of ``2%``; raises ValueError."""
    match = re.fullmatch(_NUMBER + "%", text)
    if match is None or float(match[1]) > 100:
        msg = f"{text!r} is no share: write a percentage from 0% to 100%, such as 2%"
        raise ValueError(msg)
    return float(match[1]) / 100


def parse_rate(text: str) -> float:
    """Requests per second of ``50/s``, above 0; raises ValueError."""
    match = re.fullmatch(_NUMBER + "/s", text)
    if match is None or float(match[1]) == 0:
        msg = f"{text!r} is no rate: write requests a second, such as 50/s"
        raise ValueError(msg)
    return float(match[1])


def parse_flow(text: str) -> float:
    """Bytes per second of ``1MB/s`` or ``500KB/s``, above 0; raises ValueError."""
    match = re.fullmatch(_NUMBER + "(KB|MB)/s", text)
    if match is None or float(match[1]) == 0:
        msg = f"{text!r} is no flow: write bytes a second, such as 1MB/s or 500KB/s"
        raise ValueError(msg)
    return float(match[1]) * _BYTES[match[2]]
