"""Redirects: followed as browsers do, and never to a host that is not allowed."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING

import pytest

from tests.unit.run.driver.transports.conftest import User, transport
from tests.unit.run.driver.transports.raw_server import Peer, RawServer, Request

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow


def route(**answers: Callable[[Peer], None]) -> Callable[[Peer, Request], None]:
    """By the first word of the path; 200 with the path elsewhere."""

    def handle(peer: Peer, request: Request) -> None:
        answer = answers.get(request.path.strip("/").partition("?")[0])
        if answer is None:
            peer.reply(request.path.encode())
        else:
            answer(peer)

    return handle


def test_a_chain_is_one_response(user: User) -> None:
    with RawServer(
        route(
            a=lambda peer: peer.redirect("/b?x=1", "301 Moved"),
            b=lambda peer: peer.redirect("c", "307 Temporary"),
            c=lambda peer: peer.redirect(f"http://localhost:{server.port}/d", "308 Permanent"),
        )
    ) as server:
        answer = user.send(server.origin + "/a")
    assert (answer.status, answer.body, answer.redirects) == (200, "/d", 3)
    assert answer.url == f"http://localhost:{server.port}/d"
    assert server.paths() == ["/a", "/b?x=1", "/c", "/d"]
    assert answer.bytes_sent > 4 * 50
    assert answer.new_connection
    assert answer.total_us >= answer.ttfb_us > answer.connect_us > 0


def test_a_loop_ends(user: User) -> None:
    with RawServer(route(a=lambda peer: peer.redirect("/a"))) as server:
        answer = user.send(server.origin + "/a", max_redirects=3)
    assert (answer.status, answer.error) == (302, "check")
    assert answer.message == "more than 3 redirects"
    assert server.paths() == ["/a"] * 4


def test_none_is_followed_when_none_is_wanted(user: User) -> None:
    with RawServer(route(a=lambda peer: peer.redirect("/b"))) as server:
        answer = user.send(server.origin + "/a", max_redirects=0)
    assert (answer.status, answer.error) == (302, None)
    assert answer.redirect_url == server.origin + "/b"
    assert server.paths() == ["/a"]


def test_an_answer_that_points_nowhere_is_final(user: User) -> None:
    with RawServer(route(a=lambda peer: peer.reply(b"?", "302 Found"))) as server:
        answer = user.send(server.origin + "/a")
    assert (answer.status, answer.body, answer.error) == (302, "?", None)


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (303, "PUT", "GET"),
        (301, "PUT", "PUT"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
        (303, "HEAD", "HEAD"),
        (302, "GET", "GET"),
    ],
)
def test_what_becomes_of_the_method(user: User, status: int, method: str, then: str) -> None:
    body = None if method in {"GET", "HEAD"} else "content"
    headers = ["X-Kept: 1", "Content-Type: text/plain"]
    with RawServer(route(a=lambda peer: peer.redirect("/b", f"{status} Go"))) as server:
        user.send(server.origin + "/a", method=method, body=body, headers=headers)
    request = server.requests[1]
    assert (request.method, request.header("x-kept")) == (then, "1")
    kept = method == then and body is not None
    assert request.body == (b"content" if kept else b"")
    assert (request.header("content-type") is not None) == (then == method)


def test_credentials_stay_with_their_origin(user: User) -> None:
    secret = {"headers": ["Authorization: one", "X-Open: 1"], "credentials": ["X-Key: two"]}
    with (
        RawServer(route()) as other,
        RawServer(
            route(
                same=lambda peer: peer.redirect("/end"),
                away=lambda peer: peer.redirect(other.origin + "/end"),
            )
        ) as server,
    ):
        user.send(server.origin + "/same", **secret)
        user.send(server.origin + "/away", **secret, lines=["Cookie: c=3"])
    at_home, away = server.requests[1], other.requests[0]
    assert [at_home.header(each) for each in ("authorization", "x-key")] == ["one", "two"]
    assert [away.header(each) for each in ("authorization", "x-key", "cookie")] == [None] * 3
    assert away.header("x-open") == "1"


def test_a_host_that_is_not_allowed_is_never_connected_to() -> None:
    with RawServer(route()) as forbidden, RawServer(route()) as server:
        target = f"http://127.0.0.1:{forbidden.port}/"
        server.handle = route(a=lambda peer: peer.redirect(target))
        with transport([f"127.0.0.1:{server.port}"]) as driver:
            redirected, direct = User(driver).send(server.origin + "/a"), User(driver).send(target)
        assert forbidden.connections == 0
    for answer in (redirected, direct):
        assert answer.error == "generator"
        assert answer.message == f"host 127.0.0.1:{forbidden.port} is not allowed (allow_hosts)"
    assert (redirected.status, redirected.redirects) == (0, 1)
    assert redirected.bytes_sent > 0


@pytest.mark.parametrize(
    "target",
    [
        "http://evil.example/",
        "//evil.example/",
        "https://127.0.0.1.evil.example/",
        "//evil%2eexample/",
    ],
)
def test_forbidden_targets(user: User, target: str) -> None:
    with RawServer(route(a=lambda peer: peer.redirect(target))) as server:
        answer = user.send(server.origin + "/a")
    assert answer.error == "generator"
    assert "is not allowed" in answer.message or "plain host name" in answer.message


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/"]
)
def test_other_schemes_are_refused(user: User, target: str) -> None:
    with RawServer(route(a=lambda peer: peer.redirect(target))) as server:
        answer = user.send(server.origin + "/a")
    assert (answer.error, answer.body) == ("generator", "")
    assert "not an absolute http or https URL" in answer.message


def test_the_timeout_covers_the_whole_chain(user: User) -> None:
    def handle(peer: Peer, _request: Request) -> None:
        Event().wait(0.2)  # what a slow target takes; nothing is synchronised by it
        peer.redirect("/a")

    with RawServer(handle) as server:
        answer = user.send(server.origin + "/a", timeout_s=1, max_redirects=50)
    assert answer.error == "timeout"
    assert 900_000 < answer.total_us < 5_000_000
    assert 2 <= len(server.requests) <= 6
