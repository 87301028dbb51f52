"""What goes out and what comes back: the shape of requests, and responses with their phases."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_letters, digits, punctuation
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perfspec.measure.errors import ErrorClass


URL_CHARACTERS = (
    ascii_letters + digits + punctuation
)  # sent as they are; others are percent-encoded


@dataclass(frozen=True, slots=True)
class Shape:
    """What all requests of an endpoint have in common.

    ``headers``: lines "Name: value"; an empty value is sent as such. ``timeout_s`` covers all, from
    the lookup to the last byte of the last redirect. ``max_redirects`` 0: a redirect is an answer
    like any other. ``keep_body`` False: the body is read, verified and counted, and
    ``Response.body`` is how it begins (coding.HEAD); only then may it exceed coding.MAX_BODY,
    and what a Content-Encoding makes of it may reach coding.MAX_DECODED.
    """

    method: str = "GET"
    headers: tuple[str, ...] = ()
    timeout_s: float = 30.0
    max_redirects: int = 10
    keep_body: bool = True


class Headers:
    """The header fields of a response, as often as they came; names compare without case."""

    __slots__ = ("_fields",)

    def __init__(self, raw: bytes) -> None:
        """``raw``: every line from libcurl, with those of interim responses and trailers."""
        self._fields: list[tuple[str, str]] = []
        inside = False  # trailers come after the empty line and are left out
        for line in raw.split(b"\n"):
            text = line.decode("latin-1").strip()
            if text.startswith("HTTP/") and not inside:
                self._fields.clear()
                inside = True
            elif not text:
                inside = False
            elif inside:
                name, _, value = text.partition(":")
                self._fields.append((name.strip().lower(), value.strip()))

    def get(self, name: str) -> str | None:
        """The first value, or None."""
        wanted = name.lower()
        return next((value for each, value in self._fields if each == wanted), None)

    def get_all(self, name: str) -> list[str]:
        wanted = name.lower()
        return [value for each, value in self._fields if each == wanted]

    def items(self) -> list[tuple[str, str]]:
        """In the order of arrival, names in lower case."""
        return list(self._fields)


class Response:
    """One answer, or why there is none. Times in microseconds, sizes in bytes without TLS's own.

    ``total_us`` runs from the start to the last byte, over redirects to the last one's; ``ttfb_us``
    to the first byte of the last one.
    ``dns_us connect_us tls_us``: what new connections cost, else 0. ``started``: perf_counter().

    ``error`` is None for every complete answer, whatever its status. ``redirect_url``: where an
    answer points to that was not followed.
    """

    # Defaults of the class, not of the instance: most responses differ in few of these.
    status: int = 0
    body: bytes = b""
    raw_headers: bytes = b""
    url: str = ""
    error: ErrorClass | None = None
    message: str = ""
    started: float = 0.0
    total_us: int = 0
    ttfb_us: int = 0
    dns_us: int = 0
    connect_us: int = 0
    tls_us: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    new_connection: bool = False
    redirects: int = 0
    redirect_url: str = ""

    _headers: Headers | None = None

    @property
    def headers(self) -> Headers:
        """Parsed when first asked for."""
        if self._headers is None:
            self._headers = Headers(self.raw_headers)
        return self._headers

    @property
    def http_version(self) -> str:
        """``1.0``, ``1.1``, ``2`` or ``3``; empty without an answer."""
        return self.raw_headers[5 : self.raw_headers.find(b" ")].decode("ascii", "replace")
