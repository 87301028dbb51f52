"""HTTP for virtual users: each has its own connections and cookies, all share one loop.

A Transport belongs to one worker process and is made after monkey patching and forking. Requests of
an endpoint go through what ``Transport.prepare`` made of their shape; only what differs is set.
"""

from __future__ import annotations

import os
import ssl
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING
from urllib.parse import quote

import certifi
import pycurl

from perfspec.measure.errors import ErrorClass
from perfspec.run.driver.transports.answers import read_answer
from perfspec.run.driver.transports.cookies import cookies_for
from perfspec.run.driver.transports.exchange import URL_CHARACTERS, Response, Shape
from perfspec.run.driver.transports.handles import Prepared, common_options
from perfspec.run.driver.transports.kept import Kept
from perfspec.run.driver.transports.loop import Loop
from perfspec.run.driver.transports.origins import (
    Origin,
    RefusedError,
    Resolver,
    beginning,
    check_allowed,
    is_telling,
)
from perfspec.run.driver.transports.redirects import (
    add_up,
    redirected,
    redirected_headers,
    turns_into_get,
)
from perfspec.run.driver.transports.stamps import Stamps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from perfspec.run.driver.transports.delay import HubDelay
    from perfspec.run.driver.transports.origins import Allowed


class Transport:
    """The HTTP side of one worker process."""

    def __init__(
        self,
        allowed: Allowed,
        *,
        ca_file: str | None = None,
        verify: bool = True,
        http2: bool = True,
    ) -> None:
        """``allowed``: hosts as "host" (every port) or "host:port", or a function of host and port.

        ``ca_file`` defaults to the machine's own bundle. ``http2`` is offered over TLS (ALPN).
        """
        bundle = ca_file or ssl.get_default_verify_paths().cafile or certifi.where()
        self.stamps = Stamps()
        self.loop = Loop(self.stamps)
        self.known: set[str] = set()  # how URLs begin whose origin is allowed and looked up
        self._options = common_options(ca_file=bundle, verify=verify, http2=http2)
        self._allowed = allowed
        self._resolver = Resolver()
        self._pinned: set[Origin] = set()
        self._prepared: dict[Shape, Prepared] = {}

    def prepare(self, shape: Shape) -> Prepared:
        """The same object for the same shape. Raises RefusedError for a header that is none."""
        found = self._prepared.get(shape)
        if found is None:
            found = self._prepared[shape] = Prepared(self.loop, self._options, shape)
        return found

    def session(self) -> Session:
        """A new user: no connections, no cookies."""
        return Session(self)

    def resolve(self, urls: Iterable[str], timeout_s: float = 30.0) -> list[str]:
        """Look the hosts of these URLs up now, so that no lookup falls into the measurement.

        Returns what went wrong, a sentence each. What was found is kept for the whole run.
        """
        problems: list[str] = []
        for url in urls:
            try:
                self.admit(url, timeout_s)
            except RefusedError as refusal:
                problems.append(str(refusal))
        return problems

    def admit(self, url: str, timeout_s: float) -> int:
        """Let requests go where this URL points to; returns the microseconds of its lookup.

        Raises RefusedError, before a byte is sent: the host is not allowed or has no address.
        """
        origin = Origin.of(url)
        check_allowed(self._allowed, origin)
        began = perf_counter()
        if origin not in self._pinned:
            entry = self._resolver.find(origin, timeout_s)
            if entry is None:
                began = perf_counter()
            else:
                self._pin(entry)
            self._pinned.add(origin)
        spent_us = round((perf_counter() - began) * 1e6)
        start = beginning(url)
        if is_telling(start):
            self.known.add(start)
        return spent_us

    def hub_delay(self) -> HubDelay:
        """The uncertainty of the latencies since the last call."""
        return self.loop.hub_watch.take()

    def close(self) -> None:
        """End all transfers (their greenlets get an error) and free what libcurl holds."""
        self.loop.close()
        for each in self._prepared.values():
            each.close()

    def _pin(self, entry: str) -> None:
        """Only the start of a transfer puts addresses into libcurl's cache: one to nowhere does."""
        courier = pycurl.Curl()
        courier.setopt(pycurl.RESOLVE, [entry])
        courier.setopt(pycurl.URL, Path(os.devnull).as_uri())
        try:
            failure, _ = self.loop.perform(courier)
        finally:
            courier.close()
        if failure is not None:
            msg = f"libcurl does not take {entry}: {failure[1]}"
            raise RefusedError(ErrorClass.GENERATOR, msg)


class Session:
    """One user. Never raises for what the network does: that is in the Response."""

    __slots__ = ("_closed", "_kept", "_share", "_transport")

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._closed = False
        self._kept = Kept()
        self._share = share = pycurl.CurlShare()
        share.setopt(pycurl.SH_SHARE, pycurl.LOCK_DATA_CONNECT)
        share.setopt(pycurl.SH_SHARE, pycurl.LOCK_DATA_COOKIE)

    def send(
        self,
        prepared: Prepared,
        url: str,
        body: bytes | None = None,
        headers: tuple[str, ...] = (),
        credentials: tuple[str, ...] = (),
    ) -> Response:
        """Send one request and wait for its whole answer; only the calling greenlet waits.

        ``headers`` and ``credentials`` are lines "Name: value"; the latter, and Authorization and
        Cookie among the former, are not repeated to another origin after a redirect.
        """
        started = perf_counter()
        transport, shape = self._transport, prepared.shape
        timeout_s = shape.timeout_s
        lookup_us = 0
        if " " in url or not (url.isascii() and url.isprintable()):
            url = quote(url, URL_CHARACTERS)
        try:
            if beginning(url) not in transport.known:
                lookup_us = transport.admit(url, timeout_s)
                timeout_s -= lookup_us / 1e6
            lines = headers + credentials if credentials else headers
            answer = self._exchange(prepared, url, body, lines, timeout_s)
        except RefusedError as refusal:
            answer = _refused(refusal, url, started)
        else:
            if answer.redirect_url and shape.max_redirects:
                answer = self._follow(answer, shape, body, headers, credentials)
            if lookup_us:
                _add_lookup(answer, lookup_us)
        answer.started = started
        return answer

    def clear_cookies(self) -> None:
        with self._clerk() as clerk:
            clerk.setopt(pycurl.COOKIELIST, "ALL")

    def cookie(self, name: str) -> str | None:
        """The value of a cookie; with several of that name the one of the longest path."""
        found = [(len(each[2]), each[6]) for each in self._cookies() if each[5] == name]
        return max(found)[1] if found else None

    def cookies(self) -> list[str]:
        """The values of all cookies."""
        return [each[6] for each in self._cookies()]

    def cookies_for(self, url: str) -> str | None:
        """The header Cookie of a request that another transport sends."""
        return cookies_for(url, self._cookies())

    def _cookies(self) -> list[list[str]]:
        """Netscape's format: domain, subdomains, path, secure, expires, name, value."""
        with self._clerk() as clerk:
            lines: list[str] = clerk.getinfo(pycurl.INFO_COOKIELIST)
        return [line.split("\t") for line in lines]

    def close(self) -> None:
        """Close the user's connections. Call it when none of its requests is under way."""
        self._closed = True
        self._share.close()

    def _exchange(
        self,
        prepared: Prepared,
        url: str,
        body: bytes | None,
        headers: tuple[str, ...],
        timeout_s: float,
    ) -> Response:
        """One request and its answer, redirects not followed. Raises RefusedError."""
        if self._closed:
            msg = "this session is closed"
            raise RuntimeError(msg)
        handle = prepared.take()
        try:
            handle.prepare(self._share, self._kept, url, body, headers, timeout_s)
            answer = read_answer(handle, handle.perform(), keep_body=prepared.shape.keep_body)
        except BaseException:
            handle.curl.close()  # killed on its way: not to be used again
            raise
        prepared.give_back(handle)
        answer.url = url
        return answer

    def _follow(
        self,
        answer: Response,
        shape: Shape,
        body: bytes | None,
        headers: tuple[str, ...],
        credentials: tuple[str, ...],
    ) -> Response:
        transport, end = self._transport, shape.timeout_s * 1e6
        while target := answer.redirect_url:
            if answer.redirects == shape.max_redirects:
                answer.error = ErrorClass.CHECK
                answer.message = f"more than {shape.max_redirects} redirects"
                break
            as_get = turns_into_get(answer.status, shape.method)
            left_s = max(0.001, (end - answer.total_us) / 1e6)
            started = perf_counter()
            try:
                lookup_us = transport.admit(target, left_s)
                elsewhere = Origin.of(target) != Origin.of(answer.url)
                shape = redirected(shape, as_get=as_get, elsewhere=elsewhere)
                headers = redirected_headers(headers, as_get=as_get, elsewhere=elsewhere)
                body = None if as_get else body
                credentials = () if elsewhere else credentials
                following = self._exchange(
                    transport.prepare(shape), target, body, headers + credentials, left_s
                )
                _add_lookup(following, lookup_us)
            except RefusedError as refusal:
                following = _refused(refusal, target, started)
            answer = add_up(answer, following)
        return answer

    @contextmanager
    def _clerk(self) -> Iterator[pycurl.Curl]:
        """A handle that sees this user's cookies."""
        clerk = pycurl.Curl()
        try:
            clerk.setopt(pycurl.SHARE, self._share)
            yield clerk
        finally:
            clerk.close()


def _refused(refusal: RefusedError, url: str, started: float) -> Response:
    answer = Response()
    answer.error, answer.message, answer.url = refusal.error, str(refusal), url
    answer.total_us = answer.ttfb_us = round((perf_counter() - started) * 1e6)
    return answer


def _add_lookup(answer: Response, lookup_us: int) -> None:
    answer.dns_us += lookup_us
    answer.ttfb_us += lookup_us
    answer.total_us += lookup_us
