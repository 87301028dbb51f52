"""Messages over an open connection: build, send, wait for the acknowledgement, check, record."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, TypeAlias, cast

from perfspec.expr import ExpressionError
from perfspec.measure.errors import ErrorClass
from perfspec.plan.channel import BinaryBody, channel_of
from perfspec.plan.request import Expect, FileBody, JsonBody
from perfspec.run.driver.actor import Leave, wait
from perfspec.run.driver.compile.acks import compile_key
from perfspec.run.driver.compile.body import compile_body, compile_value, to_bytes
from perfspec.run.driver.compile.judge import compile_judge
from perfspec.run.driver.transports.exchange import Response
from perfspec.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from perfspec.plan.channel import Message
    from perfspec.run.driver.actor import Actor
    from perfspec.run.driver.compile.auth import SignIn
    from perfspec.run.driver.compile.bench import Bench, Step
    from perfspec.run.driver.compile.channel import Find
    from perfspec.run.driver.compile.judge import Wrong
    from perfspec.run.driver.transports.channels import Channel
    from perfspec.run.driver.transports.mailbox import Incoming
    from perfspec.run.driver.transports.socketio import SocketIo

    Build: TypeAlias = Callable[[Actor], object]
    Landed: TypeAlias = Callable[["Flight"], None]
    Send: TypeAlias = Callable[[Channel, object, Hashable], None]
CHUNK = "pcm"  # the variable that holds a stream's bytes
COUNT = "seq"


class Flight:
    """One message under way; ``landed`` is told once it was acknowledged or given up.

    ``due`` is when it should have been sent: its latency counts from there. ``content`` is kept
    only where every step is shown.
    """

    __slots__ = (
        "_courier",
        "content",
        "deadline",
        "due",
        "key",
        "landed",
        "me",
        "over",
        "sent",
        "seq",
        "wrong",
    )

    def __init__(self, courier: Courier, me: Actor, due: float, landed: Landed) -> None:
        self._courier = courier
        self.me = me
        self.due = due
        self.landed = landed
        self.content: object = None
        self.key: Hashable = None
        self.deadline = 0.0
        self.seq = self.sent = 0
        self.over = False
        self.wrong: Wrong | None = None

    def arrived(self, incoming: Incoming) -> None:
        """The acknowledgement is there."""
        self._courier.acknowledged(self, incoming)


class Courier:
    """Sends messages of one kind; every one becomes a sample once its fate is known."""

    def __init__(self, bench: Bench, message: Message, credentials: SignIn | None) -> None:
        """Raises ExpressionError for a template or path that is malformed."""
        self.message = message
        self.channel = channel_of(message.name)
        self.series = bench.series("request", message.name, timed=message.ack is not None)
        self._bench = bench
        self._build = _build(bench, message)
        self._key = None if message.ack is None else compile_key(bench, message.ack)
        expect = Expect(json=message.expect.json, texts=message.expect.texts)
        self._judge = compile_judge(bench, expect, message.captures, credentials)
        self._looks = bool(self._judge.checks.checks or message.captures)
        limit = format_duration(message.timeout_s)
        self._send = _sender(message)
        self._recorder, self._rng, self._tracer = bench.recorder, bench.rng, bench.tracer
        self._late = ErrorClass.MESSAGE, f"not acknowledged within {limit}"

    def launch(self, me: Actor, link: Channel, due: float, landed: Landed) -> Flight | None:
        """Send one message; None when it could not be built, and ``me.wrong`` says why.

        ``landed`` may be called before this returns.
        """
        name, wire = self.message.name, link.wire
        flight = Flight(self, me, due, landed)
        flight.seq = me.scope[COUNT] = link.sent.get(name, 0)
        link.sent[name] = flight.seq + 1
        self._rng.source = me.rng
        try:
            content = self._build(me)
            flight.key = None if self._key is None else self._key(me, link)
        except ExpressionError as error:
            self._bench.fault(me, self.series, str(error))
            return None
        if self._tracer is not None:
            flight.content = content
        flight.deadline = perf_counter() + self.message.timeout_s
        if flight.key is not None:
            link.mailbox.expect(flight)
        before = wire.sent
        try:
            self._send(link, content, flight.key)
        except BaseException:
            self._recorder.overrun += 1
            raise
        flight.sent = wire.sent - before
        if wire.lost is not None:
            self.give_up(link, flight)
        elif self._key is None:
            self._land(flight, perf_counter(), 0, None)
        return flight

    def acknowledged(self, flight: Flight, incoming: Incoming) -> None:
        """Check and record what came back."""
        wrong, me = None, flight.me
        if self._looks:
            me.scope[COUNT] = flight.seq
            self._rng.source = me.rng
            wrong = self._judge.decide(me, as_response(incoming))
        self._land(flight, incoming.at, incoming.size, wrong, incoming)

    def give_up(self, link: Channel, flight: Flight) -> None:
        """Record a message that nobody acknowledges any more."""
        if not flight.over:
            link.mailbox.forget(flight)
            self._land(flight, perf_counter(), 0, link.lost or self._late)

    def unsent(self, link: Channel, due: float) -> Wrong:
        """Record a message that could not even be sent, as the connection is lost; why it is."""
        lost = link.lost or self._late
        self.series.record((due, 0, 0, 0, 0, 0, 0))
        self._recorder.failed(self.series, due, *lost)
        return lost

    def _land(
        self,
        flight: Flight,
        at: float,
        received: int,
        wrong: Wrong | None,
        incoming: Incoming | None = None,
    ) -> None:
        took_us = max(int((at - flight.due) * 1e6), 0)
        self.series.record((flight.due, took_us, took_us, flight.sent, received, 0, 0))
        if wrong is not None:
            self._recorder.failed(self.series, flight.due, *wrong)
        flight.over, flight.wrong = True, wrong
        if self._tracer is not None:
            self._tracer.message(self.message, self._judge, flight, took_us, incoming)
        flight.landed(flight)


def compile_message(bench: Bench, courier: Courier, find: Find) -> Step:
    """A step that sends one message and waits until it is acknowledged."""

    def send(me: Actor) -> bool:
        link = find(me)
        if link is None:
            return False
        started = perf_counter()
        flight = courier.launch(me, link, started, lambda _flight: me.wake())
        if flight is None:
            return False
        try:
            with link.mailbox.waking(me.wake):
                while not flight.over:
                    left_s = flight.deadline - perf_counter()
                    if link.lost is not None or left_s <= 0:
                        courier.give_up(link, flight)
                    else:
                        wait(me, left_s)
        except BaseException:
            link.mailbox.forget(flight)
            bench.recorder.overrun += not flight.over
            raise
        me.spent_us += int((perf_counter() - started) * 1e6)
        if flight.key is None:  # sent and done: a user of such messages alone would stop all others
            wait(me, 0.0)
        me.wrong = flight.wrong
        if flight.wrong is not None and flight.wrong == link.lost:
            me.channels[courier.channel] = None  # somebody was told
        if me.leaving:
            raise Leave
        return flight.wrong is None

    return send


def as_response(incoming: Incoming) -> Response:
    """An incoming message as the answer of a request, for checks and captures to look at."""
    response = Response()
    response.status = 200
    response.body = incoming.content
    return response


def _sender(message: Message) -> Send:
    """What sends a message that was built; its key holds the number of a callback."""
    emit, timeout_s = message.emit, message.timeout_s
    binary = message.body is None or isinstance(message.body, BinaryBody)
    callback = message.ack is not None and message.ack.kind == "callback"

    def event(link: Channel, content: object, key: Hashable) -> None:
        call = cast("tuple[str, int]", key)[1] if callback else None
        cast("SocketIo", link).emit(cast("str", emit), content, timeout_s, call)

    def plain(link: Channel, content: object, _key: Hashable) -> None:
        link.wire.send(to_bytes(content), timeout_s, binary=binary)

    return plain if emit is None else event


def _build(bench: Bench, message: Message) -> Build:
    """What is sent: bytes, or for Socket.IO a value. Without a body, a stream's chunk."""
    body = message.body
    if body is None:
        return lambda me: me.scope.get(CHUNK) or (None if message.emit else b"")
    if isinstance(body, BinaryBody):
        if isinstance(body.content, dict):
            return compile_body(bench, FileBody(file=body.content)).make
        render = bench.value(body.content).render
        return lambda me: render(me.scope)
    if message.emit is not None and isinstance(body, JsonBody):
        return compile_value(bench, body.value)
    return compile_body(bench, body).make
