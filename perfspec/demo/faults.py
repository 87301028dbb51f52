"""Faults as they are written: ``--fault slow:/books:+20%`` and its relatives.

| written | what it does |
| --- | --- |
| `slow:/books:+20%` | service times of this path become 20 % longer |
| `slow:/books:+50ms` | service times of this path become 50 ms longer |
| `error:/checkout:2%` | this share is answered with 500, or `error:/checkout:2%:503` |
| `reset:/books:1%` | this share ends in a connection reset |
| `stall:after=10s:for=1s` | nothing is answered for a second |
| `slow-start:10s` | five times as slow at first, evenly back to normal within the time |
| `saturate:users=40` | 40 requests are served at a time, others wait for a free place |
| `overload:users=30:for=20s` | more than 30 at a time slow all down, and 20 s longer |
| `scale-out:users=10:after=8s` | 10 requests at a time; more bring a second instance 8 s later |
| `drift:/books:+50%:over=60s` | service times of this path grow evenly, by half in a minute |
| `leak:1MB/s` | memory grows (up to 1 GB) |
| `down:after=20s` | the process dies with exit code 1 |

A path is one of the shop's, as in `/books/{id}`, or `*` for all. Times count from the moment
at which the fault came into force.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, NoReturn

from perfspec.demo.delays import PATHS
from perfspec.demo.quantities import parse_duration, parse_flow, parse_share

if TYPE_CHECKING:
    from collections.abc import Callable

EVERYWHERE: Final = "*"
MAX_SLOTS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Slow:
    path: str
    factor: float
    extra_s: float


@dataclass(frozen=True, slots=True)
class Fail:
    """``status`` 0 is a connection reset."""

    path: str
    share: float
    status: int


@dataclass(frozen=True, slots=True)
class Stall:
    after_s: float
    for_s: float


@dataclass(frozen=True, slots=True)
class SlowStart:
    for_s: float


@dataclass(frozen=True, slots=True)
class Saturate:
    slots: int


@dataclass(frozen=True, slots=True)
class Overload:
    users: int
    for_s: float


@dataclass(frozen=True, slots=True)
class ScaleOut:
    users: int
    after_s: float


@dataclass(frozen=True, slots=True)
class Drift:
    """``growth`` 0.5 is half as much again."""

    path: str
    growth: float
    over_s: float


@dataclass(frozen=True, slots=True)
class Leak:
    bytes_per_s: float


@dataclass(frozen=True, slots=True)
class Down:
    after_s: float


Fault = Slow | Fail | Stall | SlowStart | Saturate | Overload | ScaleOut | Drift | Leak | Down


def parse_fault(text: str) -> Fault:
    """The fault that ``text`` describes; raises ValueError with what would fit."""
    kind, *parts = text.strip().split(":")
    if kind not in _FORMS:
        close = get_close_matches(kind, _FORMS, n=1)
        hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(_FORMS)}"
        msg = f"{text!r} is no fault: {hint}"
        raise ValueError(msg)
    form, parse = _FORMS[kind]
    try:
        return parse(parts)
    except ValueError as error:
        msg = f"{text!r} is no fault: {error}; write {form}"
        raise ValueError(msg) from None


def _slow(parts: list[str]) -> Fault:
    path, amount = _exactly(parts, 2)
    if not amount.startswith("+"):
        _wrong(f"{amount!r} needs a plus sign")
    if amount.endswith("%"):
        return Slow(_path(path), 1 + parse_share(amount[1:]), 0.0)
    return Slow(_path(path), 1.0, parse_duration(amount[1:]))


def _error(parts: list[str]) -> Fault:
    path, share, status = _exactly(parts if len(parts) == 3 else [*parts, "500"], 3)
    if not (status.isascii() and status.isdigit() and 400 <= int(status) <= 599):
        _wrong(f"{status!r} is no status from 400 to 599")
    return Fail(_path(path), parse_share(share), int(status))


def _reset(parts: list[str]) -> Fault:
    path, share = _exactly(parts, 2)
    return Fail(_path(path), parse_share(share), 0)


def _stall(parts: list[str]) -> Fault:
    after, length = _exactly(parts, 2)
    return Stall(parse_duration(_value(after, "after")), parse_duration(_value(length, "for")))


def _slow_start(parts: list[str]) -> Fault:
    (length,) = _exactly(parts, 1)
    return SlowStart(parse_duration(length))


def _saturate(parts: list[str]) -> Fault:
    (users,) = _exactly(parts, 1)
    return Saturate(_users(users))


def _overload(parts: list[str]) -> Fault:
    users, length = _exactly(parts, 2)
    return Overload(_users(users), parse_duration(_value(length, "for")))


def _scale_out(parts: list[str]) -> Fault:
    users, length = _exactly(parts, 2)
    return ScaleOut(_users(users), parse_duration(_value(length, "after")))


def _drift(parts: list[str]) -> Fault:
    path, amount, length = _exactly(parts, 3)
    if not amount.startswith("+"):
        _wrong(f"{amount!r} needs a plus sign")
    over_s = parse_duration(_value(length, "over"))
    if not over_s:
        _wrong("it must take some time")
    return Drift(_path(path), parse_share(amount[1:]), over_s)


def _leak(parts: list[str]) -> Fault:
    (flow,) = _exactly(parts, 1)
    return Leak(parse_flow(flow))


def _down(parts: list[str]) -> Fault:
    (after,) = _exactly(parts, 1)
    return Down(parse_duration(_value(after, "after")))


_FORMS: Final[dict[str, tuple[str, Callable[[list[str]], Fault]]]] = {
    "slow": ("slow:/books:+20% or slow:/books:+50ms", _slow),
    "error": ("error:/checkout:2% or error:/checkout:2%:503", _error),
    "reset": ("reset:/books:1%", _reset),
    "stall": ("stall:after=10s:for=1s", _stall),
    "slow-start": ("slow-start:10s", _slow_start),
    "saturate": ("saturate:users=40", _saturate),
    "overload": ("overload:users=30:for=20s", _overload),
    "scale-out": ("scale-out:users=10:after=8s", _scale_out),
    "drift": ("drift:/books:+50%:over=60s", _drift),
    "leak": ("leak:1MB/s", _leak),
    "down": ("down:after=20s", _down),
}


def _exactly(parts: list[str], number: int) -> list[str]:
    if len(parts) != number:
        _wrong(f"it has {len(parts)} parts after its kind")
    return parts


def _path(text: str) -> str:
    if text != EVERYWHERE and text not in PATHS:
        close = get_close_matches(text, PATHS, n=1)
        hint = f"did you mean {close[0]}?" if close else f"paths are {', '.join(PATHS)} and *"
        _wrong(f"the shop has no {text!r} ({hint})")
    return text


def _users(text: str) -> int:
    users = _value(text, "users")
    if not (users.isascii() and users.isdigit() and 1 <= int(users) <= MAX_SLOTS):
        _wrong(f"{users!r} is no whole number from 1 to {MAX_SLOTS}")
    return int(users)


def _value(text: str, key: str) -> str:
    name, equals, value = text.partition("=")
    if name != key or not equals:
        _wrong(f"{text!r} should begin with {key}=")
    return value


def _wrong(reason: str) -> NoReturn:
    raise ValueError(reason)
