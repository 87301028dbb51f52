"""What libcurl reports, as an error class and a sentence for people."""

from __future__ import annotations

import errno
import os
import re
from types import MappingProxyType
from typing import TYPE_CHECKING

import pycurl

from perfspec.measure.errors import ErrorClass

if TYPE_CHECKING:
    from collections.abc import Mapping

_HTTP2_STREAM, _TOO_LARGE = 92, 100  # codes that pycurl does not name
_CLASSES: Mapping[int, ErrorClass] = MappingProxyType(
    {
        pycurl.E_COULDNT_RESOLVE_HOST: ErrorClass.DNS,
        pycurl.E_COULDNT_CONNECT: ErrorClass.CONNECT,
        pycurl.E_OPERATION_TIMEDOUT: ErrorClass.TIMEOUT,
        **dict.fromkeys(
            (
                pycurl.E_SSL_CONNECT_ERROR,
                pycurl.E_PEER_FAILED_VERIFICATION,
                pycurl.E_SSL_CERTPROBLEM,
                pycurl.E_SSL_CIPHER,
                pycurl.E_SSL_ISSUER_ERROR,
                pycurl.E_SSL_INVALIDCERTSTATUS,
                pycurl.E_SSL_SHUTDOWN_FAILED,
            ),
            ErrorClass.TLS,
        ),
        **dict.fromkeys(
            (
                pycurl.E_GOT_NOTHING,
                pycurl.E_PARTIAL_FILE,
                pycurl.E_BAD_CONTENT_ENCODING,  # of the transfer: contents are decoded elsewhere
                pycurl.E_RECV_ERROR,
                pycurl.E_SEND_ERROR,
                pycurl.E_HTTP2,
                _HTTP2_STREAM,
                pycurl.E_FTP_WEIRD_SERVER_REPLY,
                pycurl.E_UNSUPPORTED_PROTOCOL,  # no status line; other URLs stop earlier
                _TOO_LARGE,  # more headers, or a longer one, than libcurl takes
            ),
            ErrorClass.RESET,
        ),
    }
)
_WORDS: Mapping[int, str] = MappingProxyType(
    {
        pycurl.E_GOT_NOTHING: "the connection was closed before any answer",
        pycurl.E_PARTIAL_FILE: "the connection was closed before the end of the answer",
        pycurl.E_UNSUPPORTED_PROTOCOL: "the answer is not HTTP",
        pycurl.E_FTP_WEIRD_SERVER_REPLY: "the answer is not HTTP",
        _TOO_LARGE: "the headers of the answer are too large",
    }
)
_OURS: Mapping[int, str] = MappingProxyType(
    {
        errno.EADDRNOTAVAIL: "no local port is free: keep connections, or use more machines",
        errno.ENOBUFS: "the system has no room for more sockets",
        errno.ENOMEM: "the system has no memory for more sockets",
    }
)
_OPENSSL = re.compile(r"error:[0-9A-F]+:SSL routines:[^:]*:(?P<reason>.+?)(?:, errno \d+)?$")
_NO_GOODBYE = "unexpected eof while reading"
_TOO_LARGE_IN_ALL = "Too large response headers"  # a RECV_ERROR to libcurl
_NO_SOCKET = "no socket could be opened here: too many open files? (raise `ulimit -n`)"


def explain(code: int, detail: str, *, number: int, had_socket: bool) -> tuple[ErrorClass, str]:
    """Class and message of a failed transfer.

    ``number`` is the errno of its last system call. Sockets or ports that ran out on this machine
    are class ``generator``: the target is not to blame.
    """
    error = _CLASSES.get(code)
    detail = detail or f"libcurl's error {code}"
    if error is None:
        return ErrorClass.GENERATOR, f"the request could not be made: {detail}"
    if error is ErrorClass.CONNECT:
        if not had_socket:
            return ErrorClass.GENERATOR, _NO_SOCKET
        if number in _OURS:
            return ErrorClass.GENERATOR, _OURS[number]
        return error, os.strerror(number) if number else detail
    if (openssl := _OPENSSL.search(detail)) is not None:
        return _of_openssl(error, openssl["reason"])
    if detail.startswith(_TOO_LARGE_IN_ALL):
        code, detail = _TOO_LARGE, "more than 300 KB"
    words = _WORDS.get(code)
    return error, f"{words}: {detail}" if words else detail


def _of_openssl(error: ErrorClass, reason: str) -> tuple[ErrorClass, str]:
    """An alert may come late: with TLS 1.3 a certificate is refused when the answer is read."""
    if reason == _NO_GOODBYE and error is not ErrorClass.TLS:
        return ErrorClass.RESET, f"{_WORDS[pycurl.E_PARTIAL_FILE]}, without TLS's close_notify"
    return ErrorClass.TLS, f"TLS failed: {reason}"
