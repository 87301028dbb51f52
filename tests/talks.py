"""Plans with an open connection, for tests of what goes over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perfspec.plan.channel import Ack, Channel, Message
from perfspec.plan.journey import (
    CloseStep,
    ConnectStep,
    MessageStep,
    Options,
    Pcm,
    ReceiveStep,
    StreamStep,
)
from tests.plans import PLACE, persona, plan

if TYPE_CHECKING:
    from perfspec.plan.journey import Step
    from perfspec.plan.model import Plan

NEXT = Ack(kind="next")
VOICE = Pcm(rate=16_000, bits=16)  # 1,024 bytes in 32 ms
CONNECT = ConnectStep(channel="talk", place=PLACE)
CLOSE = CloseStep(channel="talk", place=PLACE)


def talk_plan(target: str, journey: tuple[Step, ...], *messages: Message, **rest: Any) -> Plan:  # noqa: ANN401  (fields of the channel)
    """A persona with one channel, ``talk``; ``on_start`` is its own, the rest the channel's."""
    on_start = rest.pop("on_start", ())
    channel = Channel(
        **{"name": "talk", "protocol": "websocket", "url": "/ws", "timeout_s": 5.0, **rest},
        messages=messages,
        place=PLACE,
    )
    return plan(target, [persona(*journey, on_start=on_start)], [], channels=(channel,))


def message(name: str, **rest: Any) -> Message:  # noqa: ANN401  (fields of the struct)
    return Message(**{"name": f"talk.{name}", "timeout_s": 5.0, **rest}, place=PLACE)


def say(name: str, **options: Any) -> MessageStep:  # noqa: ANN401  (fields of the struct)
    return MessageStep(message=f"talk.{name}", options=Options(**options), place=PLACE)


def listen(**rest: Any) -> ReceiveStep:  # noqa: ANN401  (fields of the struct)
    return ReceiveStep(**{"channel": "talk", "timeout_s": 5.0, **rest}, place=PLACE)


def stream(name: str, for_s: float, **rest: Any) -> StreamStep:  # noqa: ANN401  (fields of the struct)
    fields = {"message": f"talk.{name}", "every_s": 0.01, "for_s": for_s, **rest}
    return StreamStep(**fields, place=PLACE)
