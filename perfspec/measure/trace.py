"""What ``try`` shows: one journey of each persona, step by step, as JSON lines of the driver."""

from __future__ import annotations

from typing import Literal

import msgspec

from perfspec.measure.errors import ErrorClass
from perfspec.plan.base import JsonValue


class CheckResult(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One condition on an answer; ``message`` says what was wanted and what was found."""

    subject: str
    passed: bool
    message: str | None = None


class Exchange(msgspec.Struct, tag="exchange", kw_only=True, forbid_unknown_fields=True):
    """One request and its answer, or one message over an open connection; nothing masked yet.

    Bodies are the beginning of their text; ``sent`` and ``received`` are all bytes on the wire.
    ``error`` and ``message`` tell why the step failed, ``phase`` where in a user's life it stood.
    ``latency_s`` and ``ttfb_s`` are None of a message that nobody acknowledges.
    """

    persona: str
    phase: Literal["on_start", "journey", "on_stop"]
    step: str
    kind: Literal["request", "poll", "message"]
    method: str
    url: str
    request_headers: list[tuple[str, str]]
    request_body: str | None = None
    status: int = 0
    response_headers: list[tuple[str, str]] = []
    response_body: str = ""
    latency_s: float | None = None
    ttfb_s: float | None = None
    sent: int = 0
    received: int = 0
    checks: list[CheckResult] = []
    captures: dict[str, JsonValue] = {}
    error: ErrorClass | None = None
    message: str | None = None


class Fault(msgspec.Struct, tag="fault", kw_only=True, forbid_unknown_fields=True):
    """A step that failed before it sent anything."""

    persona: str
    phase: Literal["on_start", "journey", "on_stop"]
    step: str
    message: str


class Tried(msgspec.Struct, tag="tried", kw_only=True, forbid_unknown_fields=True):
    """The journey of one persona is over; ``passed`` is false when a step failed."""

    persona: str
    passed: bool
    requests: int


class TryEnded(msgspec.Struct, tag="try_ended", kw_only=True, forbid_unknown_fields=True):
    """The last line. ``problem`` says what went wrong on our side, if anything did."""

    problem: str | None = None


TryMessage = Exchange | Fault | Tried | TryEnded
