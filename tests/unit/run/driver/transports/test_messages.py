"""HTTP/1 as it comes: framing, methods, header fields, bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfspec.run.driver.transports.coding import HEAD
from tests.unit.run.driver.transports.raw_server import Peer, RawServer, Request

if TYPE_CHECKING:
    from tests.unit.run.driver.transports.conftest import User

pytestmark = pytest.mark.slow


def test_a_user_keeps_its_connection_and_shares_it_with_nobody(user: User) -> None:
    with RawServer(lambda peer, request: peer.reply(request.path.encode())) as server:
        first, second = user.send(server.origin + "/a"), user.send(server.origin + "/b?x=1")
        other = type(user)(user.driver).send(server.origin + "/c")
    assert [first.body, second.body, other.body] == ["/a", "/b?x=1", "/c"]
    assert [each.connection for each in server.requests] == [1, 1, 2]
    assert [first.new_connection, second.new_connection] == [True, False]
    assert [second.dns_us, second.connect_us, second.tls_us] == [0, 0, 0]
    assert first.connect_us > 0
    assert 0 < second.ttfb_us <= second.total_us
    assert second.http_version == "1.1"


def test_chunks_with_trailers(user: User) -> None:
    def handle(peer: Peer, _request: Request) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\nx-a: 2\r\n\r\n")
        peer.send(b"3\r\nabc\r\n", b"4;ext=1\r\ndefg\r\n", b"0\r\nX-Trailer: late\r\n\r\n")

    with RawServer(handle) as server:
        answer = user.send(server.origin + "/")
        again = user.send(server.origin + "/", keep_body=False)
    assert (answer.status, answer.body, answer.error) == (200, "abcdefg", None)
    assert (again.body, again.error) == ("abcdefg", None)  # its head, which is all of it
    assert answer.headers == [["transfer-encoding", "chunked"], ["x-a", "1"], ["x-a", "2"]]
    assert not again.new_connection


@pytest.mark.parametrize("interim", ["100 Continue", "103 Early Hints"])
def test_interim_answers_are_passed_over(user: User, interim: str) -> None:
    def handle(peer: Peer, _request: Request) -> None:
        peer.send(f"HTTP/1.1 {interim}\r\nLink: x\r\n\r\n".encode())
        peer.reply(b"final", "201 Created", "X-B: 2")

    with RawServer(handle) as server:
        answer = user.send(server.origin + "/")
    assert (answer.status, answer.body) == (201, "final")
    assert answer.headers == [["content-length", "5"], ["x-b", "2"]]


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_answers_without_a_body(user: User, status: str) -> None:
    with RawServer(lambda peer, _: peer.reply(b"", status)) as server:
        answers = [user.send(server.origin + "/") for _ in range(2)]
    assert [each.status for each in answers] == [int(status[:3])] * 2
    assert not answers[1].new_connection


def test_head_has_a_length_and_no_body(user: User) -> None:
    def handle(peer: Peer, _request: Request) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")

    with RawServer(handle) as server:
        answers = [user.send(server.origin + "/", method="HEAD", timeout_s=5) for _ in range(2)]
    assert [(each.status, each.body, each.error) for each in answers] == [(200, "", None)] * 2
    assert [each.method for each in server.requests] == ["HEAD", "HEAD"]


def test_http_1_0_ends_with_the_connection(user: User) -> None:
    def handle(peer: Peer, _request: Request) -> None:
        peer.send(b"HTTP/1.0 200 OK\r\n\r\nto the end")
        peer.finish()

    with RawServer(handle) as server:
        answers = [user.send(server.origin + "/") for _ in range(2)]
    assert [(each.body, each.error, each.http_version) for each in answers] == [
        ("to the end", None, "1.0")
    ] * 2
    assert server.connections == 2
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"",
    ],
    ids=["length", "chunk", "chunks", "header", "header after hints", "interim", "nothing"],
)
@pytest.mark.parametrize("end", ["finish", "reset"])
def test_an_answer_that_breaks_off_is_a_reset(user: User, sent: bytes, end: str) -> None:
    def handle(peer: Peer, _request: Request) -> None:
        peer.send(sent)
        getattr(peer, end)()

    with RawServer(handle) as server:
        answer = user.send(server.origin + "/")
    assert answer.error == "reset"
    assert answer.message
    assert 0 < answer.ttfb_us <= answer.total_us


@pytest.mark.parametrize(
    "sent",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 400_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 10_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 10_000_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"x" * 1_000 + b"\r\n") * 10_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
        b"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 42 What\r\nContent-Length: 2\r\n\r\nok",
    ],
    ids=[
        "ssh",
        "bad length",
        "bad chunk",
        "long line",
        "many lines",
        "10 MB line",
        "10 MB of lines",
        "two lengths",
        "negative length",
        "endless chunk",
        "transfer coding",
        "NUL",
        "status",
    ],
)
def test_what_is_no_http_is_a_reset(user: User, sent: bytes) -> None:
    def handle(peer: Peer, _request: Request) -> None:
        peer.send(sent)
        peer.finish()

    with RawServer(handle) as server:
        answer = user.send(server.origin + "/")
    assert answer.error == "reset"
    assert answer.message


@pytest.mark.parametrize(
    ("sent", "body", "kept"),
    [
        (b"Content-Length: 3\r\n\r\nabc and more", "abc", False),
        (b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "abc", True),
        (
            b"Content-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            "abc",
            True,
        ),
    ],
    ids=["too short", "twice", "with chunks"],
)
def test_lengths_that_are_wrong_but_clear(user: User, sent: bytes, body: str, kept: bool) -> None:
    """What is left over must not become the next request's answer."""

    def handle(peer: Peer, request: Request) -> None:
        if request.path == "/next":
            peer.reply(b"next")
        else:
            peer.send(b"HTTP/1.1 200 OK\r\n", sent)

    with RawServer(handle) as server:
        first, following = user.send(server.origin + "/"), user.send(server.origin + "/next")
    assert (first.status, first.body, first.error) == (200, body, None)
    assert (following.body, following.error) == ("next", None)
    assert following.new_connection != kept


def test_a_body_where_none_may_be(user: User) -> None:
    def handle(peer: Peer, request: Request) -> None:
        body = b"abc" if request.path == "/wrong" else b""
        peer.send(b"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n", body)

    with RawServer(handle) as server:
        answers = [user.send(server.origin + path) for path in ("/wrong", "/", "/")]
    assert [(each.status, each.body, each.error) for each in answers] == [(204, "", None)] * 3


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"])
@pytest.mark.parametrize("body", [None, "", "hello"])
def test_methods_with_and_without_a_body(user: User, method: str, body: str | None) -> None:
    with RawServer(lambda peer, _: peer.reply(b"ok")) as server:
        answer = user.send(server.origin + "/", method=method, body=body)
    assert (answer.status, answer.body) == (200, "ok")
    (request,) = server.requests
    assert (request.method, request.body) == (method, (body or "").encode())
    wanted = None
    if body is not None or method in {"POST", "PUT", "PATCH"}:
        wanted = str(len(body or ""))
    assert request.header("content-length") == wanted
    assert request.header("content-type") is None
    assert request.header("expect") is None


def test_bodies_do_not_stick_to_the_next_request(user: User) -> None:
    with RawServer(lambda peer, _: peer.reply()) as server:
        for body in ["one", None, "x" * 3_000_000, None, "", "two"]:
            user.send(server.origin + "/", method="DELETE", body=body)
    assert [len(each.body) for each in server.requests] == [3, 0, 3_000_000, 0, 0, 3]


def test_header_fields_are_sent_as_written_and_not_kept(user: User) -> None:
    headers = ["X-Constant: a", "X-Empty:", "User-Agent: mine", "Content-Type: text/plain"]
    with RawServer(lambda peer, _: peer.reply()) as server:
        user.send(
            server.origin + "/",
            method="POST",
            body="x",
            headers=headers,
            lines=["X-One: ä"],
            credentials=["Authorization: Bearer t"],
        )
        user.send(server.origin + "/", method="POST", body="x", headers=headers)
    first, second = server.requests
    assert first.header("x-constant") == second.header("x-constant") == "a"
    assert first.header("x-empty") == ""
    assert first.header("user-agent") == "mine"
    assert first.header("content-type") == "text/plain"
    assert first.header("x-one") == "ä".encode().decode("latin-1")
    assert first.header("authorization") == "Bearer t"
    assert second.header("x-one") is second.header("authorization") is None


def test_what_is_sent_when_nothing_is_said(user: User) -> None:
    with RawServer(lambda peer, _: peer.reply()) as server:
        user.send(server.origin + "/")
    host = server.origin.removeprefix("http://")
    assert server.requests[0].headers == [
        ("host", host),
        ("user-agent", "perfspec"),
        ("accept", "*/*"),
        ("accept-encoding", "gzip, br, zstd"),
    ]


@pytest.mark.parametrize(
    "line", ["X: a\r\nEvil: b", "X: a\nEvil: b", "no colon", ": no name", "X: a\0b"]
)
def test_a_line_that_is_no_field_is_refused(user: User, line: str) -> None:
    with RawServer(lambda peer, _: peer.reply()) as server:
        answer = user.send(server.origin + "/", lines=[line])
        good = user.send(server.origin + "/")
    assert (answer.status, answer.error) == (0, "generator")
    assert "not one line of the form" in answer.message
    assert good.status == 200
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/a b?q=ü", "/a%20b?q=%C3%BC"),
        ("/a\0b\nc", "/a%00b%0Ac"),
        ("/a%20b", "/a%20b"),
        ("?q=1", "/?q=1"),
        ("", "/"),
        ("/x#fragment", "/x"),
    ],
)
def test_urls(user: User, path: str, sent: str) -> None:
    with RawServer(lambda peer, _: peer.reply()) as server:
        answer = user.send(server.origin + path)
    assert answer.status == 200
    assert server.paths() == [sent]


def test_sizes_are_those_on_the_wire(user: User) -> None:
    with RawServer(lambda peer, _: peer.reply(b"12345")) as server:
        answer = user.send(server.origin + "/", method="POST", body="hello", headers=["X: 1"])
    assert answer.bytes_received == len("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345")
    head = sum(len(f"{name}: {value}\r\n") for name, value in server.requests[0].headers)
    assert answer.bytes_sent == len("POST / HTTP/1.1\r\n") + head + 2 + 5


def test_a_body_beyond_what_is_kept(user: User) -> None:
    size = 33 * 2**20
    with RawServer(lambda peer, _: peer.reply(bytes(size))) as server:
        kept = user.send(server.origin + "/")
        dropped = user.send(server.origin + "/", keep_body=False)
    assert kept.error == "generator"
    assert "larger than 32 MiB" in kept.message
    assert (dropped.status, dropped.error, dropped.body) == (200, None, "\0" * HEAD)
    assert dropped.bytes_received > size
