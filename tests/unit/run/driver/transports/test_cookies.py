"""Cookies: each user has its own, with the rules of browsers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.run.driver.transports.conftest import Driver, User
from tests.unit.run.driver.transports.raw_server import Peer, RawServer, Request

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow
COOKIES = {
    "/login": ["Set-Cookie: id=1; Path=/", "Set-Cookie: deep=2; Path=/shop"],
    "/deeper": ["Set-Cookie: id=3; Path=/shop/cart"],
    "/logout": ["Set-Cookie: id=; Path=/; Max-Age=0"],
    "/move": ["Set-Cookie: moved=1; Path=/", "Location: /after"],
}


def handle(peer: Peer, request: Request) -> None:
    status = "302 Found" if request.path == "/move" else "200 OK"
    peer.reply((request.header("cookie") or "-").encode(), status, *COOKIES.get(request.path, []))


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer(handle) as server:
        yield server


def test_cookies_go_to_their_paths(user: User, server: RawServer) -> None:
    assert user.send(server.origin + "/login").body == "-"
    assert user.send(server.origin + "/").body == "id=1"
    assert sorted(user.send(server.origin + "/shop/x").body.split("; ")) == ["deep=2", "id=1"]
    user.send(server.origin + "/logout")
    assert user.send(server.origin + "/").body == "-"


def test_cookies_belong_to_one_user(driver: Driver, user: User, server: RawServer) -> None:
    other = User(driver)
    user.send(server.origin + "/login")
    assert other.send(server.origin + "/").body == "-"
    assert user.send(server.origin + "/").body == "id=1"
    assert other.order("cookie", name="id") is None
    other.order("leave")


def test_cookies_are_read_and_cleared(user: User, server: RawServer) -> None:
    assert user.order("cookie", name="id") is None
    user.send(server.origin + "/login")
    assert user.order("cookie", name="id") == "1"
    user.send(server.origin + "/deeper")
    assert user.order("cookie", name="id") == "3"
    user.order("clear_cookies")
    assert user.order("cookie", name="id") is None
    assert user.send(server.origin + "/shop/cart/").body == "-"


def test_a_redirect_sets_and_sends_cookies(user: User, server: RawServer) -> None:
    assert user.send(server.origin + "/move").body == "moved=1"
