"""The cookies that go to a URL, as libcurl keeps them."""

from __future__ import annotations

import pytest

from perfspec.run.driver.transports.cookies import cookies_for


def kept(
    domain: str, *, subdomains: str = "FALSE", path: str = "/", secure: str = "FALSE"
) -> tuple[str, ...]:
    return domain, subdomains, path, secure, "0", "a", "1"


@pytest.mark.parametrize(
    ("url", "cookie", "goes"),
    [
        ("http://shop.example/", kept("shop.example"), True),
        ("http://SHOP.example:81/", kept("#HttpOnly_shop.example"), True),
        ("http://www.shop.example/", kept("shop.example"), False),
        ("http://www.shop.example/", kept(".shop.example", subdomains="TRUE"), True),
        ("http://workshop.example/", kept(".shop.example", subdomains="TRUE"), False),
        ("http://shop.example/ws/a", kept("shop.example", path="/ws"), True),
        ("http://shop.example/wsa", kept("shop.example", path="/ws"), False),
        ("http://shop.example/", kept("shop.example", secure="TRUE"), False),
        ("https://shop.example/", kept("shop.example", secure="TRUE"), True),
    ],
)
def test_a_cookie_goes_where_it_may(url: str, cookie: tuple[str, ...], *, goes: bool) -> None:
    assert cookies_for(url, [cookie]) == ("a=1" if goes else None)
