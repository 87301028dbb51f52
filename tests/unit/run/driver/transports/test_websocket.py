"""A WebSocket's wire, plain and over TLS, against servers that also misbehave."""

from __future__ import annotations

import gc
import select
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import gevent
import pytest
import trustme
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN, Protocol, Side
from websockets.utils import accept_key

from perfspec.measure.errors import ErrorClass
from perfspec.run.driver.transports.dial import Dialer
from perfspec.run.driver.transports.origins import RefusedError
from perfspec.run.driver.transports.stamps import Stamps
from perfspec.run.driver.transports.websocket import Opening, Wire
from tests.sockets import websocket_server
from tests.unit.run.driver.transports.raw_server import RawServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from websockets.sync.server import ServerConnection

    from tests.unit.run.driver.transports.raw_server import Peer, Request

MUCH = bytes(range(256)) * 60_000  # 15 MB: no socket's buffers take it
PATIENCE_S = 20


@dataclass
class Ear:
    """Keeps what a wire hands over."""

    heard: list[tuple[bytes, bool]] = field(default_factory=list)
    ends: int = 0

    def frame(self, content: bytes, at: float, *, binary: bool) -> None:
        assert at > 0
        self.heard.append((content, binary))

    def ended(self) -> None:
        self.ends += 1


@dataclass
class Place:
    """How a server is to be reached."""

    tls: ssl.SSLContext | None
    dialer: Dialer
    wires: list[Wire] = field(default_factory=list)

    def wire(self, url: str, ear: Ear | None = None) -> Wire:
        wire = Wire(self.dialer, Opening(url + "/ws", (), (), PATIENCE_S))
        self.wires.append(wire)
        wire.listen(ear or Ear())
        return wire


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, str]:
    authority, path = trustme.CA(), tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context, str(path)


@pytest.fixture(params=["plain", "tls"])
def place(request: pytest.FixtureRequest, secured: tuple[ssl.SSLContext, str]) -> Iterator[Place]:
    tls, ca_file = secured
    place = Place(
        tls if request.param == "tls" else None,
        Dialer(frozenset({"127.0.0.1"}), Stamps(), ca_file=ca_file),
    )
    yield place
    for wire in place.wires:
        wire.close()
    assert place.dialer.open_connections == 0


def until(condition: Callable[[], object]) -> None:
    with gevent.Timeout(PATIENCE_S):
        while not condition():
            gevent.sleep(0.005)


def raw(place: Place, talk: Callable[[Peer, bytes], None]) -> RawServer:
    """A server that leaves everything to ``talk`` but computing the answer to the handshake."""

    def handle(peer: Peer, request: Request) -> None:
        accept = accept_key(request.header("sec-websocket-key") or "")
        lines = ["HTTP/1.1 101 Go", "Upgrade: websocket", "Connection: Upgrade"]
        talk(peer, "\r\n".join([*lines, f"Sec-WebSocket-Accept: {accept}", "", ""]).encode())

    return RawServer(handle, tls=place.tls)


def test_who_never_shakes_hands_is_left_at_once(secured: tuple[ssl.SSLContext, str]) -> None:
    dialer = Dialer(frozenset({"127.0.0.1"}), Stamps(), ca_file=secured[1])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/ws"
        gc.disable()  # it would close what was forgotten, some time
        try:
            with pytest.raises(RefusedError, match=r"not connected within 0\.2 s"):
                Wire(dialer, Opening(url, (), (), 0.2))
            peer, _ = listener.accept()
            with peer:
                peer.settimeout(PATIENCE_S)
                while peer.recv(65_536):  # its hello, and then the end
                    pass
        finally:
            gc.enable()


def test_messages_of_all_sizes_go_both_ways(place: Place) -> None:
    def echo(client: ServerConnection) -> None:
        for each in client:
            client.send(each)

    sizes, ear = [0, 1, 125, 126, 127, 65_535, 65_536, 1_000_000], Ear()
    with websocket_server(echo, tls=place.tls) as url:
        wire = place.wire(url, ear)
        for size in sizes:
            wire.send(b"x" * size, PATIENCE_S, binary=size % 2 == 0)
        until(lambda: len(ear.heard) == len(sizes))
        assert ear.heard == [(b"x" * size, size % 2 == 0) for size in sizes]
        assert wire.sent == wire.received == sum(sizes)
        wire.close()
    assert wire.lost == (ErrorClass.GENERATOR, "the session is closed")
    assert ear.ends == 1


def test_fragments_come_as_one_and_pings_between_them_are_answered(place: Place) -> None:
    pongs: list[threading.Event] = []

    def talk(client: ServerConnection) -> None:
        def parts() -> Iterator[str]:
            for each in ("a", "b" * 200, "c"):
                yield each
                pongs.append(client.ping())

        client.send(parts())
        client.recv()

    ear = Ear()
    with websocket_server(talk, tls=place.tls) as url:
        wire = place.wire(url, ear)
        until(lambda: len(pongs) == 3 and all(each.is_set() for each in pongs))
        assert ear.heard == [(b"a" + b"b" * 200 + b"c", False)]
        wire.close()


def test_what_comes_with_the_handshake_is_read(place: Place) -> None:
    ear = Ear()
    with raw(place, lambda peer, hello: peer.send(hello, b"\x81\x02hi")) as server:
        place.wire(server.origin, ear)
        until(lambda: ear.heard)
    assert ear.heard == [(b"hi", False)]


def test_who_reads_late_gets_everything_in_its_order(place: Place) -> None:
    go = threading.Event()
    got: list[object] = []

    def talk(peer: Peer, hello: bytes) -> None:
        peer.send(hello)
        assert go.wait(PATIENCE_S)
        peer.send(Frame(Opcode.PING, b"there?").serialize(mask=False))
        protocol = Protocol(Side.SERVER, state=OPEN, max_size=None)
        while len(got) < 3:
            protocol.receive_data(peer.socket.recv(65_536))
            got.extend(protocol.events_received())

    with raw(place, talk) as server:
        wire = place.wire(server.origin)
        first = gevent.spawn(wire.send, MUCH, PATIENCE_S, binary=True)
        gevent.sleep(0.01)
        second = gevent.spawn(wire.send, b"more", PATIENCE_S)
        gevent.sleep(0.01)
        assert not first.dead
        assert not second.dead
        go.set()
        until(lambda: len(got) == 3)
        gevent.joinall([first, second], timeout=PATIENCE_S)
    frames = [(each.opcode, bytes(each.data)) for each in got if isinstance(each, Frame)]
    assert frames[0] == (Opcode.BINARY, MUCH)
    assert sorted(frames[1:]) == [(Opcode.TEXT, b"more"), (Opcode.PONG, b"there?")]
    assert wire.sent == len(MUCH) + 4


def deaf(peer: Peer, hello: bytes) -> None:
    """Shakes hands, and reads nothing until it is shut down."""
    peer.send(hello)
    hung_up = select.poll()
    hung_up.register(peer.socket, select.POLLRDHUP)
    hung_up.poll(PATIENCE_S * 1000)


def test_a_message_that_nobody_takes_is_given_up_in_time(place: Place) -> None:
    ear = Ear()
    with raw(place, deaf) as server:
        wire = place.wire(server.origin, ear)
        wire.send(MUCH, 0.05, binary=True)
        wire.send(b"more", 0.05)
    assert wire.lost == (ErrorClass.TIMEOUT, "the message could not be sent within 0.05 s")
    assert (wire.sent, ear.ends) == (0, 1)


def test_who_is_killed_in_a_message_leaves_no_connection(place: Place) -> None:
    with raw(place, deaf) as server:
        wire = place.wire(server.origin)
        sender = gevent.spawn(wire.send, MUCH, PATIENCE_S, binary=True)
        gevent.sleep(0.01)
        sender.kill()
    assert wire.lost == (ErrorClass.GENERATOR, "a message was cut off")


def test_a_timeout_of_others_goes_through(place: Place) -> None:
    with raw(place, deaf) as server:
        wire = place.wire(server.origin)
        with pytest.raises(gevent.Timeout), gevent.Timeout(0.05):
            wire.send(MUCH, PATIENCE_S, binary=True)
    assert wire.lost is not None


def test_goodbye_is_not_waited_for_without_end(place: Place) -> None:
    with raw(place, deaf) as server:
        wire = place.wire(server.origin)
        sender = gevent.spawn(wire.send, MUCH, PATIENCE_S, binary=True)
        gevent.sleep(0.01)
        wire.close()
        sender.join(timeout=PATIENCE_S)
    assert wire.lost == (ErrorClass.GENERATOR, "the session is closed")


def test_answers_for_a_server_that_only_asks_are_not_hoarded(place: Place) -> None:
    def ask(peer: Peer, hello: bytes) -> None:
        peer.send(hello)
        asked = Frame(Opcode.PING, bytes(125)).serialize(mask=False) * 500
        with suppress(OSError):
            while True:
                peer.send(asked)

    with raw(place, ask) as server:
        wire = place.wire(server.origin)
        until(lambda: wire.lost)
    said = "the server does not read the answers to its pings"
    assert wire.lost == (ErrorClass.RESET, said)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"", "the server closed the connection without a word"),
        (b"\x81\x05he", "the server closed the connection without a word"),
        (b"\x88\x00", "the server closed the session"),
        (b"\x88\x02\x03\xe9", "the server closed the session (1001 going away)"),
        (b"\x88\x06\x0f\xa0bye!", "the server closed the session (4000 bye!)"),
        (b"\x81\x81mask?", "the connection broke: a frame with a mask, which servers must not use"),
    ],
)
def test_why_a_connection_ended_is_told(place: Place, sent: bytes, said: str) -> None:
    def talk(peer: Peer, hello: bytes) -> None:
        peer.send(hello, sent)
        peer.finish()

    ear = Ear()
    with raw(place, talk) as server:
        wire = place.wire(server.origin, ear)
        until(lambda: wire.lost)
        wire.send(b"late", PATIENCE_S)
    assert wire.lost == (ErrorClass.RESET, said)
    assert (ear.heard, ear.ends, wire.sent) == ([], 1, 0)


def test_a_message_beyond_what_is_kept(place: Place) -> None:
    head = b"\x82\x7f" + (33 << 20).to_bytes(8)
    with raw(place, lambda peer, hello: peer.send(hello, head)) as server:
        wire = place.wire(server.origin)
        until(lambda: wire.lost)
    assert wire.lost == (ErrorClass.GENERATOR, "a message is larger than 32 MiB")


def test_a_reset_is_told(place: Place) -> None:
    def talk(peer: Peer, hello: bytes) -> None:
        peer.send(hello)
        peer.socket.recv(1000)
        peer.reset()

    with raw(place, talk) as server:
        wire = place.wire(server.origin)
        wire.send(b"go", PATIENCE_S)
        until(lambda: wire.lost)
    assert wire.lost is not None
    assert wire.lost in [  # over TLS, Python takes a reset for an end
        (ErrorClass.RESET, "the connection broke: Connection reset by peer"),
        (ErrorClass.RESET, "the server closed the connection without a word"),
    ]


def test_a_server_that_closes_is_answered(place: Place) -> None:
    codes: list[int | None] = []

    def dismiss(client: ServerConnection) -> None:
        client.close(1001)
        answer = client.protocol.close_rcvd
        codes.append(None if answer is None else answer.code)

    with websocket_server(dismiss, tls=place.tls) as url:
        wire = place.wire(url)
        until(lambda: codes)
    assert codes == [1000]
    assert wire.lost == (ErrorClass.RESET, "the server closed the session (1001 going away)")


def test_what_breaks_in_the_reader_ends_the_connection(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    class Confused(Ear):
        def frame(self, content: bytes, at: float, *, binary: bool) -> None:  # noqa: ARG002  (Ear's)
            msg = "what is this?"
            raise LookupError(msg)

    def talk(peer: Peer, hello: bytes) -> None:
        peer.send(hello)
        peer.socket.recv(1)
        peer.send(b"\x81\x02hi" * 2)

    with raw(place, talk) as server:
        wire = place.wire(server.origin, Confused())
        wire.send(b"go", PATIENCE_S)
        until(lambda: wire.lost)
    assert wire.lost == (ErrorClass.GENERATOR, "LookupError: what is this?")
    assert "what is this?" in capsys.readouterr().err
