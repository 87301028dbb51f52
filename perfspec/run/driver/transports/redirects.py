"""What a redirect makes of a request, as browsers do it (fetch standard, HTTP-redirect fetch)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perfspec.run.driver.transports.exchange import Response, Shape

STATUSES = frozenset({301, 302, 303, 307, 308})
_OF_THE_BODY = frozenset({"content-type", "content-length", "content-encoding", "content-language"})
_SECRET = frozenset({"authorization", "proxy-authorization", "cookie"})


def turns_into_get(status: int, method: str) -> bool:
    """303 always does, 301 and 302 do for POST, 307 and 308 never."""
    if status == 303:
        return method not in {"GET", "HEAD"}
    return status in {301, 302} and method == "POST"


def redirected(shape: Shape, *, as_get: bool, elsewhere: bool) -> Shape:
    """The shape of the next request; another origin never sees credentials."""
    if as_get:
        shape = replace(shape, method="GET", headers=_without(shape.headers, _OF_THE_BODY))
    if elsewhere:
        shape = replace(shape, headers=_without(shape.headers, _SECRET))
    return shape


def redirected_headers(
    headers: tuple[str, ...], *, as_get: bool, elsewhere: bool
) -> tuple[str, ...]:
    """The same for the headers of a single request."""
    headers = _without(headers, _OF_THE_BODY) if as_get else headers
    return _without(headers, _SECRET) if elsewhere else headers


def add_up(before: Response, last: Response) -> Response:
    """``last`` with what came before it: one latency from the first start to the last byte."""
    last.ttfb_us += before.total_us
    last.total_us += before.total_us
    last.dns_us += before.dns_us
    last.connect_us += before.connect_us
    last.tls_us += before.tls_us
    last.bytes_sent += before.bytes_sent
    last.bytes_received += before.bytes_received
    last.new_connection |= before.new_connection
    last.redirects = before.redirects + 1
    return last


def _without(headers: tuple[str, ...], names: frozenset[str]) -> tuple[str, ...]:
    return tuple(each for each in headers if each.partition(":")[0].strip().lower() not in names)
