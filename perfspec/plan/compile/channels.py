"""Open connections of the spec as channels of the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.plan.channel import Ack, BinaryBody, Channel, Message
from perfspec.plan.compile.requests import (
    compile_answer,
    compile_captures,
    compile_headers,
    compile_url,
)
from perfspec.plan.request import JsonBody, TextBody
from perfspec.spec.channel import WebSocket

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.plan.base import Place
    from perfspec.spec import channel as spec
    from perfspec.spec.model import Defaults
    from perfspec.spec.request import Endpoint


def compile_channel(
    name: str, written: Endpoint, defaults: Defaults, at: Callable[..., Place]
) -> Channel:
    """Put defaults and path parameters in; ``at`` says where a key of the endpoint stands."""
    session = written.socketio
    socket = written.websocket
    if isinstance(socket, str):
        socket = WebSocket(path=socket)
    path = session.path if session is not None else socket.path if socket is not None else ""
    if session is not None and not path.endswith("/"):
        path += "/"  # servers know it with the slash only
    timeout_s = defaults.timeout if written.timeout is None else written.timeout
    return Channel(
        name=name,
        protocol="websocket" if session is None else "socketio",
        url=_as_http(compile_url(path, written.path or {})),
        query=dict(written.query or {}),
        headers=compile_headers(defaults.headers or {}, written.headers or {}),
        auth=written.auth is None,
        namespace="/" if session is None else session.namespace,
        credentials=None if session is None else session.auth,
        subprotocols=tuple((socket.subprotocols or ()) if socket is not None else ()),
        timeout_s=timeout_s,
        messages=tuple(
            _message(f"{name}.{key}", each, defaults, at("messages", key))
            for key, each in (written.messages or {}).items()
        ),
        tags=tuple(written.tags or ()),
        description=written.description,
        place=at(),
    )


def _as_http(url: str) -> str:
    """Hosts are looked at by their http or https URLs; a handshake is a request of HTTP."""
    return f"http{url.removeprefix('ws')}" if url.startswith(("ws://", "wss://")) else url


def _message(name: str, written: spec.Message, defaults: Defaults, place: Place) -> Message:
    return Message(
        name=name,
        emit=written.emit,
        body=_body(written),
        ack=None if written.ack is None else _ack(written.ack),
        expect=compile_answer(written.expect),
        captures=compile_captures(written.capture),
        timeout_s=defaults.timeout if written.timeout is None else written.timeout,
        tags=tuple(written.tags or ()),
        description=written.description,
        place=place,
    )


def _body(written: spec.Message) -> JsonBody | TextBody | BinaryBody | None:
    if "json_" in written.model_fields_set:
        return JsonBody(value=written.json_)
    send = written.send
    if send is None:
        return None
    if send.text is not None:
        return TextBody(text=send.text)
    if send.binary is None:
        return JsonBody(value=send.json_)
    if isinstance(send.binary, str):
        return BinaryBody(content=send.binary)
    return BinaryBody(content=send.binary.model_dump(by_alias=True, exclude_none=True))


def _ack(written: spec.AckShape) -> Ack:
    if isinstance(written, str):
        return Ack(kind="next" if written == "next" else "callback")
    return Ack(kind="match", event=written.event, match=dict(written.match or {}))
