"""Waiting for a message that the server sends of its own accord."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from perfspec.expr import ExpressionError
from perfspec.measure.errors import ErrorClass
from perfspec.plan.request import Expect
from perfspec.run.driver.actor import Leave, wait
from perfspec.run.driver.compile.check import compile_expect
from perfspec.run.driver.compile.judge import compile_judge
from perfspec.run.driver.compile.message import as_response
from perfspec.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.plan.channel import Answer
    from perfspec.plan.journey import ReceiveStep
    from perfspec.run.driver.actor import Actor
    from perfspec.run.driver.compile.auth import SignIn
    from perfspec.run.driver.compile.bench import Bench, Step
    from perfspec.run.driver.compile.channel import Find
    from perfspec.run.driver.recorder import SeriesBuffer
    from perfspec.run.driver.transports.channels import Channel
    from perfspec.run.driver.transports.mailbox import Incoming


def compile_receive(
    bench: Bench,
    step: ReceiveStep,
    credentials: SignIn | None,
    series: SeriesBuffer,
    find: Find,
) -> Step:
    """A step that passes once the message is there. Raises ExpressionError for a malformed path."""
    wait_for = _waiter(bench, step)
    judge = compile_judge(bench, Expect(), step.captures, credentials)
    late = ErrorClass.MESSAGE, f"no such message within {format_duration(step.timeout_s)}"

    def receive(me: Actor) -> bool:
        link = find(me)
        if link is None:
            return False
        started = perf_counter()
        bench.rng.source = me.rng
        try:
            incoming = wait_for(me, link)
        except ExpressionError as error:
            return bench.fault(me, series, str(error))
        took_us = int((perf_counter() - started) * 1e6)
        if incoming is None:
            me.wrong = link.lost or late
        else:
            me.wrong = judge.decide(me, as_response(incoming))
        size = 0 if incoming is None else incoming.size
        series.record((started, took_us, took_us, 0, size, 0, 0))
        if me.wrong is not None:
            bench.recorder.failed(series, started, *me.wrong)
        me.spent_us += took_us
        if bench.tracer is not None:
            bench.tracer.received(step, judge, me, incoming, took_us)
        if incoming is None and link.lost is not None:
            me.channels[step.channel] = None
        if me.leaving:
            raise Leave
        return me.wrong is None

    return receive


def _waiter(bench: Bench, step: ReceiveStep) -> Callable[[Actor, Channel], Incoming | None]:
    """The first message that fits; None when the connection was lost or the time is over."""
    fits = _matcher(bench, step.until)

    def wait_for(me: Actor, link: Channel) -> Incoming | None:
        late = perf_counter() + step.timeout_s
        with link.mailbox.waking(me.wake):
            return first(me, link, late)

    def first(me: Actor, link: Channel, late: float) -> Incoming | None:
        while True:
            incoming = link.mailbox.take()
            if incoming is not None:
                if fits(me, incoming):
                    return incoming
                continue
            left_s = late - perf_counter()
            if link.lost is not None or left_s <= 0:
                return None
            if me.leaving:
                raise Leave
            wait(me, left_s)

    return wait_for


def _matcher(bench: Bench, until: Answer) -> Callable[[Actor, Incoming], bool]:
    checks = compile_expect(bench, Expect(json=until.json, texts=until.texts))
    event = until.event

    def fits(me: Actor, incoming: Incoming) -> bool:
        if event is not None and incoming.event != event:
            return False
        if not checks.checks:
            return True
        document = incoming.document if checks.reads_json else None
        return checks.first_failure(me.scope, as_response(incoming), document) is None

    return fits
