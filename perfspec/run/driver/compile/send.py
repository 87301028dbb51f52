"""Sending one request and, where the endpoint says so, sending it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from perfspec.run.driver.actor import wait
from perfspec.run.driver.compile.check import status_set

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.plan.request import Retry
    from perfspec.run.driver.actor import Actor
    from perfspec.run.driver.compile.bench import Bench
    from perfspec.run.driver.compile.outgoing import Parts
    from perfspec.run.driver.recorder import Sample
    from perfspec.run.driver.transports.exchange import Response
    from perfspec.run.driver.transports.handles import Prepared

Sent: TypeAlias = "tuple[Response, Sample]"
Send: TypeAlias = "Callable[[Actor, Prepared, Parts], Sent]"


def compile_send(bench: Bench, retry: Retry | None) -> Send:
    """A function that gives the last answer and the one sample of all attempts.

    A user who is killed meanwhile leaves no sample: what was under way is counted as overrun.
    """
    recorder = bench.recorder

    def once(me: Actor, prepared: Prepared, parts: Parts) -> Sent:
        try:
            response = me.session.send(prepared, *parts)
        except BaseException:
            recorder.overrun += 1
            raise
        return response, (
            response.started,
            response.total_us,
            response.ttfb_us,
            response.bytes_sent,
            response.bytes_received,
            response.new_connection,
            0,
        )

    return once if retry is None else _patient(bench, retry, once)


def _patient(bench: Bench, retry: Retry, once: Send) -> Send:
    """Latency from the first attempt; the pause before an attempt doubles each time."""
    again = status_set(retry.status)

    def patient(me: Actor, prepared: Prepared, parts: Parts) -> Sent:
        response, sample = once(me, prepared, parts)
        extra = 0
        while response.status in again and response.error is None and extra + 1 < retry.attempts:
            try:
                wait(me, retry.backoff_s * 2**extra)
                if me.leaving:
                    break
                response, last = once(me, prepared, parts)
            except BaseException:
                bench.recorder.overrun += 1 + extra  # those that were answered before
                raise
            extra += 1
            sample = _joined(sample, last, extra)
        return response, sample

    return patient


def _joined(first: Sample, last: Sample, extra: int) -> Sample:
    before_us = int((last[0] - first[0]) * 1e6)
    return (
        first[0],
        before_us + last[1],
        before_us + last[2],
        first[3] + last[3],
        first[4] + last[4],
        first[5] + last[5],
        extra,
    )
