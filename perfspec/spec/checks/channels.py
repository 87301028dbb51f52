"""Open connections: steps that fit what they name, messages that fit their protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perfspec.spec.channel import Ack
from perfspec.spec.checks.names import STEP_LISTS
from perfspec.spec.checks.walk import called_endpoints, messages_of, nested_steps, written_steps
from perfspec.spec.persona import (
    STEP_WORDS,
    CloseStep,
    ConnectStep,
    ReceiveStep,
    StreamStep,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.spec.channel import Message
    from perfspec.spec.checks.context import Context
    from perfspec.spec.persona import Step
    from perfspec.spec.tree import Path

_LATENCY: Final = frozenset({"mean", "max"})


def check_channels(context: Context) -> None:
    """Steps over connections, and what stands in their messages."""
    for path, step in written_steps(context.spec):
        _kind(context, path, step)
    for persona in context.personas:
        _renewal(context, persona)
        if context.read(persona):
            _connected(context, persona)
    for path, name, message in messages_of(context.spec):
        _name(context, path)
        if context.complete(*path):
            _protocol(context, path, name, message)
            _limits(context, path, name, message)


def _kind(context: Context, path: Path, step: Step) -> None:
    """A step names what its word is for."""
    names = context.names.known
    for at, name in called_endpoints(step, path):
        if name not in names["endpoint"]:
            continue
        place = context.key(at) if at[-1] == name else context.value(at)
        connection, message = name in names["connection"], name in names["message"]
        if isinstance(step, ConnectStep | ReceiveStep | CloseStep):
            if not connection:
                what = "a message" if message else "a request"
                text = f"{name!r} is {what}, no connection"
                context.findings.error(place, "PS217", text, f"write - {name}")
        elif isinstance(step, StreamStep):
            if not message:
                text = f"{name!r} is no message: a stream sends messages"
                context.findings.error(place, "PS217", text, f"write stream: {name}.MESSAGE")
        elif connection:
            text = f"{name!r} is a connection: it is opened, and its messages are sent"
            hint = f"write - connect: {name}, or - {name}.MESSAGE"
            context.findings.error(place, "PS217", text, hint)
    if isinstance(step, ReceiveStep) and step.until is not None and step.until.event is not None:
        endpoint = context.spec.endpoints.get(step.receive)
        if endpoint is not None and endpoint.websocket is not None:
            place = context.key((*path, "until", "event"))
            text = f"messages of {step.receive!r} have no event"
            hint = "match what stands in a WebSocket's message: json, body"
            context.findings.error(place, "PS334", text, hint)


def _renewal(context: Context, persona: str) -> None:
    auth = context.spec.personas[persona].auth
    for index, name in enumerate((auth.renew_with if auth is not None else None) or ()):
        if name in context.names.known["connection"]:
            place = context.value(("personas", persona, "auth", "renew_with", index))
            text = f"{name!r} is a connection, which renews nothing"
            context.findings.error(place, "PS217", text, "name a request")


def _connected(context: Context, persona: str) -> None:
    """In the order of a user's life, a connect comes before what needs the connection."""
    written = context.personas[persona]
    opened = _opened(written.on_start or [])
    for key in STEP_LISTS:
        known = set() if key == "on_start" else set(opened)
        told: set[str] = set()
        for path, step in nested_steps(
            getattr(written, key) or [], context.steps_path(persona, key)
        ):
            if isinstance(step, ConnectStep):
                known.add(step.connect)
                continue
            for at, name in called_endpoints(step, path):
                channel = name.partition(".")[0]
                needs = name != channel or isinstance(step, ReceiveStep | CloseStep)
                open_ = channel in known | told
                if needs and channel in context.names.known["connection"] and not open_:
                    told.add(channel)
                    text = f"no step of persona {persona!r} before this one connects {channel!r}"
                    hint = f"write - connect: {channel} before it"
                    context.findings.error(context.key(at), "PS218", text, hint)


def _opened(steps: Sequence[Step]) -> set[str]:
    return {step.connect for _, step in nested_steps(steps, ()) if isinstance(step, ConnectStep)}


def _name(context: Context, path: Path) -> None:
    if path[-1] in STEP_WORDS:
        text = f"{path[-1]!r} is a word of steps, so no message can have this name"
        hint = f"write {path[-1]}_message"
        context.findings.error(context.key(path), "PS323", text, hint)


def _protocol(context: Context, path: Path, name: str, message: Message) -> None:
    endpoint = context.spec.endpoints[name.partition(".")[0]]
    if endpoint.websocket is not None:
        wrong = {
            "emit": (message.emit is not None, "a WebSocket has no events: write send: { … }"),
            "ack": (message.ack == "callback", "a WebSocket has no callbacks: match a message"),
        }
    else:
        ack = message.ack
        nameless = isinstance(ack, Ack) and ack.event is None
        wrong = {
            "send": (message.send is not None, "Socket.IO sends events: write emit: EVENT"),
            "ack": (nameless, "an acknowledgement in Socket.IO has an event: write event: EVENT"),
        }
        if message.emit is None and message.send is None:
            text = f"message {name!r} has no event"
            context.findings.error(context.key(path), "PS334", text, "write emit: EVENT")
    for key, (found, hint) in wrong.items():
        if found:
            text = f"{key} of message {name!r} does not fit its connection"
            context.findings.error(context.key((*path, key)), "PS334", text, hint)
    events = {
        "ack": isinstance(message.ack, Ack) and message.ack.event,
        "expect": message.expect is not None and message.expect.event,
    }
    for key, event in events.items():
        if event and endpoint.websocket is not None:
            text = f"{key} of message {name!r} does not fit its connection"
            hint = "a WebSocket has no events: match what stands in the message"
            context.findings.error(context.key((*path, key, "event")), "PS334", text, hint)


def _limits(context: Context, path: Path, name: str, message: Message) -> None:
    written = message.slo.model_fields_set if message.slo is not None else set()
    for metric in sorted(written):
        latency = metric in _LATENCY or metric.removeprefix("ttfb_")[:1] == "p"
        if latency and message.ack is None:
            text = f"message {name!r} has no ack, so nobody can say how long it took"
            place = context.key((*path, "slo", metric))
            context.findings.error(place, "PS335", text, "write ack: …, or limit its error_rate")
