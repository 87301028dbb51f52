"""Shows every request of a journey: what was sent, what came, what was checked and captured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from perfspec.expr import ExpressionError
from perfspec.expr.values import to_json
from perfspec.measure.trace import CheckResult, Exchange, Fault
from perfspec.run.driver.compile.check import body_text
from perfspec.run.driver.compile.message import as_response
from perfspec.run.driver.transports.documents import decode

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.plan.channel import Channel, Message
    from perfspec.plan.journey import ReceiveStep
    from perfspec.plan.request import Endpoint
    from perfspec.run.driver.actor import Actor
    from perfspec.run.driver.compile.check import Checks
    from perfspec.run.driver.compile.judge import Judge, Wrong
    from perfspec.run.driver.compile.message import Flight
    from perfspec.run.driver.compile.outgoing import Parts
    from perfspec.run.driver.transports.exchange import Response, Shape
    from perfspec.run.driver.transports.mailbox import Incoming
    from perfspec.run.driver.transports.websocket import Opening

Sent: TypeAlias = "tuple[Shape, Parts]"
Phase: TypeAlias = Literal["on_start", "journey", "on_stop"]
EXCERPT = 2000  # characters of a body that are shown


class Tracer:
    """Hands each exchange to ``tell``; ``persona`` and ``phase`` say where in a life it stands."""

    def __init__(self, tell: Callable[[Exchange | Fault], None]) -> None:
        self._tell = tell
        self.persona = ""
        self.phase: Phase = "journey"

    def exchange(
        self, me: Actor, endpoint: Endpoint, judge: Judge, sent: Sent, response: Response
    ) -> None:
        """One request of an endpoint; ``me.wrong`` is why it failed."""
        names = [name for name, _, _ in judge.captures.reads]
        captures = {} if me.wrong else {name: _shown(me.scope.get(name)) for name in names}
        checks = _results(me, judge.checks, response)
        self._tell(self._made(endpoint.name, sent, response, me.wrong, checks, captures))

    def poll(self, endpoint: Endpoint, sent: Sent, response: Response, wrong: Wrong | None) -> None:
        """One request that asks whether a job is done."""
        made = self._made(f"{endpoint.name}.poll", sent, response, wrong, [], {})
        self._tell(msgspec.structs.replace(made, kind="poll"))

    def connected(
        self, channel: Channel, opening: Opening, took_us: int, wrong: Wrong | None
    ) -> None:
        """A connection that was opened, or was not."""
        shown = self._over(channel.name, "CONNECT", opening.url, took_us, wrong)
        headers = [_pair(line) for line in opening.headers]
        self._tell(msgspec.structs.replace(shown, request_headers=headers))

    def message(
        self,
        message: Message,
        judge: Judge,
        flight: Flight,
        took_us: int,
        incoming: Incoming | None,
    ) -> None:
        """One message with its acknowledgement."""
        method, what = ("SEND", "") if message.emit is None else ("EMIT", message.emit)
        took = took_us if message.ack is not None else None
        shown = self._over(message.name, method, what, took, flight.wrong)
        shown = msgspec.structs.replace(shown, request_body=_written(flight.content))
        self._tell(_answered(shown, judge, flight.me, incoming, sent=flight.sent))

    def received(
        self, step: ReceiveStep, judge: Judge, me: Actor, incoming: Incoming | None, took_us: int
    ) -> None:
        """One message that the server sent of its own accord, or did not."""
        event = step.until.event or ""
        shown = self._over(f"{step.channel}.receive", "RECEIVE", event, took_us, me.wrong)
        self._tell(_answered(shown, judge, me, incoming))

    def fault(self, step: str, message: str) -> None:
        """A step that failed before it sent anything."""
        self._tell(Fault(persona=self.persona, phase=self.phase, step=step, message=message))

    def _made(
        self,
        step: str,
        sent: Sent,
        response: Response,
        wrong: Wrong | None,
        checks: list[CheckResult],
        captures: dict[str, Any],
    ) -> Exchange:
        shape, (url, body, headers, credentials) = sent
        error, message = wrong or (None, None)
        return Exchange(
            persona=self.persona,
            phase=self.phase,
            step=step,
            kind="request",
            method=shape.method,
            url=url,
            request_headers=[_pair(line) for line in (*shape.headers, *headers, *credentials)],
            request_body=None if body is None else _excerpt(body.decode("utf-8", "replace")),
            status=response.status,
            response_headers=response.headers.items(),
            response_body=_excerpt(body_text(response)),
            latency_s=response.total_us / 1e6,
            ttfb_s=response.ttfb_us / 1e6,
            sent=response.bytes_sent,
            received=response.bytes_received,
            checks=checks,
            captures=captures,
            error=error,
            message=message,
        )

    def _over(
        self, step: str, method: str, what: str, took_us: int | None, wrong: Wrong | None
    ) -> Exchange:
        error, message = wrong or (None, None)
        took_s = None if took_us is None else took_us / 1e6
        return Exchange(
            persona=self.persona,
            phase=self.phase,
            step=step,
            kind="message",
            method=method,
            url=what,
            request_headers=[],
            latency_s=took_s,
            ttfb_s=took_s,
            error=error,
            message=message,
        )


def _answered(
    shown: Exchange, judge: Judge, me: Actor, incoming: Incoming | None, sent: int = 0
) -> Exchange:
    if incoming is None:
        return msgspec.structs.replace(shown, sent=sent)
    answer = as_response(incoming)
    failed = shown.error is not None
    captures = (
        {} if failed else {each[0]: _shown(me.scope.get(each[0])) for each in judge.captures.reads}
    )
    text = answer.body.decode("utf-8", "replace")
    return msgspec.structs.replace(
        shown,
        sent=sent,
        received=incoming.size,
        response_headers=[] if incoming.event is None else [("event", incoming.event)],
        response_body=_excerpt(text),
        checks=_results(me, judge.checks, answer)[1:],  # a message has no status
        captures=captures,
    )


def _results(me: Actor, checks: Checks, response: Response) -> list[CheckResult]:
    if response.error is not None:
        return []
    passed = response.status in checks.statuses
    message = None if passed else f"expected {checks.wanted}, found {response.status}"
    results = [CheckResult(subject="status", passed=passed, message=message)]
    document = decode(response.body) if checks.reads_json else None
    for subject, check in checks.checks:
        try:
            message = check(me.scope, response, document)
        except ExpressionError as error:
            message = str(error)
        results.append(CheckResult(subject=subject, passed=message is None, message=message))
    return results


def _pair(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()


def _excerpt(text: str) -> str:
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT]}… ({len(text)} characters)"


def _written(content: object) -> str | None:
    """What a message carries; bytes that are no text by their number."""
    if content is None:
        return None
    if not isinstance(content, bytes | str):
        content = msgspec.json.encode(content)
    if isinstance(content, str):
        return _excerpt(content)
    try:
        return _excerpt(content.decode())
    except UnicodeDecodeError:
        return f"{len(content)} bytes"


def _shown(value: object) -> object:
    """A captured value as JSON can carry it."""
    try:
        return msgspec.json.decode(to_json(value))
    except ExpressionError:
        return repr(value)
