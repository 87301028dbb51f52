"""Socket.IO sessions against python-socketio's own server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import pytest
import socketio

from perfspec.plan.channel import Ack, Answer
from perfspec.plan.request import Capture, JsonBody, JsonCheck
from tests.players import errors, named, on_stage, play
from tests.sockets import new_socketio, socketio_server, websocket_server
from tests.talks import CLOSE, CONNECT, VOICE, listen, message, say, stream, talk_plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from websockets.sync.server import ServerConnection

    from perfspec.plan.channel import Message
    from perfspec.plan.journey import Step
    from perfspec.plan.model import Plan

F = TypeVar("F", bound="Callable[..., object]")
CALLBACK = Ack(kind="callback")
HELLO = message("hello", emit="hello", body=JsonBody(value={"n": "{{ seq }}"}), ack=CALLBACK)


def on(server: socketio.Server) -> Callable[[F], F]:
    """Take a handler for the event of its name; python-socketio's own decorator has no types."""

    def take(handler: F) -> F:
        server.on(handler.__name__, handler)
        return handler

    return take


def plan_of(target: str, journey: tuple[Step, ...], *messages: Message, **rest: Any) -> Plan:  # noqa: ANN401  (fields of the channel)
    return talk_plan(target, journey, *messages, protocol="socketio", url="/socket.io/", **rest)


@pytest.fixture
def server() -> socketio.Server:
    made = new_socketio()

    @on(made)
    def hello(sid: str, data: dict[str, int]) -> dict[str, int]:  # noqa: ARG001  (python-socketio's)
        return {"back": data["n"]}

    @on(made)
    def chunk(sid: str, data: dict[str, Any]) -> None:
        made.emit("chunk_ack", {"seq": data["seq"], "size": len(data["audio"])}, to=sid)

    return made


def test_a_callback_acknowledges_its_own_call(server: socketio.Server) -> None:
    back = Answer(json=(JsonCheck(path="$.back", equals=("{{ seq }}",)),))
    checked = message("hello", emit="hello", body=HELLO.body, ack=CALLBACK, expect=back)
    with socketio_server(server) as url:
        folded = play(plan_of(url, (CONNECT, stream("hello", 0.1), CLOSE), checked))
    assert errors(folded) == {}
    assert named(folded)["talk.hello"].count == 10


def test_bytes_go_as_attachments_and_events_acknowledge(server: socketio.Server) -> None:
    audio = JsonBody(value={"seq": "{{ seq }}", "audio": "{{ pcm }}"})
    ack = Ack(kind="match", event="chunk_ack", match={"$.seq": "{{ seq }}"})
    whole = Answer(json=(JsonCheck(path="$.size", equals=(1024,)),))
    chunk = message("chunk", emit="chunk", body=audio, ack=ack, expect=whole)
    voice = stream("chunk", 0.32, every_s=0.032, pcm=VOICE)
    with socketio_server(server) as url:
        folded = play(plan_of(url, (CONNECT, voice, CLOSE), chunk))
    assert errors(folded) == {}
    assert named(folded)["talk.chunk"].count == 10


def test_an_event_that_comes_unasked_is_received(server: socketio.Server) -> None:
    @on(server)
    def connect(sid: str, environ: object, auth: dict[str, str]) -> None:  # noqa: ARG001  (python-socketio's)
        server.emit("status", {"who": auth["token"]}, to=sid)

    who = Capture(name="who", source="json", query="$.who")
    ready = listen(until=Answer(event="status"), captures=(who,))
    with socketio_server(server) as url:
        plan = plan_of(url, (CONNECT, ready), credentials={"token": "t-{{ 1 + 1 }}"})
        with on_stage(plan) as stage:
            assert stage.user.start()
            assert stage.user.journey()
            assert stage.user.actor.scope["who"] == "t-2"


def test_a_namespace_that_the_server_refuses(server: socketio.Server) -> None:
    @on(server)
    def connect(sid: str, environ: object) -> None:  # noqa: ARG001  (python-socketio's)
        reason = "no token"
        raise socketio.exceptions.ConnectionRefusedError(reason)

    with socketio_server(server) as url:
        folded = play(plan_of(url, (CONNECT, say("hello")), HELLO))
    assert errors(folded) == {"talk": ("connect", "the server refused: no token")}


def test_a_server_that_disconnects(server: socketio.Server) -> None:
    @on(server)
    def hello(sid: str) -> None:
        server.disconnect(sid)

    silent = message("hello", emit="hello", ack=Ack(kind="next"))
    with socketio_server(server) as url:
        folded = play(plan_of(url, (CONNECT, say("hello")), silent))
    assert errors(folded) == {"talk.hello": ("reset", "the server closed the session")}


OPEN = '0{"sid":"a","upgrades":[],"pingInterval":%d,"pingTimeout":%d,"maxPayload":1000}'


@pytest.mark.parametrize("garbage", ["hello", "0{", "4{", "42", '42["a"', "451-", b"bytes", "9"])
def test_what_is_no_packet_breaks_the_session(garbage: str | bytes) -> None:
    def babble(client: ServerConnection) -> None:
        client.send(OPEN % (25_000, 20_000))
        client.recv()
        client.send('40{"sid":"b"}')
        client.recv()
        client.send(garbage)
        client.send(b"more") if garbage == "451-" else None
        list(client)

    with websocket_server(babble) as url:
        folded = play(plan_of(url, (CONNECT, say("hello")), HELLO))
    said = "the server sent what is no Socket.IO packet"
    assert errors(folded) == {"talk.hello": ("reset", said)}


def test_pings_are_answered_and_missed() -> None:
    heard: list[str | bytes] = []

    def beat(client: ServerConnection) -> None:
        client.send(OPEN % (50, 50))
        client.recv()
        client.send('40{"sid":"b"}')
        client.send("2")
        heard.extend(client)

    with websocket_server(beat) as url:
        folded = play(plan_of(url, (CONNECT, listen(timeout_s=5.0))))
    assert heard == ["3"]
    assert errors(folded) == {"talk.receive": ("reset", "no ping from the server for 0.1 s")}


def test_a_server_that_never_opens_the_session() -> None:
    def silent(client: ServerConnection) -> None:
        list(client)

    with websocket_server(silent) as url:
        folded = play(plan_of(url, (CONNECT,), timeout_s=0.1))
    assert errors(folded) == {"talk": ("timeout", "no Socket.IO session within 0.1 s")}
