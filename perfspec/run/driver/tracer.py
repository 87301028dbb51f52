"""Shows every request of a journey: what was sent, what came, what was checked and captured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from perfspec.expr import ExpressionError
from perfspec.expr.values import to_json
from perfspec.measure.trace import CheckResult, Exchange, Fault
from perfspec.run.driver.compile.check import body_text, decode

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.plan.request import Endpoint
    from perfspec.run.driver.actor import Actor
    from perfspec.run.driver.compile.check import Checks
    from perfspec.run.driver.compile.judge import Judge, Wrong
    from perfspec.run.driver.compile.outgoing import Parts
    from perfspec.run.driver.transports.exchange import Response, Shape

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


def _shown(value: object) -> object:
    """A captured value as JSON can carry it."""
    try:
        return msgspec.json.decode(to_json(value))
    except ExpressionError:
        return repr(value)
