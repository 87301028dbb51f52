"""Which incoming message acknowledges which one that was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast

import msgspec

from perfspec.expr import parse_path
from perfspec.expr.values import kind
from perfspec.run.driver.transports.documents import NO_JSON
from perfspec.run.driver.transports.mailbox import Mailbox

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from perfspec.plan.channel import Ack, Message
    from perfspec.run.driver.actor import Actor
    from perfspec.run.driver.compile.bench import Bench
    from perfspec.run.driver.transports.channels import Channel
    from perfspec.run.driver.transports.mailbox import Incoming, Name
    from perfspec.run.driver.transports.socketio import SocketIo

    MakeKey: TypeAlias = Callable[[Actor, Channel], Hashable]


class _Rule(NamedTuple):
    """Acknowledgements of one kind: their event, and where the values stand that tell them apart.

    Messages of the same rule take turns. ``text`` says the same: what is looked up with each
    message begins with it, and only a text keeps its hash.
    """

    event: str | None
    paths: tuple[str, ...]

    @property
    def text(self) -> str:
        return repr(tuple(self))


def compile_names(messages: Iterable[Message]) -> list[Name]:
    """What an incoming message may be called; raises ExpressionError for a malformed path."""
    acks = [each.ack for each in messages if each.ack is not None]
    rules = dict.fromkeys(_rule(each) for each in acks if each.kind == "match")
    names = [_namer(each) for each in rules]
    return [_call, *names] if any(each.kind == "callback" for each in acks) else names


def compile_key(bench: Bench, ack: Ack) -> MakeKey:
    """The name that the acknowledgement of the message to be sent will have."""
    if ack.kind == "next":
        return lambda _me, _channel: Mailbox.NEXT
    if ack.kind == "callback":
        return lambda _me, channel: ("call", cast("SocketIo", channel).next_call())
    rule = _rule(ack).text
    renders = [bench.value(each).render for each in ack.match.values()]
    return lambda me, _channel: (rule, *[_comparable(render(me.scope)) for render in renders])


def _rule(ack: Ack) -> _Rule:
    return _Rule(ack.event, tuple(ack.match))


def _call(incoming: Incoming) -> Hashable:
    return None if incoming.call is None else ("call", incoming.call)


def _namer(rule: _Rule) -> Name:
    finds = [parse_path(each).compile() for each in rule.paths]
    event, text = rule.event, rule.text

    def name(incoming: Incoming) -> Hashable:
        if incoming.event != event or incoming.call is not None:
            return None
        document = incoming.document if finds else None
        if document is NO_JSON:
            return None
        values: list[Hashable] = []
        for find in finds:
            hits = find(document)
            if not hits:
                return None
            values.append(_comparable(hits[0]))
        return text, *values

    return name


def _comparable(value: object) -> Hashable:
    """Equal for values that are equal in JSON: 1 and 1.0 are, 1 and true are not."""
    if type(value) is int or type(value) is str:  # numbers and names: nearly all of them
        return value
    match kind(value):
        case "null" | "number" | "text":
            return value
        case "bool":
            return "bool", value
        case _:
            return msgspec.json.encode(value)
