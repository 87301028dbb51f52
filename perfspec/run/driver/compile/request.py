"""One call of an endpoint as a step: render, send, check, capture, record, think."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from perfspec.expr import ExpressionError
from perfspec.measure.errors import ErrorClass
from perfspec.run.driver.actor import IDLE_S, Leave
from perfspec.run.driver.compile.judge import compile_judge
from perfspec.run.driver.compile.outgoing import compile_outgoing
from perfspec.run.driver.compile.poll import compile_poll
from perfspec.run.driver.compile.send import compile_send

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.plan.request import Endpoint
    from perfspec.run.driver.actor import Actor
    from perfspec.run.driver.compile.auth import SignIn
    from perfspec.run.driver.compile.bench import Bench, Step
    from perfspec.run.driver.recorder import Sample, SeriesBuffer
    from perfspec.run.driver.transports.exchange import Response

UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class Manner:
    """How an endpoint is called: ``think_s`` afterwards, and whether its answer is kept."""

    think_s: tuple[float, float] | None = None
    keep_response: bool = False


def compile_request(
    bench: Bench, endpoint: Endpoint, credentials: SignIn | None, manner: Manner
) -> Step:
    """Raises ExpressionError for a template, path or expression that is malformed."""
    attempt = _attempt(bench, endpoint, credentials, manner)
    poll = compile_poll(bench, endpoint, endpoint.poll, credentials) if endpoint.poll else None
    renewal = credentials if credentials is not None and credentials.renewable else None
    renewal = renewal if endpoint.auth else None
    low, high = manner.think_s or (0.0, 0.0)

    def request(me: Actor) -> bool:
        if renewal is not None and me.renew_at <= perf_counter():
            renewal.renew(me)
        response = attempt(me)
        if renewal is not None and _refused(me, response) and renewal.renew(me):
            response = attempt(me)
        if poll is not None and me.wrong is None:
            poll(me)
        passed = me.wrong is None
        if me.leaving:
            raise Leave
        if high > 0:
            me.think(me.rng.uniform(low, high))
        elif not passed and not _was_sent(response):
            me.pause(IDLE_S)
        return passed

    return request


def _was_sent(response: Response | None) -> bool:
    """What never left this machine did not wait for anything, so the user must not spin."""
    return response is not None and response.error is not ErrorClass.GENERATOR


def _refused(me: Actor, response: Response | None) -> bool:
    if response is None or response.status != UNAUTHORIZED:
        return False
    return me.wrong is not None and not me.leaving


def _attempt(
    bench: Bench, endpoint: Endpoint, credentials: SignIn | None, manner: Manner
) -> Callable[[Actor], Response | None]:
    """Sends and records once; ``me.wrong`` tells how it went. None: it could not be built."""
    judge = compile_judge(bench, endpoint.expect, endpoint.captures, credentials)
    tracer = bench.tracer
    keep_response = manner.keep_response
    keep_body = judge.reads_body or keep_response or tracer is not None
    outgoing = compile_outgoing(bench, endpoint, credentials, keep_body=keep_body)
    prepare, prepared = outgoing.prepare, outgoing.prepared
    send = compile_send(bench, endpoint.retry)
    series = bench.series("request", endpoint.name)
    by_class: dict[str | None, SeriesBuffer] = {
        name: bench.series("request", endpoint.name, name) for name in outgoing.file_classes
    }
    decide, quote = judge.decide, judge.quote
    failed, rng = bench.recorder.failed, bench.rng
    count = _from_due if bench.open_model else _from_start

    def attempt(me: Actor) -> Response | None:
        rng.source = me.rng
        due, me.due = me.due, None
        try:
            parts = prepare(me)
        except ExpressionError as error:
            bench.fault(me, series, str(error))
            return None
        if me.seat is None:
            response, sample = send(me, prepared, parts)
        else:
            due = None  # to wait for the other side is not to be late
            with me.seat.turn():
                response, sample = send(me, prepared, parts)
        mine = by_class[me.file_class] if by_class else series
        sample = count(mine, due, sample)
        me.spent_us += sample[1]
        me.wrong = wrong = decide(me, response)
        if wrong is None:
            mine.record(sample)
        else:
            body = quote(me, mine, response, wrong[1])
            mine.record(sample)
            failed(mine, sample[0], *wrong, body)
        if keep_response:
            me.response = response
        if tracer is not None:
            tracer.exchange(me, endpoint, judge, (prepared.shape, parts), response)
        return response

    return attempt


def _from_start(series: SeriesBuffer, due: float | None, sample: Sample) -> Sample:
    """Closed model: a request counts from when it is sent; how late that was is noted beside."""
    if due is not None:
        series.late((due, max(int((sample[0] - due) * 1e6), 0)))
    return sample


def _from_due(series: SeriesBuffer, due: float | None, sample: Sample) -> Sample:
    """Open model: a request counts from when it should have been sent (coordinated omission)."""
    late_us = 0 if due is None else max(int((sample[0] - due) * 1e6), 0)
    started = sample[0] if due is None else min(due, sample[0])
    if due is not None:
        series.late((started, late_us))
    series.serve((started, sample[1]))
    return (started, sample[1] + late_us, sample[2] + late_us, *sample[3:])
