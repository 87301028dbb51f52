"""Opening and closing connections, and finding the one that a step needs."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, TypeAlias

from perfspec.expr import ExpressionError
from perfspec.plan.journey import ReceiveStep
from perfspec.run.driver.actor import IDLE_S, Leave
from perfspec.run.driver.compile.acks import compile_names
from perfspec.run.driver.compile.outgoing import compile_opening
from perfspec.run.driver.transports.channels import Channel
from perfspec.run.driver.transports.mailbox import Mailbox
from perfspec.run.driver.transports.origins import RefusedError
from perfspec.run.driver.transports.socketio import SocketIo
from perfspec.run.driver.transports.websocket import Opening, Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.plan.channel import Channel as PlanChannel
    from perfspec.run.driver.actor import Actor
    from perfspec.run.driver.compile.auth import SignIn
    from perfspec.run.driver.compile.bench import Bench, Step
    from perfspec.run.driver.recorder import SeriesBuffer

Find: TypeAlias = "Callable[[Actor], Channel | None]"


def compile_connect(bench: Bench, channel: PlanChannel, credentials: SignIn | None) -> Step:
    """Opens the channel, measured until its session is there.

    Raises ExpressionError for a template that is malformed.
    """
    series = bench.series("request", channel.name)
    prepare = compile_opening(bench, channel, credentials)
    greet = bench.value(channel.credentials).render
    open_ = _opener(bench, channel)

    def connect(me: Actor) -> bool:
        if me.channels.get(channel.name) is not None:
            return bench.fault(me, series, f"{channel.name} is connected already: close it first")
        bench.rng.source = me.rng
        try:
            url, lines = prepare(me)
            greeting = greet(me.scope)
        except ExpressionError as error:
            return bench.fault(me, series, str(error))
        cookies = me.session.cookies_for(url)
        lines = lines if cookies is None else (*lines, f"Cookie: {cookies}")
        opening = Opening(url, lines, channel.subprotocols, channel.timeout_s)
        started, received, me.wrong = perf_counter(), 0, None
        try:
            link = me.channels[channel.name] = open_(opening, greeting)
            received = link.wire.received
        except RefusedError as refusal:
            me.wrong = refusal.error, str(refusal)
        except BaseException:
            bench.recorder.overrun += 1
            raise
        took_us = int((perf_counter() - started) * 1e6)
        series.record((started, took_us, took_us, 0, received, me.wrong is None, 0))
        if me.wrong is not None:
            bench.recorder.failed(series, started, *me.wrong)
        me.spent_us += took_us
        if bench.tracer is not None:
            bench.tracer.connected(channel, opening, took_us, me.wrong)
        if me.leaving:
            raise Leave
        return me.wrong is None

    return connect


def _opener(bench: Bench, channel: PlanChannel) -> Callable[[Opening, object], Channel]:
    """A function that opens the channel, or raises RefusedError."""
    names = compile_names(channel.messages)
    waits = (each for each in bench.persona.life if isinstance(each, ReceiveStep))
    keeps = any(each.channel == channel.name for each in waits)

    def open_(opening: Opening, greeting: object) -> Channel:
        mailbox = Mailbox(names, keeps=keeps)
        wire = Wire(bench.dialer, opening)
        plain = channel.protocol == "websocket"
        link = Channel(wire, mailbox) if plain else SocketIo(wire, mailbox, channel.namespace)
        try:
            link.join(greeting, opening.timeout_s)
        except BaseException:
            link.close()
            raise
        return link

    return open_


def compile_close(channel: PlanChannel) -> Step:
    """Closes the channel, if it is open."""

    def close(me: Actor) -> bool:
        link = me.channels.pop(channel.name, None)
        if link is not None:
            link.close()
        return True

    return close


def compile_find(bench: Bench, channel: str, series: SeriesBuffer, connect: Step) -> Find:
    """The open channel that a step needs; None when it has failed for the want of one.

    The step that finds the channel lost fails with the reason; the next one connects again.
    """

    def find(me: Actor) -> Channel | None:
        link = me.channels.get(channel)
        if link is not None:
            if link.lost is None:
                return link
            me.wrong = link.lost
            me.channels[channel] = None  # somebody was told
            started = perf_counter()
            series.record((started, 0, 0, 0, 0, 0, 0))
            bench.recorder.failed(series, started, *link.lost)
        elif channel in me.channels:
            del me.channels[channel]
            if connect(me):
                return me.channels[channel]
            me.channels[channel] = None
        else:
            bench.fault(me, series, f"{channel} is not connected: a connect step comes before")
        me.pause(IDLE_S)
        return None

    return find
