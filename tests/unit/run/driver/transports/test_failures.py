"""What goes wrong on the way to an answer, and what it is called."""

from __future__ import annotations

import socket
from threading import Barrier, Event
from typing import TYPE_CHECKING

import pytest

from tests.unit.run.driver.transports.conftest import User, transport
from tests.unit.run.driver.transports.raw_server import Peer, RawServer, Request

if TYPE_CHECKING:
    from tests.unit.run.driver.transports.conftest import Driver

pytestmark = pytest.mark.slow


def test_nobody_listens(user: User) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    answer = user.send(f"http://127.0.0.1:{port}/")
    assert (answer.status, answer.error, answer.message) == (0, "connect", "Connection refused")
    assert answer.total_us > 0


def test_a_name_that_does_not_exist() -> None:
    with transport(["nowhere.invalid"]) as driver:
        answer = User(driver).send("http://nowhere.invalid/")
        problems = driver.order("resolve", urls=["http://nowhere.invalid/", "http://other.example"])
    assert answer.error == "dns"
    assert answer.message.startswith("the name nowhere.invalid does not resolve: ")
    assert problems[0] == answer.message
    assert problems[1] == "host other.example is not allowed (allow_hosts)"


def test_a_name_is_looked_up_once(user: User) -> None:
    with RawServer(lambda peer, _: peer.reply()) as server:
        url = f"http://localhost:{server.port}/"
        assert user.driver.order("resolve", urls=[url]) == []
        answers = [user.send(url), User(user.driver).send(url)]
    assert [each.error for each in answers] == [None, None]
    assert all(each.dns_us < 1_000 for each in answers)


def test_a_name_server_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked by gevent's other resolver: the system's cannot be told where else to ask."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(30)
        monkeypatch.setenv("GEVENT_RESOLVER", "ares")
        monkeypatch.setenv("GEVENTARES_SERVERS", "127.0.0.1")
        monkeypatch.setenv("GEVENTARES_UDP_PORT", str(server.getsockname()[1]))
        with transport(["silent.example"]) as driver:
            answers = [
                user.send("http://silent.example/", timeout_s=0.3)
                for user in (User(driver), User(driver))
            ]
            question = server.recv(512)
    assert b"\x06silent\x07example\x00" in question
    for answer in answers:
        assert (answer.status, answer.error) == (0, "timeout")
        assert answer.message == "no address for silent.example after 0.3 s"
        assert answer.total_us == answer.ttfb_us >= 300_000


def test_a_port_that_never_answers(user: User) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(4)]  # the queue of a listener that never accepts
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)
        answer = user.send(f"http://127.0.0.1:{address[1]}/", timeout_s=0.3)
        for each in waiting:
            each.close()
    assert (answer.status, answer.error) == (0, "timeout")
    assert answer.message == "timed out while connecting"


def test_a_server_that_takes_no_more(user: User) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        answer = user.send(url, method="POST", body="x" * 20_000_000, timeout_s=0.3)
    assert (answer.status, answer.error) == (0, "timeout")
    assert answer.message == "timed out while the request was sent"


def test_a_server_that_never_shakes_hands(user: User) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        answer = user.send(url, timeout_s=0.3)
    assert (answer.status, answer.error) == (0, "timeout")
    assert answer.message == "timed out in the TLS handshake"


@pytest.mark.parametrize(
    ("sent", "phase"),
    [
        (b"", "before the answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n", "within the header"),
        (b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n", "within the header"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nxxx", "within the body"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "within the body"),
    ],
    ids=["nothing", "header", "header after hints", "body", "chunks"],
)
def test_an_answer_that_never_ends(user: User, sent: bytes, phase: str) -> None:
    done = Event()

    def handle(peer: Peer, _request: Request) -> None:
        peer.send(sent)
        done.wait(30)

    with RawServer(handle) as server:
        answer = user.send(server.origin + "/", timeout_s=0.3)
        done.set()
        server.handle = lambda peer, _: peer.reply(b"fine")
        assert user.send(server.origin + "/").body == "fine"
    assert (answer.error, answer.message) == ("timeout", f"timed out {phase}")
    assert 300_000 <= answer.total_us < 5_000_000
    assert answer.body == ""


def test_a_body_that_drips(user: User) -> None:
    stop = Event()

    def handle(peer: Peer, _request: Request) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not stop.wait(0.02):
            peer.send(b"x")

    with RawServer(handle) as server:
        answer = user.send(server.origin + "/", timeout_s=0.4)
        stop.set()
    assert (answer.error, answer.message) == ("timeout", "timed out within the body")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("end", ["finish", "reset"])
def test_a_request_is_never_sent_twice(user: User, method: str, end: str) -> None:
    """libcurl would when a kept connection breaks under the request, whatever the method."""

    def handle(peer: Peer, request: Request) -> None:
        if request.path == "/second":
            getattr(peer, end)()
        else:
            peer.reply(b"" if method == "HEAD" else b"ok")

    body = "x" if method == "POST" else None
    with RawServer(handle) as server:
        answers = [
            user.send(server.origin + path, method=method, body=body)
            for path in ("/first", "/second", "/third")
        ]
    assert server.paths() == ["/first", "/second", "/third"]
    assert [each.error for each in answers] == [None, "reset", None]
    _, second, third = answers
    assert "the kept connection broke under the request" in second.message
    assert 0 < second.ttfb_us == second.total_us
    assert second.bytes_sent < 1.1 * third.bytes_sent
    assert [each.new_connection for each in answers] == [True, False, True]


def test_a_request_does_not_move_to_another_kept_connection(user: User) -> None:
    """Of two that break, libcurl would try the second before it opens a third."""
    both = Barrier(2)

    def handle(peer: Peer, request: Request) -> None:
        if request.path == "/break":
            peer.finish()
            return
        both.wait(30)
        peer.reply(b"ok")

    with RawServer(handle) as server:
        user.driver.order("start", name="beside", user=user.name, url=server.origin + "/beside")
        assert user.send(server.origin + "/first").body == "ok"
        assert user.driver.order("finish", name="beside")["body"] == "ok"
        broken = user.send(server.origin + "/break")
    assert sorted(server.paths()) == ["/beside", "/break", "/first"]
    assert (broken.error, broken.new_connection, server.connections) == ("reset", False, 2)


@pytest.mark.parametrize("announced", [True, False])
def test_a_server_that_closes_after_each_answer(user: User, announced: bool) -> None:
    def handle(peer: Peer, _request: Request) -> None:
        with peer.in_one_segment():  # so that the end is there before the next request
            peer.reply(b"ok", "200 OK", *(["Connection: close"] if announced else []))
            peer.finish()

    with RawServer(handle) as server:
        answers = [user.send(server.origin + f"/{count}") for count in range(8)]
    assert server.paths() == [f"/{count}" for count in range(8)]
    assert [each.body for each in answers] == ["ok"] * 8
    assert [each.new_connection for each in answers] == [True] * 8


def test_urls_whose_host_is_not_beyond_doubt(driver: Driver) -> None:
    user = User(driver)
    for url in (
        "http://127.0.0.1\\@evil.example/",
        "http://evil.example\\@127.0.0.1/",
        "http:/127.0.0.1/",
        "http:\\\\127.0.0.1/",
        "127.0.0.1/",
        "http://127.0.0.1:80:90/",
        "http://[::1/",
        "http://ex%61mple/",
        "http://bücher.example/",
        "http://2130706433/",
        "http://127.1/",
    ):
        answer = user.send(url, timeout_s=0.1)
        assert (answer.status, answer.error) == (0, "generator"), url
        assert "plain host name" in answer.message or "not allowed" in answer.message, url


def test_a_known_host_does_not_open_the_door_to_others(driver: Driver) -> None:
    with RawServer(lambda peer, _: peer.reply()) as server:
        user = User(driver)
        assert user.send(f"http://localhost:{server.port}/").status == 200
        for host in (f"localhost:{server.port}0", f"localhost:{server.port}@evil.example"):
            assert user.send(f"http://{host}").error == "generator", host
            assert user.send(f"http://{host}/").error == "generator", host


def test_running_out_of_sockets_is_our_own_fault() -> None:
    with RawServer(lambda peer, _: peer.reply()) as server, transport() as driver:
        driver.order("limit_descriptors", spare=2)
        answers = [User(driver).send(server.origin + "/") for _ in range(4)]
    assert [each.error for each in answers[:1]] == [None]
    assert answers[-1].error == "generator"
    assert "raise `ulimit -n`" in answers[-1].message
