"""libcurl's easy handles: set up once for an endpoint, then lent to one user after the other.

Measured: a handle for each (user, endpoint) would save 0.9 µs of 22, the cost of moving the user's
connections and cookies (a CurlShare) into a lent one; but 5,000 users of 20 endpoints would hold
100,000 handles. So there are as many as requests in flight, and few that wait for work.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

import pycurl

from perfspec.measure.errors import ErrorClass
from perfspec.run.driver.transports.coding import ACCEPTED, HEAD, MAX_BODY, content_encoding
from perfspec.run.driver.transports.origins import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfspec.run.driver.transports.exchange import Shape
    from perfspec.run.driver.transports.kept import Kept
    from perfspec.run.driver.transports.loop import Ending, Loop

Options: TypeAlias = tuple[tuple[int, object], ...]

_MOST_IDLE = 128  # handles of one endpoint that wait for work
_LARGE = 65_536  # an idle handle keeps no body beyond this alive
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})  # say "Content-Length: 0" without one
_BREAKS = re.compile(r"[\r\n\0]")


def common_options(*, ca_file: str | None, verify: bool, http2: bool) -> Options:
    """What every handle of a transport is set to."""
    version = pycurl.CURL_HTTP_VERSION_2TLS if http2 else pycurl.CURL_HTTP_VERSION_1_1
    options: Options = (
        (pycurl.NOSIGNAL, 1),
        (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
        (pycurl.HTTP_VERSION, version),
        (pycurl.PROXY, ""),  # a proxy of this machine's environment would be measured, too
        (pycurl.USERAGENT, "perfspec"),
        (pycurl.ACCEPT_ENCODING, ACCEPTED),
        (pycurl.HTTP_CONTENT_DECODING, 0),  # see coding.py
        (pycurl.COOKIEFILE, ""),
        (pycurl.SSL_SESSIONID_CACHE, 0),  # a new connection is a full handshake, as of a new user
        (pycurl.SSL_VERIFYPEER, int(verify)),
        (pycurl.SSL_VERIFYHOST, 2 if verify else 0),
        (pycurl.UPLOAD_BUFFERSIZE, 16_384),  # the default of 64 KB stays with every handle
    )
    return options if ca_file is None else (*options, (pycurl.CAINFO, ca_file))


def checked_lines(headers: Iterable[str]) -> list[bytes]:
    """Header lines as libcurl takes them. Raises RefusedError for what would not be one field."""
    lines: list[bytes] = []
    for each in headers:
        name, colon, value = each.partition(":")
        if not colon or not name.strip() or _BREAKS.search(each):
            shown = f"header {name.strip()[:40]!r}" if colon else "a header"  # it may be a secret
            msg = f"{shown} is not one line of the form Name: value"
            raise RefusedError(ErrorClass.GENERATOR, msg)
        lines.append((each if value.strip() else f"{name};").encode())  # "Name:" would leave it out
    return lines


class Prepared:
    """Requests of one shape, ready but for what differs from one to the next."""

    __slots__ = ("_constant", "_idle", "_loop", "_options", "shape")

    def __init__(self, loop: Loop, options: Options, shape: Shape) -> None:
        """Raises RefusedError for a header that is no field."""
        self.shape = shape
        self._loop = loop
        self._options = options
        self._constant = checked_lines(shape.headers)
        named = {each.partition(":")[0].strip().lower() for each in shape.headers}
        # What libcurl would add: a form's type to every body, a pause to large ones.
        absent = (b"Content-Type:", b"Expect:")
        self._constant += [each for each in absent if each[:-1].decode().lower() not in named]
        self._idle: list[Handle] = []

    def take(self) -> Handle:
        if self._idle:
            return self._idle.pop()
        return Handle(self._loop, self._options, self.shape, self._constant)

    def give_back(self, handle: Handle) -> None:
        if len(self._idle) < _MOST_IDLE:
            handle.rest()
            self._idle.append(handle)
        else:
            handle.curl.close()

    def close(self) -> None:
        for handle in self._idle:
            handle.curl.close()
        self._idle.clear()


class Handle:
    """One transfer at a time. Remembers what it was set to last, so that only changes are set.

    No subclass of Curl: its attributes are looked up slowly (0.16 µs each).
    """

    __slots__ = (
        "_body",
        "_constant",
        "_extra",
        "_keep",
        "_kept",
        "_loop",
        "_method",
        "_setopt",
        "_share",
        "_timeout_s",
        "_url",
        "broken",
        "curl",
        "fresh",
        "getinfo",
        "head",
        "lines",
        "overflow",
        "pieces",
        "sent",
        "size",
        "stale",
    )

    def __init__(self, loop: Loop, options: Options, shape: Shape, constant: list[bytes]) -> None:
        self.curl = curl = pycurl.Curl()
        self.getinfo, self._setopt = curl.getinfo, curl.setopt
        self._loop, self._method, self._keep = loop, shape.method, shape.keep_body
        self._constant = constant
        self._share: pycurl.CurlShare | None = None
        self._kept: Kept  # comes with the share
        self._body: bytes | None = None
        self._extra: tuple[str, ...] = ()
        self._url, self._timeout_s = "", 0.0
        self.lines: list[bytes] = []  # the answer's header
        self.pieces: list[bytes] = []  # the answer's body, as it came
        self.head = b""  # how a body begins that is not kept
        self.size = 0  # of the body; all of it, also what is not kept
        self.sent = False  # the request was handed to a connection
        self.broken = False  # which broke before any answer, and libcurl wanted to send again
        self.stale = False  # nothing was sent: the kept connection had been closed
        self.fresh = False  # a connection was opened
        self.overflow = False  # the body was larger than MAX_BODY
        for option, value in options:
            self._setopt(option, value)
        self._setopt(pycurl.HTTPHEADER, constant)
        self._setopt(pycurl.HEADERFUNCTION, self.lines.append)
        self._setopt(pycurl.WRITEFUNCTION, self._on_body)
        self._setopt(pycurl.SOCKOPTFUNCTION, self._on_new_socket)
        self._setopt(pycurl.PREREQFUNCTION, self._on_request)
        self._set_body(None)

    def prepare(
        self,
        share: pycurl.CurlShare,
        kept: Kept,
        url: str,
        body: bytes | None,
        extra: tuple[str, ...],
        timeout_s: float,
    ) -> None:
        """Set what differs from the last request. Raises RefusedError for a bad header line."""
        if share is not self._share:
            if self._share is not None:
                self.curl.unsetopt(pycurl.SHARE)
            self._setopt(pycurl.SHARE, share)
            self._share, self._kept = share, kept
        if url != self._url:
            self._setopt(pycurl.URL, url)
            self._url = url
        if body is not self._body:
            self._set_body(body)
        if extra != self._extra:
            self._setopt(pycurl.HTTPHEADER, self._constant + checked_lines(extra))
            self._extra = extra
        if timeout_s != self._timeout_s:
            milliseconds = max(1, round(timeout_s * 1000))
            self._setopt(pycurl.TIMEOUT_MS, milliseconds)
            self._setopt(pycurl.CONNECTTIMEOUT_MS, milliseconds)  # the default ends at 5 minutes
            self._timeout_s = timeout_s

    def rest(self) -> None:
        """Forget the answer, and a large body."""
        self.lines.clear()
        self.pieces.clear()
        self.head = b""
        self.size = 0
        self.sent = self.broken = self.stale = self.fresh = self.overflow = False
        if self._body is not None and len(self._body) > _LARGE:
            self._set_body(None)

    def perform(self) -> Ending:
        """Run the transfer; a kept connection that the target has closed is replaced."""
        ending = self._loop.perform(self.curl)
        if self.stale:
            self.stale = False
            self._setopt(pycurl.FRESH_CONNECT, 1)
            ending = self._loop.perform(self.curl)
            self._setopt(pycurl.FRESH_CONNECT, 0)
        if self.fresh and (fd := self.getinfo(pycurl.ACTIVESOCKET)) >= 0:
            ends = pycurl.PRIMARY_IP, pycurl.PRIMARY_PORT, pycurl.LOCAL_PORT
            remote, port, local_port = map(self.getinfo, ends)
            self._kept.add((remote, port, local_port), fd)
        return ending

    @property
    def to_upload(self) -> int:
        """Bytes of the body that is sent."""
        return len(self._body or b"")

    def _set_body(self, body: bytes | None) -> None:
        if self._method == "HEAD":
            self._setopt(pycurl.NOBODY, 1)
        elif body is None and self._method not in _WITH_BODY:
            self._setopt(pycurl.HTTPGET, 1)
        else:
            self._setopt(pycurl.POSTFIELDS, body or b"")
        if self._method not in {"HEAD", "GET"} or body is not None:
            self._setopt(pycurl.CUSTOMREQUEST, self._method)
        self._body = body

    def _on_body(self, piece: bytes) -> int | None:
        self.size += len(piece)
        first = not self.pieces and not self.head
        if self._keep or self.pieces or (first and content_encoding(b"".join(self.lines))):
            if self.size > MAX_BODY:
                self.overflow = True
                return -1
            self.pieces.append(piece)
        elif len(self.head) < HEAD:
            self.head += piece[: HEAD - len(self.head)]
        return None

    def _on_new_socket(self, fd: int, _purpose: int) -> int:
        self._loop.begin_socket(fd)
        if self.sent:
            self.broken = True
            return pycurl.SOCKOPT_ERROR
        self.fresh = True
        return pycurl.SOCKOPT_OK

    def _on_request(self, remote: str, _local: str, port: int, local_port: int) -> int:
        """Called before each attempt, of which there may be one (0.6 µs).

        When a kept connection breaks before any answer, libcurl sends the request again, a POST
        too, and has no option against it.
        """
        if self.sent:
            self.broken = True
            return pycurl.PREREQFUNC_ABORT
        if not self.fresh and self._kept.is_closed((remote, port, local_port)):
            self.stale = True
            return pycurl.PREREQFUNC_ABORT
        self.sent = True
        return pycurl.PREREQFUNC_OK
