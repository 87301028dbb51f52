"""Deciding on an answer: transport, status, checks, then captures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from perfspec.expr import ExpressionError
from perfspec.measure.errors import ErrorClass, class_of_status
from perfspec.run.driver.compile.capture import compile_captures
from perfspec.run.driver.compile.check import compile_expect
from perfspec.run.driver.compile.hide import compile_hide, compile_quote
from perfspec.run.driver.transports.documents import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfspec.plan.request import Capture, Expect
    from perfspec.run.driver.actor import Actor
    from perfspec.run.driver.compile.auth import SignIn
    from perfspec.run.driver.compile.bench import Bench
    from perfspec.run.driver.compile.capture import Captures
    from perfspec.run.driver.compile.check import Checks
    from perfspec.run.driver.compile.hide import Quote
    from perfspec.run.driver.transports.exchange import Response

Wrong: TypeAlias = tuple[ErrorClass, str]
_AMOUNTS = re.compile(r"\d+(?= (?:milliseconds|ms|seconds|bytes|out of))")


def transport_failure(response: Response) -> Wrong | None:
    """Class and message of an answer that did not come, without amounts that differ each time."""
    if response.error is None:
        return None
    return response.error, _AMOUNTS.sub("…", response.message)


class Judge(NamedTuple):
    """``decide`` captures, too; ``checks`` and ``captures`` are what it looks at.

    ``quote`` tells how the answer began where that may explain the failure.
    """

    decide: Callable[[Actor, Response], Wrong | None]
    checks: Checks
    captures: Captures
    reads_body: bool
    quote: Quote


def compile_judge(
    bench: Bench, expect: Expect, captures: Sequence[Capture], credentials: SignIn | None
) -> Judge:
    """Raises ExpressionError for a path or template that is malformed."""
    checks, reads = compile_expect(bench, expect), compile_captures(captures)
    statuses, wanted = checks.statuses, checks.wanted
    hide = compile_hide(credentials, reads)
    reads_json = checks.reads_json or reads.reads_json
    looks = bool(checks.checks or reads.reads)
    signs_in = credentials is not None and not credentials.names.isdisjoint(
        each.name for each in captures
    )

    def decide(me: Actor, response: Response) -> Wrong | None:
        if response.error is not None:
            return transport_failure(response)
        if response.status not in statuses:
            error = class_of_status(response.status)
            return error, f"status {response.status}, expected {wanted}"
        if not looks:
            return None
        document = decode(response.body) if reads_json else None
        try:
            message = checks.first_failure(me.scope, response, document)
            message = message or reads.into(me, response, document)
            if signs_in and credentials is not None:
                credentials.captured(me)
            message = message and hide(me, response, document, message)
        except ExpressionError as error:
            message = str(error)
        return None if message is None else (ErrorClass.CHECK, message)

    reads_body = checks.reads_body or reads.reads_body
    return Judge(decide, checks, reads, reads_body, compile_quote(credentials, reads))
