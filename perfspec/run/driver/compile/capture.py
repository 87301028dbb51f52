"""Reading variables from an answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, assert_never

from perfspec.expr import parse_path
from perfspec.run.driver.compile.check import body_text
from perfspec.run.driver.transports.documents import NO_JSON

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfspec.plan.request import Capture
    from perfspec.run.driver.actor import Actor
    from perfspec.run.driver.transports.documents import Document
    from perfspec.run.driver.transports.exchange import Response
    from perfspec.run.driver.transports.http import Session

Read: TypeAlias = "Callable[[Session, Response, Document], object]"
MISSING = object()  # no hit; null is a value


class Captures(NamedTuple):
    """``reads`` are name, reader and the message of a capture without a hit (None: optional)."""

    reads: tuple[tuple[str, Read, str | None], ...]
    reads_body: bool
    reads_json: bool

    def into(self, me: Actor, response: Response, document: Document) -> str | None:
        """Put what was found into the scope; the message of the first one that was not, if any.

        What is missing is null, whatever the variable held before.
        """
        problem, scope = None, me.scope
        for name, read, message in self.reads:
            value = read(me.session, response, document)
            if value is MISSING:
                scope[name] = None
                problem = problem or message
            else:
                scope[name] = value
        return problem


def compile_captures(captures: Sequence[Capture]) -> Captures:
    """Readers in order; raises ExpressionError for a malformed path."""
    return Captures(
        reads=tuple((each.name, _reader(each), _message(each)) for each in captures),
        reads_body=any(each.source in {"json", "regex"} for each in captures),
        reads_json=any(each.source == "json" for each in captures),
    )


def _message(capture: Capture) -> str | None:
    if capture.optional:
        return None
    return f"nothing to capture as {capture.name}: no {capture.source} {capture.query}"


def _reader(capture: Capture) -> Read:
    match capture.source:
        case "json":
            return _json(capture.query)
        case "header":
            return _header(capture.query)
        case "cookie":
            return _cookie(capture.query)
        case "regex":
            return _regex(re.compile(capture.query))
        case "status":
            return lambda _session, response, _document: response.status
        case _:
            assert_never(capture.source)


def _json(path: str) -> Read:
    parsed = parse_path(path)
    find = parsed.compile()

    def read(_session: Session, _response: Response, document: Document) -> object:
        hits = [] if document is NO_JSON else find(document)
        if not hits:
            return MISSING
        return hits[0] if parsed.singular else hits

    return read


def _header(name: str) -> Read:
    def read(_session: Session, response: Response, _document: Document) -> object:
        value = response.headers.get(name)
        return MISSING if value is None else value

    return read


def _cookie(name: str) -> Read:
    """From the user's cookies as they are after the answer, whichever redirect set it."""

    def read(session: Session, _response: Response, _document: Document) -> object:
        value = session.cookie(name)
        return MISSING if value is None else value

    return read


def _regex(pattern: re.Pattern[str]) -> Read:
    """The first group of each match, or all of it where there is no group."""

    def read(_session: Session, response: Response, _document: Document) -> object:
        found = pattern.finditer(body_text(response))
        hits = [match[1] if pattern.groups else match[0] for match in found]
        if not hits:
            return MISSING
        return hits[0] if len(hits) == 1 else hits

    return read
