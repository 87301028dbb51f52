"""What ``try`` shows: each request with its answer, checks and captures, as lines of text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, assert_never

from perfspec.measure.trace import Exchange, Fault, Tried, TryEnded
from perfspec.report.escape import one_line
from perfspec.units import counted, format_latency, format_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.measure.trace import TryMessage

Line = tuple[str, str]  # text and rich style
LONGEST_BODY = 400
_SHOWN_HEADERS = frozenset({"content-type", "location", "set-cookie", "retry-after"})


def trace_lines(message: TryMessage, *, headers: bool = False) -> Iterator[Line]:
    """The lines of one message; ``headers`` shows all of them instead of the telling ones."""
    match message:
        case Exchange():
            yield from _exchange(message, headers=headers)
        case Fault():
            yield f"  {message.step}: {one_line(message.message)}", "red"
        case Tried():
            word, style = ("passed", "bold green") if message.passed else ("failed", "bold red")
            yield f"{message.persona}: {word} after {counted(message.requests, 'request')}", style
            yield "", ""
        case TryEnded():
            return  # its problem is the error that the command ends with
        case _:
            assert_never(message)


def _exchange(each: Exchange, *, headers: bool) -> Iterator[Line]:
    during = "" if each.phase == "journey" else f" ({each.phase})"
    yield f"{each.persona} {each.step}{during}", "bold"
    status = str(each.status) if each.status else str(each.error or "ok")
    took = [] if each.latency_s is None else [format_latency(each.latency_s)]
    numbers = ", ".join([status, *took, f"{format_size(each.received)} received"])
    yield f"  {each.method} {each.url}".rstrip(), ""
    yield from _headers(">", each.request_headers, every=headers)
    yield from _body(">", each.request_body or "")
    yield f"  {numbers}", "" if each.error is None else "red"
    yield from _headers("<", each.response_headers, every=headers)
    yield from _body("<", each.response_body)
    for check in each.checks:
        said = f": {one_line(check.message)}" if check.message else ""
        word, style = ("ok  ", "green") if check.passed else ("fail", "red")
        yield f"  {word} {check.subject}{said}", style
    for name, value in each.captures.items():
        text = json.dumps(value, ensure_ascii=False, default=str)
        yield f"  {name} = {one_line(text, LONGEST_BODY)}", "cyan"
    if each.error is not None and each.message:
        yield f"  {each.error}: {one_line(each.message)}", "red"


def _headers(mark: str, headers: list[tuple[str, str]], *, every: bool) -> Iterator[Line]:
    for name, value in headers:
        if every or name.lower() in _SHOWN_HEADERS | {"authorization", "cookie"}:
            yield f"  {mark} {name}: {one_line(value)}", "dim"


def _body(mark: str, text: str) -> Iterator[Line]:
    if text:
        yield f"  {mark} {one_line(text, LONGEST_BODY)}", "dim"
