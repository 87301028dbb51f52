"""Asking until a job is done: every request is a sample, and so is the whole time it took."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

import gevent

from perfspec.expr import ExpressionError
from perfspec.measure.errors import ErrorClass, class_of_status
from perfspec.run.driver.actor import Leave, wait
from perfspec.run.driver.compile.capture import compile_captures
from perfspec.run.driver.compile.check import compile_expect
from perfspec.run.driver.compile.hide import compile_quote
from perfspec.run.driver.compile.judge import transport_failure
from perfspec.run.driver.compile.outgoing import compile_poll_request
from perfspec.run.driver.compile.send import compile_send
from perfspec.run.driver.transports.documents import decode
from perfspec.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.expr import Scope
    from perfspec.plan.request import Endpoint, Poll
    from perfspec.run.driver.actor import Actor
    from perfspec.run.driver.compile.auth import SignIn
    from perfspec.run.driver.compile.bench import Bench
    from perfspec.run.driver.compile.capture import Captures
    from perfspec.run.driver.compile.check import Checks
    from perfspec.run.driver.compile.judge import Wrong
    from perfspec.run.driver.transports.exchange import Response


class Answer(NamedTuple):
    """What one poll says: whether it is over, and what then went wrong with the job, if any."""

    over: bool
    wrong: Wrong | None = None


def compile_poll(
    bench: Bench, endpoint: Endpoint, poll: Poll, credentials: SignIn | None
) -> Callable[[Actor], None]:
    """A function for the moment in which a job was accepted; ``me.wrong`` tells how it ended.

    With ``wait: false`` it returns at once and asks in a greenlet beside the user, who goes on.
    """
    ask = _asker(bench, endpoint, poll, credentials)
    done = bench.series("done", f"{endpoint.name}.done")
    late = ErrorClass.TIMEOUT, f"not done after {format_duration(poll.timeout_s)}"

    def follow(me: Actor) -> None:
        accepted = due = perf_counter()
        answer = Answer(over=False)
        while not answer.over and due < accepted + poll.timeout_s:
            due = min(due + poll.every_s, accepted + poll.timeout_s)  # a clock that never slips
            wait(me, max(due - perf_counter(), 0.0))
            if me.leaving:
                raise Leave
            answer = ask(me)
        me.wrong = answer.wrong if answer.over else late
        took_us = int((perf_counter() - accepted) * 1e6)
        done.record((accepted, took_us, took_us, 0, 0, 0, 0))
        if me.wrong is not None:
            bench.recorder.failed(done, accepted, *me.wrong)

    return follow if poll.wait else _beside(bench, follow)


def _beside(bench: Bench, follow: Callable[[Actor], None]) -> Callable[[Actor], None]:
    def start(me: Actor) -> None:
        greenlet = gevent.spawn(follow, me.double())
        greenlet.link_exception(lambda dead: bench.report_bug(dead.exception))
        me.beside.add(greenlet)
        greenlet.link(me.beside.discard)

    return start


def _asker(
    bench: Bench, endpoint: Endpoint, poll: Poll, credentials: SignIn | None
) -> Callable[[Actor], Answer]:
    outgoing = compile_poll_request(bench, endpoint, poll, credentials)
    send = compile_send(bench, None)
    series = bench.series("poll", f"{endpoint.name}.poll")
    rule = _Rule(bench, poll)
    quote = compile_quote(credentials, rule.captures)

    def ask(me: Actor) -> Answer:
        bench.rng.source = me.rng
        try:
            parts = outgoing.prepare(me)
        except ExpressionError as error:
            bench.fault(me, series, str(error))
            return Answer(over=True, wrong=me.wrong)
        response, sample = send(me, outgoing.prepared, parts)
        wrong = rule.failure(response)
        body = None if wrong is None else quote(me, series, response, wrong[1])
        series.record(sample)
        if wrong is not None:
            bench.recorder.failed(series, sample[0], *wrong, body)
        if bench.tracer is not None:
            bench.tracer.poll(endpoint, (outgoing.prepared.shape, parts), response, wrong)
        return rule.answer(me, response)

    return ask


class _Rule:
    """Reads the answers of one poll; ``captures`` is what it takes from the last one."""

    def __init__(self, bench: Bench, poll: Poll) -> None:
        self._until: Checks = compile_expect(bench, poll.until)
        self._fail_if = None if poll.fail_if is None else compile_expect(bench, poll.fail_if)
        self.captures: Captures = compile_captures(poll.captures)

    def failure(self, response: Response) -> Wrong | None:
        """Why the request itself failed; a status below 400 only means: not yet."""
        if response.error is not None:
            return transport_failure(response)
        expected = self._until.statuses | (self._fail_if.statuses if self._fail_if else frozenset())
        if response.status < 400 or response.status in expected:
            return None
        return class_of_status(response.status), f"status {response.status}"

    def answer(self, me: Actor, response: Response) -> Answer:
        """Whether the job is over; a request that failed is no answer, the next one may be."""
        if response.error is not None:
            return Answer(over=False)
        document, scope = decode(response.body), me.scope
        try:
            if self._fail_if is not None and _meets(self._fail_if, scope, response, document):
                return Answer(over=True, wrong=(ErrorClass.CHECK, "the job failed (fail_if)"))
            if not _meets(self._until, scope, response, document):
                return Answer(over=False)
            message = self.captures.into(me, response, document)
        except ExpressionError as error:
            message = str(error)
        return Answer(over=True, wrong=None if message is None else (ErrorClass.CHECK, message))


def _meets(checks: Checks, scope: Scope, response: Response, document: object) -> bool:
    if response.status not in checks.statuses:
        return False
    return checks.first_failure(scope, response, document) is None
