"""Credentials in the message of a failed check: an answer may repeat what it was asked with.

What the spec names as secret is masked by the parent; only here it is known what a user was given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from perfspec.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from perfspec.run.driver.actor import Actor
    from perfspec.run.driver.compile.auth import SignIn
    from perfspec.run.driver.compile.capture import Captures
    from perfspec.run.driver.transports.documents import Document
    from perfspec.run.driver.transports.exchange import Response

Hide: TypeAlias = "Callable[[Actor, Response, Document, str], str]"
SHORTEST = 8  # a shorter cookie is a setting, such as a language


def compile_hide(credentials: SignIn | None, captures: Captures) -> Hide:
    """A function that masks what the user signs in with, now or after this answer, and its cookies.

    It may raise ExpressionError.
    """
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

    def hide(me: Actor, response: Response, document: Document, message: str) -> str:
        shown = {
            each
            for each in known(me, response, document)
            if len(each) >= SHORTEST and (each in message or repr(each)[1:-1] in message)
        }
        return Redactor(shown).text(message) if shown else message

    return hide
