"""Messages over a WebSocket, against a real server that also misbehaves."""

from __future__ import annotations

import json
import socket
import struct
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING

import gevent
import pytest
from websockets.datastructures import Headers
from websockets.http11 import Response as HttpResponse

from perfspec.plan.channel import Ack, Answer
from perfspec.plan.journey import Pcm
from perfspec.plan.request import Capture, JsonBody, JsonCheck, TextBody
from tests.plans import endpoint, persona, plan
from tests.players import errors, named, on_stage, play
from tests.sockets import websocket_server
from tests.talks import CLOSE, CONNECT, NEXT, VOICE, listen, message, say, stream, talk_plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from websockets.http11 import Request, Response
    from websockets.sync.server import ServerConnection

    from perfspec.measure.progress import Tick
    from tests.conftest import Eventually

PING = message("ping", body=TextBody(text="ping"), ack=NEXT)


def echo(client: ServerConnection) -> None:
    for each in client:
        client.send(each)


def silent(client: ServerConnection) -> None:
    for _ in client:
        pass


def test_a_message_is_measured_until_its_acknowledgement() -> None:
    with websocket_server(echo) as url:
        folded = play(talk_plan(url, (CONNECT, say("ping"), CLOSE), PING), journeys=2)
    samples = named(folded)
    assert errors(folded) == {}
    assert (samples["talk"].count, samples["talk"].connections) == (2, 2)
    ping = samples["talk.ping"]
    assert (ping.count, ping.bytes_sent, ping.bytes_received) == (2, 8, 8)
    assert ping.latency.max_us > 0


def test_one_that_nobody_acknowledges_lets_others_go_on() -> None:
    plain = message("ping", body=TextBody(text="ping"))
    with (
        websocket_server(silent) as url,
        on_stage(talk_plan(url, (say("ping"),), plain, on_start=(CONNECT,))) as stage,
    ):
        assert stage.user.start()
        other = gevent.spawn(int)
        assert stage.user.journey()
        assert other.ready()


def test_cookies_of_the_user_go_with_the_handshake() -> None:
    handshakes: list[str | None] = []

    def sign_in(_: ServerConnection, request: Request) -> Response | None:
        if request.path != "/login":
            handshakes.append(request.headers.get("Cookie"))
            return None
        answer = HttpResponse(200, "OK", Headers({"Content-Length": "0", "Connection": "close"}))
        for rest in ("a=1; Path=/", "b=2; Path=/ws; HttpOnly", "c=3; Path=/else", "d=4; Secure"):
            answer.headers["Set-Cookie"] = rest
        return answer

    login = endpoint("login", "GET /login")
    with websocket_server(silent, sign_in) as url:
        channels = talk_plan(url, (CONNECT,)).channels
        who = persona("login", CONNECT, CLOSE)
        folded = play(plan(url, [who], [login], channels=channels), journeys=2)
    assert errors(folded) == {}
    assert handshakes == ["b=2; a=1"] * 2


def test_open_connections_are_counted_until_they_are_closed_or_lost(eventually: Eventually) -> None:
    leave = threading.Event()

    def until_then(_: ServerConnection) -> None:
        leave.wait(20)

    with (
        websocket_server(until_then) as url,
        on_stage(talk_plan(url, (CONNECT, CLOSE), on_start=(CONNECT,))) as stage,
    ):
        assert stage.user.start()
        assert stage.engine.tick(1.0).open_connections == 1
        leave.set()
        assert eventually(lambda: breathing(stage.engine.tick(2.0)).open_connections == 0)


def breathing(tick: Tick) -> Tick:
    gevent.sleep(0)  # the connection's own greenlet reads the end
    return tick


def test_acknowledgements_find_their_messages_whatever_their_order() -> None:
    def backwards(client: ServerConnection) -> None:
        held: list[int] = []
        for each in client:
            held.append(json.loads(each)["seq"])
            if len(held) == 3:
                for seq in reversed(held):
                    client.send(json.dumps({"seq": seq, "twice": 2 * seq}))
                held.clear()

    counted = message(
        "tick",
        body=JsonBody(value={"seq": "{{ seq }}"}),
        ack=Ack(kind="match", match={"$.seq": "{{ seq }}"}),
        expect=Answer(json=(JsonCheck(path="$.twice", equals=("{{ seq * 2 }}",)),)),
    )
    with websocket_server(backwards) as url:
        folded = play(talk_plan(url, (CONNECT, stream("tick", 0.06)), counted))
    assert errors(folded) == {}
    assert named(folded)["talk.tick"].count == 6


def test_an_acknowledgement_has_values_that_are_equal_in_json() -> None:
    answers = [
        '{"n":true,"is":[1]}',
        '{"n":"1","is":[1]}',
        '{"n":1,"is":1}',
        '{"n":1.0,"is":[1]}  ',
    ]

    def nearly(client: ServerConnection) -> None:
        for _ in client:
            for each in answers:
                client.send(each)

    for match, fits in (
        ({"$.n": "{{ 1 }}"}, 2),
        ({"$.n": "{{ true }}"}, 0),
        ({"$.n": "1"}, 1),
        ({"$.n": "{{ 1.0 }}", "$.is": ["{{ 1 }}"]}, 3),
    ):
        one = message("one", body=TextBody(text="1"), ack=Ack(kind="match", match=match))
        with websocket_server(nearly) as url:
            folded = play(talk_plan(url, (CONNECT, say("one")), one))
        assert errors(folded) == {}
        assert named(folded)["talk.one"].bytes_received == len(answers[fits])


def test_what_comes_unasked_is_received_and_captured() -> None:
    def greet(client: ServerConnection) -> None:
        client.send('{"type": "hello"}')
        client.send('{"type": "ready", "id": 7}')
        silent(client)

    ready = listen(
        until=Answer(json=(JsonCheck(path="$.type", equals=("ready",)),)),
        captures=(Capture(name="id", source="json", query="$.id"),),
    )
    with websocket_server(greet) as url, on_stage(talk_plan(url, (CONNECT, ready))) as stage:
        assert stage.user.start()
        assert stage.user.journey()
        assert stage.user.actor.scope["id"] == 7


def test_a_stream_keeps_its_pace_and_its_bytes() -> None:
    sizes: list[int] = []

    def count(client: ServerConnection) -> None:
        for each in client:
            sizes.append(len(each))
            client.send("ok")

    chunk = message("chunk", ack=NEXT)
    voice = stream("chunk", 0.32, every_s=0.032, pcm=VOICE)
    with websocket_server(count) as url:
        folded = play(talk_plan(url, (CONNECT, voice), chunk))
    found = named(folded)["talk.chunk"]
    assert errors(folded) == {}
    assert sizes == [1024] * 10
    assert found.bytes_sent == 10_240
    assert found.lateness is not None
    assert found.lateness.count == 10


def test_samples_that_do_not_fill_a_chunk_are_made_up_for() -> None:
    sizes: list[int] = []

    def count(client: ServerConnection) -> None:
        sizes.extend(len(each) for each in client)

    odd = stream("chunk", 0.1, every_s=0.01, pcm=Pcm(rate=11_025, bits=16, channels=2))
    with websocket_server(count) as url:
        folded = play(talk_plan(url, (CONNECT, odd, CLOSE), message("chunk")))
    assert sum(sizes) == 11_025 // 10 * 4
    assert set(sizes) == {440, 444}
    found = named(folded)
    chunk = found["talk.chunk"]  # nobody acknowledges it
    assert (chunk.count, chunk.untimed, chunk.latency.count, chunk.ttfb.count) == (10, 10, 0, 0)
    assert chunk.lateness is not None
    assert chunk.lateness.count == 10
    assert (found["talk"].untimed, found["talk"].latency.count) == (0, 1)


def test_large_messages_go_both_ways() -> None:
    text = message("text", body=TextBody(text="y" * 1_000_000), ack=NEXT)
    with websocket_server(echo) as url:
        folded = play(talk_plan(url, (CONNECT, say("text")), text))
    found = named(folded)["talk.text"]
    assert errors(folded) == {}
    assert (found.bytes_sent, found.bytes_received) == (1_000_000, 1_000_000)


def test_no_acknowledgement_is_an_error_of_the_message() -> None:
    deaf = message("ping", body=TextBody(text="ping"), ack=NEXT, timeout_s=0.05)
    with websocket_server(silent) as url:
        folded = play(talk_plan(url, (CONNECT, say("ping"), CLOSE), deaf))
    assert errors(folded) == {"talk.ping": ("message", "not acknowledged within 50ms")}
    assert folded.journeys[0].failed == 1


def test_nothing_received_in_time_is_an_error() -> None:
    with websocket_server(silent) as url:
        folded = play(talk_plan(url, (CONNECT, listen(timeout_s=0.05))))
    assert errors(folded) == {"talk.receive": ("message", "no such message within 50ms")}


def test_what_comes_does_not_wake_who_waits_for_something_else() -> None:
    come = threading.Event()

    def greet(client: ServerConnection) -> None:
        assert come.wait(20)
        client.send("hello")
        client.close()

    with (
        websocket_server(greet) as url,
        on_stage(talk_plan(url, (listen(),), on_start=(CONNECT,))) as stage,
    ):
        me = stage.user.actor
        assert stage.user.start()
        link = me.channels["talk"]
        assert link is not None
        idle = gevent.spawn(me.rest)
        come.set()
        with gevent.Timeout(20):
            while link.lost is None:
                gevent.sleep(0.005)
        gevent.sleep(0)
        assert not idle.dead
        me.wake()
        idle.join(timeout=20)
        assert link.mailbox.take() is not None


def test_every_message_of_a_stream_has_its_own_fate() -> None:
    def every_other(client: ServerConnection) -> None:
        for each in client:
            seq = json.loads(each)["seq"]
            if seq % 2:
                client.send(json.dumps({"seq": seq}))

    counted = message(
        "tick",
        body=JsonBody(value={"seq": "{{ seq }}"}),
        ack=Ack(kind="match", match={"$.seq": "{{ seq }}"}),
        timeout_s=0.2,
    )
    with websocket_server(every_other) as url:
        folded = play(talk_plan(url, (CONNECT, stream("tick", 0.1)), counted))
    found = named(folded)["talk.tick"]
    assert (found.count, found.errors) == (10, {"message": 5})


def test_a_server_that_closes_is_told_with_its_reason() -> None:
    def dismiss(client: ServerConnection) -> None:
        client.recv()
        client.close(1012, "restart")

    with websocket_server(dismiss) as url:
        folded = play(talk_plan(url, (CONNECT, say("ping")), PING))
    said = "the server closed the session (1012 restart)"
    assert errors(folded) == {"talk.ping": ("reset", said)}


def test_a_connection_for_life_is_opened_again_after_the_step_that_found_it_lost() -> None:
    clients: list[int] = []

    def once(client: ServerConnection) -> None:
        clients.append(1)
        client.send(client.recv())
        if len(clients) > 1:
            echo(client)

    with websocket_server(once) as url:
        plan = talk_plan(url, (say("ping"),), PING, on_start=(CONNECT,))
        with on_stage(plan) as stage:
            assert stage.user.start()
            passed = [stage.user.journey() for _ in range(4)]
            stage.user.let_go()
            folded = stage.fold()
    assert passed == [True, False, True, True]
    assert errors(folded)["talk.ping"][0] == "reset"
    assert named(folded)["talk"].count == 2


def test_what_a_journey_opened_ends_with_it() -> None:
    gone = threading.Event()

    def watch(client: ServerConnection) -> None:
        silent(client)
        gone.set()

    with websocket_server(watch) as url, on_stage(talk_plan(url, (CONNECT,))) as stage:
        assert stage.user.start()
        assert stage.user.journey()
        assert stage.user.actor.channels == {}
    assert gone.wait(5)


def refuse(client: ServerConnection, request: Request) -> Response:  # noqa: ARG001  (websockets')
    return client.respond(HTTPStatus.UNAUTHORIZED, "no")


def test_a_refused_handshake_has_the_class_of_its_status() -> None:
    with websocket_server(echo, refuse) as url:
        folded = play(talk_plan(url, (CONNECT, say("ping")), PING))
    assert errors(folded) == {"talk": ("auth", "status 401, expected 101")}


@pytest.fixture
def port() -> Iterator[int]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_no_server_is_no_connection(port: int) -> None:
    folded = play(talk_plan(f"http://127.0.0.1:{port}", (CONNECT,)))
    assert errors(folded) == {"talk": ("connect", "Connection refused")}


def test_a_host_that_is_not_allowed_is_never_asked() -> None:
    folded = play(talk_plan("http://127.0.0.1:9", (CONNECT,), url="http://example.com/ws"))
    said = "host example.com is not allowed (allow_hosts)"
    assert errors(folded) == {"talk": ("generator", said)}


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (b"", "reset", "the answer is no WebSocket handshake"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "reset", "the answer is no WebSocket handshake"),
        (b"HTTP/1.1 101 Go\r\nUpgrade: websocket\r\n\r\n", "reset", "the answer is no WebSocket"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://other/\r\n\r\n", "reset", "the answer is no"),
    ],
)
def test_garbage_for_a_handshake(answer: bytes, error: str, message: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            client, _ = server.accept()
            with client:
                client.recv(65_536)
                client.sendall(answer)

        thread = threading.Thread(target=talk)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        folded = play(talk_plan(url, (CONNECT,)))
        thread.join()
    found = errors(folded)["talk"]
    assert found[0] == error
    assert found[1].startswith(message)


def test_garbage_for_a_frame_breaks_the_connection() -> None:
    def babble(client: ServerConnection) -> None:
        client.recv()
        client.socket.sendall(struct.pack("!BB", 0xFF, 0x01) + b"?")

    with websocket_server(babble) as url:
        folded = play(talk_plan(url, (CONNECT, say("ping")), PING))
    assert errors(folded)["talk.ping"][0] == "reset"


def test_a_step_without_a_connection_says_so() -> None:
    folded = play(talk_plan("http://127.0.0.1:9", (say("ping"),), PING))
    said = "talk is not connected: a connect step comes before"
    assert errors(folded) == {"talk.ping": ("check", said)}


def test_a_stream_that_is_behind_gives_way() -> None:
    """A message takes longer than there is time for it, and a socket holds all of them."""
    short = message("chunk", body=TextBody(text="{{ seq }}"))
    pace = stream("chunk", 0.004, every_s=0.00001)
    turns = 0

    def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            gevent.sleep(0)

    with (
        websocket_server(silent) as url,
        on_stage(talk_plan(url, (pace,), short, on_start=(CONNECT,))) as stage,
    ):
        assert stage.user.start()
        counting = gevent.spawn(others)
        assert stage.user.journey()
        counting.kill()
    assert turns > 400 / 20


def test_a_stream_ends_with_its_connection() -> None:
    def brief(client: ServerConnection) -> None:
        client.recv()
        client.close(1001)

    with websocket_server(brief) as url:
        folded = play(talk_plan(url, (CONNECT, stream("chunk", 5.0, pcm=VOICE)), message("chunk")))
    said = "the server closed the session (1001 going away)"
    assert errors(folded) == {"talk.chunk": ("reset", said)}
    chunk = named(folded)["talk.chunk"]
    assert chunk.errors == {"reset": 1}
    assert (chunk.count, chunk.latency.count) == (chunk.untimed, 0)
    assert folded.journeys[0].failed == 1
