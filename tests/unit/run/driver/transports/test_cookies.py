"""Cookies: each user has its own, with the rules of browsers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.run.driver.transports.conftest import Driver, User, transport
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


SHOP, API, OTHER = "shop.example.test", "api.shop.example.test", "example.test"
DOMAINS = {
    "host only": ("Set-Cookie: c=1", {SHOP}),
    "with subdomains": (f"Set-Cookie: c=1; Domain={SHOP}", {SHOP, API}),
    "of the parent": (f"Set-Cookie: c=1; Domain=.{OTHER}", {SHOP, API, OTHER}),
    "of a stranger": ("Set-Cookie: c=1; Domain=stranger.test", set()),
    "of a child": (f"Set-Cookie: c=1; Domain={API}", set()),
    "of a public suffix": ("Set-Cookie: c=1; Domain=test", set()),
    "over TLS only": ("Set-Cookie: c=1; Secure", set()),
}


@pytest.mark.parametrize(("field", "receivers"), DOMAINS.values(), ids=DOMAINS)
def test_cookies_go_to_their_domains(field: str, receivers: set[str]) -> None:
    def answer(peer: Peer, request: Request) -> None:
        peer.reply(
            (request.header("cookie") or "-").encode(),
            "200 OK",
            *([field] if request.path == "/set" else []),
        )

    with RawServer(answer) as server, transport([SHOP, API, OTHER]) as driver:
        user = User(driver)
        for host in (SHOP, API, OTHER):
            driver.order("name", host=host, port=server.port)
        user.send(f"http://{SHOP}:{server.port}/set")
        got = {
            host
            for host in (SHOP, API, OTHER)
            if user.send(f"http://{host}:{server.port}/").body == "c=1"
        }
    assert got == receivers
