"""Credentials in what is told of a failed request: an answer may repeat what it was asked with.

What the spec names as secret is masked by the parent; only here it is known what a user was given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from perfspec.expr import ExpressionError
from perfspec.redact import Redactor
from perfspec.run.driver.compile.check import body_text
from perfspec.run.driver.transports.coding import HEAD
from perfspec.run.driver.transports.documents import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from perfspec.run.driver.actor import Actor
    from perfspec.run.driver.compile.auth import SignIn
    from perfspec.run.driver.compile.capture import Captures
    from perfspec.run.driver.recorder import SeriesBuffer
    from perfspec.run.driver.transports.documents import Document
    from perfspec.run.driver.transports.exchange import Response

Known: TypeAlias = "Callable[[Actor, Response, Document], Iterator[str]]"
Hide: TypeAlias = "Callable[[Actor, Response, Document, str], str]"
Quote: TypeAlias = "Callable[[Actor, SeriesBuffer, Response, str], str | None]"
SHORTEST = 8  # a shorter cookie is a setting, such as a language
FIRST_ERROR = 400  # what answers with a lower status, though unexpected, may hold any secret


def compile_hide(credentials: SignIn | None, captures: Captures) -> Hide:
    """A function that masks what the user signs in with, now or after this answer, and its cookies.

    It may raise ExpressionError.
    """
    known = _compile_known(credentials, captures)

    def hide(me: Actor, response: Response, document: Document, message: str) -> str:
        shown = {
            each
            for each in known(me, response, document)
            if len(each) >= SHORTEST and (each in message or repr(each)[1:-1] in message)
        }
        return Redactor(shown).text(message) if shown else message

    return hide


def compile_quote(credentials: SignIn | None, captures: Captures) -> Quote:
    """A function that tells how an answer with an error status begins, with the same masked.

    It does so for the first of a series that a message is about, and is asked before the sample is
    recorded.
    """
    known = _compile_known(credentials, captures)

    def quote(me: Actor, series: SeriesBuffer, response: Response, message: str) -> str | None:
        if not is_quotable(response) or not series.to_quote(message):
            return None
        document = decode(response.body) if captures.reads_json else None
        try:
            return masked_head(response, known(me, response, document))
        except ExpressionError:
            return None  # what the user signs in with is not known, nor whether it stands there

    return quote


def is_quotable(response: Response) -> bool:
    """Whether it is a whole answer of which something may be shown to who reads the report."""
    return response.status >= FIRST_ERROR and response.error is None


def masked_head(response: Response, known: Iterable[str]) -> str | None:
    """How the body begins, without what is ``known`` to be secret; None if there is none."""
    shown = {each for each in known if len(each) >= SHORTEST}
    return Redactor(shown).cut(body_text(response, HEAD)) or None


def _compile_known(credentials: SignIn | None, captures: Captures) -> Known:
    """A function that gives what must not be shown; it may raise ExpressionError."""
    names = frozenset[str]() if credentials is None else credentials.names
    reads = [read for name, read, _ in captures.reads if name in names]

    def known(me: Actor, response: Response, document: Document) -> Iterator[str]:
        if credentials is not None:
            yield from (line.rpartition(" ")[2] for line in credentials.lines(me.scope))
        for read in reads:
            value = read(me.session, response, document)
            if isinstance(value, str):
                yield value
        yield from me.session.cookies()

    return known
