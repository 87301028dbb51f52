"""Prometheus remote write (version 0.1.0): protobuf, packed with snappy, in several requests.

The three messages are written by hand: Prometheus publishes no package of them.
https://prometheus.io/docs/specs/prw/remote_write_spec/
"""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING, Final
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

import cramjam

from perfspec.errors import UsageError
from perfspec.export.sending import NotSentError
from perfspec.report.escape import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perfspec.export.lines import Line

URL: Final = "PROMETHEUS_REMOTE_WRITE_URL"
HEADERS: Final = "PROMETHEUS_REMOTE_WRITE_HEADERS"
JOB: Final = "perfspec"
MOST_POINTS: Final = 10_000  # of a request
TIMEOUT_S: Final = 30
SUFFIXES: Final = {"s": "_seconds"}
FIXED: Final = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "User-Agent": "perfspec",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}


def send(lines: Sequence[Line], variables: Mapping[str, str]) -> str:
    """Send them where the environment says, and return to whom.

    Raises UsageError without an address, NotSentError when it does not take them.
    """
    address, headers = _target(variables)
    for each in batches(lines):
        body = bytes(cramjam.snappy.compress_raw(write_request(each)))
        request = Request(address, data=body, headers=headers)  # noqa: S310  (http, checked above)
        try:
            with urlopen(request, timeout=TIMEOUT_S):  # noqa: S310
                pass
        except HTTPError as error:
            with error:
                said = one_line(error.read(1000).decode(errors="replace"))
            msg = f"{address} answered {error.code}: {said or error.reason}"
            raise NotSentError(msg) from None
        except (URLError, OSError) as error:
            msg = f"{address} cannot be reached: {getattr(error, 'reason', error)}"
            raise NotSentError(msg) from None
    return address


def batches(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Lines of some ``MOST_POINTS`` together; a line stays whole, so its points stay in order."""
    batch: list[Line] = []
    points = 0
    for each in lines:
        if batch and points + len(each.points) > MOST_POINTS:
            yield batch
            batch, points = [], 0
        batch.append(each)
        points += len(each.points)
    if batch:
        yield batch


def write_request(lines: Sequence[Line]) -> bytes:
    """The message ``WriteRequest``."""
    return b"".join(_field(1, _series(each)) for each in lines)


def _series(line: Line) -> bytes:
    name = line.metric.name.replace(".", "_") + SUFFIXES.get(line.metric.unit, "")
    labels = {"__name__": name, "job": JOB, **line.labels}
    parts = [
        _field(1, _field(1, key.encode()) + _field(2, value.encode()))
        for key, value in sorted(labels.items())
    ]
    parts += [
        _field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + _varint(round(at * 1000)))
        for at, value in line.points
    ]
    return b"".join(parts)


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def _target(variables: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The address without credentials, and all headers."""
    parts = urlsplit(variables.get(URL, ""))
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        msg = f"{URL} names no server: set it, e.g. to http://127.0.0.1:9090/api/v1/write"
        raise UsageError(msg)
    headers = dict(FIXED)
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    for each in filter(None, variables.get(HEADERS, "").split(",")):
        name, _, value = each.partition("=")
        headers[name.strip()] = unquote(value.strip())
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl(), headers
