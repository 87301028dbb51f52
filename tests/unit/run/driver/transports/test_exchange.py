"""Headers and errors as they are shown."""

from __future__ import annotations

import errno

import pycurl
import pytest

from perfspec.measure.errors import ErrorClass
from perfspec.run.driver.transports.errors import explain
from perfspec.run.driver.transports.exchange import Headers, Response
from perfspec.run.driver.transports.redirects import add_up

RAW = (
    b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX-Two:\r\nset-cookie: b=2; HTTP/1.1 \xe9\r\n\r\n"
    b"X-Trailer: 3\r\n"
)


def test_headers_are_those_of_the_final_answer() -> None:
    headers = Headers(RAW)
    assert headers.items() == [
        ("set-cookie", "a=1"),
        ("x-two", ""),
        ("set-cookie", "b=2; HTTP/1.1 é"),
    ]
    assert headers.get("Set-Cookie") == "a=1"
    assert headers.get_all("SET-COOKIE") == ["a=1", "b=2; HTTP/1.1 é"]
    assert headers.get("Link") is headers.get("X-Trailer") is None


@pytest.mark.parametrize(
    "raw", [b"", b"HTTP/1.1 200", b"HTTP/2 204 \r\n", b"HTTP/1.1 200 OK\nA: b\n\n"]
)
def test_headers_of_what_is_no_whole_header(raw: bytes) -> None:
    assert Headers(raw).items() == ([("a", "b")] if b"A" in raw else [])


@pytest.mark.parametrize(
    ("raw", "version"), [(RAW, "1.1"), (b"HTTP/2 200 \r\n\r\n", "2"), (b"", "")]
)
def test_the_version_of_http(raw: bytes, version: str) -> None:
    response = Response()
    response.raw_headers = raw
    assert response.http_version == version


@pytest.mark.parametrize(
    ("code", "number", "had_socket", "error"),
    [
        (pycurl.E_COULDNT_CONNECT, errno.ECONNREFUSED, True, ErrorClass.CONNECT),
        (pycurl.E_COULDNT_CONNECT, 0, True, ErrorClass.CONNECT),
        (pycurl.E_COULDNT_CONNECT, errno.EADDRNOTAVAIL, True, ErrorClass.GENERATOR),
        (pycurl.E_COULDNT_CONNECT, 0, False, ErrorClass.GENERATOR),
        (pycurl.E_OPERATION_TIMEDOUT, 0, True, ErrorClass.TIMEOUT),
        (pycurl.E_RECV_ERROR, errno.ECONNRESET, True, ErrorClass.RESET),
        (pycurl.E_HTTP2, 0, True, ErrorClass.RESET),
        (pycurl.E_PEER_FAILED_VERIFICATION, 0, True, ErrorClass.TLS),
        (pycurl.E_URL_MALFORMAT, 0, False, ErrorClass.GENERATOR),
        (4711, 0, True, ErrorClass.GENERATOR),
    ],
)
def test_every_failure_has_a_class_and_words(
    code: int, number: int, had_socket: bool, error: ErrorClass
) -> None:
    found, message = explain(code, "", number=number, had_socket=had_socket)
    assert found is error
    assert message


def test_what_redirects_add_up_to() -> None:
    first, second = Response(), Response()
    first.total_us, first.ttfb_us, first.connect_us, first.bytes_sent = 50, 40, 10, 100
    second.total_us, second.ttfb_us, second.bytes_received = 30, 20, 7
    first.new_connection = True
    whole = add_up(add_up(first, second), Response())
    assert (whole.total_us, whole.ttfb_us, whole.connect_us) == (80, 80, 10)
    assert (whole.bytes_sent, whole.bytes_received, whole.redirects) == (100, 7, 2)
    assert whole.new_connection
