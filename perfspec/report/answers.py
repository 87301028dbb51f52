"""What a test found out beside its limits, in sentences: capacity, and how errors began."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.judge.wording import amount
from perfspec.units import counted, format_count, format_duration, format_latency, format_share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.judge.model import Capacity, Failure, Level, TestVerdict

_FORMS = {
    "exact": "{}",
    "at_least": "at least {}",
    "about": "about {}",
    "below": "below the lowest level",
}
_CONFIRMED = {
    None: "",
    True: ", confirmed by trying again",
    False: ", not confirmed: the search ended before",
}
_KEPT = {True: "kept", False: "broken", None: "not known"}


def answer_lines(verdict: TestVerdict) -> Iterator[str]:
    """A sentence for each answer; a diagnosis may hold what a server wrote: escape them."""
    if verdict.capacity is not None:
        yield from _capacity(verdict.capacity)
    if verdict.first_errors:
        first = "; ".join(
            f"{each.error} on {each.endpoint} after {format_duration(round(each.at_s))}"
            f" at {counted(each.users, 'user')}"
            for each in verdict.first_errors
        )
        yield f"First errors: {first}."
    for found in verdict.diagnoses:
        yield f"Likely cause: {found.cause} Try: {found.advice}. Seen: {found.evidence}."


def failure_text(failure: Failure) -> str:
    """``60 users: p95 5.2 s > 5 s, 8% timeout on submit, slowest order (…), api.cpu 97%``."""
    parts = [
        f"{each.what} {amount(each.metric, each.observed)}"
        f" {'<' if each.metric.at_least else '>'} {amount(each.metric, each.limit)}"
        for each in failure.breaches
    ]
    parts += [
        f"{format_share(round(each.share, 3))} {each.error} on {each.endpoint}"
        for each in failure.errors
    ]
    if failure.slowest is not None:
        slowest = failure.slowest
        parts.append(
            f"slowest {slowest.endpoint} (p95 {format_latency(slowest.p95)},"
            f" {slowest.times:.3g} x that at {counted(slowest.usual_users, 'user')})"
        )
    parts += [f"{each.series} {format_share(round(each.share, 2))}" for each in failure.busiest]
    return f"{counted(failure.users, 'user')}: {', '.join(parts)}"


def level_cells(level: Level) -> tuple[str, ...]:
    """Users, requests, rate, errors, p95, and whether ``stop_when`` was kept."""
    return (
        format_count(level.users),
        format_count(level.requests),
        f"{format_count(level.rate)}/s",
        "-" if level.error_rate is None else format_share(round(level.error_rate, 4)),
        "-" if level.p95 is None else format_latency(level.p95),
        _KEPT[level.kept],
    )


def _capacity(found: Capacity) -> Iterator[str]:
    text = _FORMS[found.certainty].format(counted(found.users, "user"))
    broken = "" if found.broken_at is None else f"; broken at {format_count(found.broken_at)}"
    advised = ""
    if found.recommended is not None and found.share is not None:
        users = counted(found.recommended, "user")
        advised = f" Recommended: at most {users} ({format_share(found.share)} of it)."
    yield f"Capacity: {text}{broken}{_CONFIRMED[found.confirmed]}.{advised}"
    if found.failure is not None:
        yield f"It failed at {failure_text(found.failure)}."
