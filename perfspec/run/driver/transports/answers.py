"""From a finished transfer to a Response."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes

import pycurl

from perfspec.measure.errors import ErrorClass
from perfspec.run.driver.transports.coding import (
    MAX_BODY,
    BodyError,
    BodyTooLargeError,
    content_encoding,
    decode,
)
from perfspec.run.driver.transports.errors import explain
from perfspec.run.driver.transports.exchange import URL_CHARACTERS, Response
from perfspec.run.driver.transports.redirects import STATUSES

if TYPE_CHECKING:
    from perfspec.run.driver.transports.handles import Handle
    from perfspec.run.driver.transports.loop import Ending, Failure
    from perfspec.run.driver.transports.stamps import Looks

_TOO_LARGE = f"the body is larger than {MAX_BODY // 2**20} MiB, the most that is kept for checks"
_BROKEN = "the kept connection broke under the request; it may have arrived and is not sent again"
_CUT_SHORT = "the connection was closed before the end of the answer"


def read_answer(handle: Handle, ending: Ending, *, keep_body: bool) -> Response:
    """Everything that libcurl and the kernel know of the transfer that just ended."""
    failure, waited = ending
    get = handle.getinfo
    answer = Response()
    answer.status = get(pycurl.RESPONSE_CODE)
    answer.total_us = get(pycurl.TOTAL_TIME_T)
    answer.ttfb_us = get(pycurl.STARTTRANSFER_TIME_T)
    answer.bytes_sent = get(pycurl.REQUEST_SIZE)
    answer.raw_headers = raw = b"".join(handle.lines)
    answer.bytes_received = len(raw) + handle.size
    if handle.fresh:
        _read_connection(handle, answer)
    if not isinstance(waited, int):
        take_off(answer, waited)
    elif waited < answer.ttfb_us:
        answer.total_us -= waited
        answer.ttfb_us -= waited
    if answer.status in STATUSES:
        answer.redirect_url = _redirect_url(handle)
    if failure is not None:
        _read_failure(handle, answer, failure)
    elif answer.status < 200 or not (raw.endswith(b"\r\n\r\n") or _header_is_whole(handle)):
        answer.error, answer.message = ErrorClass.RESET, _CUT_SHORT
    elif handle.pieces and (codings := content_encoding(raw)):
        _decode(handle, answer, codings, keep=keep_body)
    else:
        answer.body = b"".join(handle.pieces) if keep_body else handle.head
    return answer


def take_off(answer: Response, looks: Looks) -> None:
    """Take off its times what its bytes had waited when the loop looked at them.

    Of an answer that came in parts, the waits of the first byte and of the last one count. A wait
    that is longer than the answer took says that the clock was set.
    """
    ended, _, newest_us = looks.last
    began = ended - answer.total_us / 1e6
    first_us = _first_byte_us(looks, began + answer.ttfb_us / 1e6)
    before_us = _take_off_connection(answer, looks, began) if answer.new_connection else 0
    total_us = answer.total_us - before_us - newest_us
    if total_us > 0:
        answer.ttfb_us = min(max(answer.ttfb_us - before_us - first_us, 0), total_us)
        answer.total_us = total_us


def _first_byte_us(looks: Looks, at: float) -> int:
    for over, first_us, _ in looks.earlier:
        if over >= at:
            return first_us
    return looks.last[1]


def _take_off_connection(answer: Response, looks: Looks, began: float) -> int:
    """The same of its connection, whose waits all put off what comes after; microseconds."""
    connected = began + (answer.dns_us + answer.connect_us) / 1e6
    secured = connected + answer.tls_us / 1e6
    waits = (newest_us for at, _, newest_us in looks.earlier if connected <= at <= secured)
    securing_us = min(sum(waits), answer.tls_us)
    connecting_us = 0
    if looks.round_trip_us:
        connecting_us = max(answer.connect_us - looks.round_trip_us, 0)
    answer.tls_us -= securing_us
    answer.connect_us -= connecting_us
    return securing_us + connecting_us


def _header_is_whole(handle: Handle) -> bool:
    """A header that is cut off by the end of the connection is a success to libcurl."""
    for line in reversed(handle.lines):
        if line in {b"\r\n", b"\n"}:  # trailers may follow it
            return True
        if line.startswith(b"HTTP/"):
            break
    return False


def _redirect_url(handle: Handle) -> str:
    target = handle.curl.getinfo_raw(pycurl.REDIRECT_URL)  # absolute; None if there is none
    return quote_from_bytes(target, URL_CHARACTERS) if target else ""


def _read_connection(handle: Handle, answer: Response) -> None:
    get = handle.getinfo
    looked_up, connected = get(pycurl.NAMELOOKUP_TIME_T), get(pycurl.CONNECT_TIME_T)
    secured = get(pycurl.APPCONNECT_TIME_T)
    answer.new_connection = True
    answer.dns_us = looked_up
    answer.connect_us = max(0, connected - looked_up)
    answer.tls_us = max(0, secured - connected)


def _read_failure(handle: Handle, answer: Response, failure: Failure) -> None:
    answer.ttfb_us = answer.total_us  # libcurl's own is meaningless after an error
    if handle.overflow:
        answer.error, answer.message = ErrorClass.GENERATOR, _TOO_LARGE
    elif handle.broken:
        answer.error, answer.message = ErrorClass.RESET, _BROKEN
    elif failure[0] == pycurl.E_OPERATION_TIMEDOUT:
        answer.error, answer.message = ErrorClass.TIMEOUT, f"timed out {_phase(handle)}"
    else:
        code, detail = failure
        number = handle.getinfo(pycurl.OS_ERRNO)
        answer.error, answer.message = explain(code, detail, number=number, had_socket=handle.fresh)


def _phase(handle: Handle) -> str:
    """Where the transfer was when its time was over; libcurl's sentence is never the same twice."""
    if not handle.sent:
        connected = handle.getinfo(pycurl.CONNECT_TIME_T) > 0
        return "in the TLS handshake" if connected else "while connecting"
    if not handle.lines:
        whole = handle.getinfo(pycurl.SIZE_UPLOAD_T) >= handle.to_upload
        return "before the answer" if whole else "while the request was sent"
    return "within the body" if _header_is_whole(handle) else "within the header"


def _decode(handle: Handle, answer: Response, codings: str, *, keep: bool) -> None:
    try:
        answer.body = decode(codings, b"".join(handle.pieces), keep=keep)
    except BodyError as error:
        answer.error, answer.message = ErrorClass.RESET, f"the body cannot be read: {error}"
    except BodyTooLargeError as error:
        answer.error, answer.message = ErrorClass.GENERATOR, str(error)
