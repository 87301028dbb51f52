"""Undo Content-Encoding, strictly: libcurl takes a gzip body that was cut short for a whole one."""

from __future__ import annotations

import re
import sys
import zlib
from typing import TYPE_CHECKING

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BODY = 32 * 1024 * 1024  # bytes that are kept of one body, as sent and as decoded
MAX_DECODED = 256 * 1024 * 1024  # bytes of a body that is only verified: nobody else runs meanwhile
HEAD = 4096  # bytes that are kept of a body that no check looks at
ACCEPTED = "gzip, br, zstd"
_PIECE = 1024 * 1024
_FED = 65_536  # at a time: what a decoder leaves over is copied
_MOST_PARTS = 10_000  # members or frames of one body: each takes some µs, however empty it is
_FIELD = re.compile(rb"^content-encoding:([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_GZIP = 16 + zlib.MAX_WBITS
_GZIP_MAGIC = b"\x1f\x8b"


class BodyError(Exception):
    """The body cannot be decoded; ``str(error)`` says why."""


class BodyTooLargeError(Exception):
    """The decoded body is larger than MAX_BODY, or than MAX_DECODED if it is only verified."""

    def __init__(self, most: int) -> None:
        super().__init__(f"the decoded body is larger than {most >> 20} MiB, the most that is read")


def content_encoding(raw_headers: bytes) -> str:
    """All fields Content-Encoding as one, or nothing."""
    if b"content-encoding:" not in raw_headers.lower():
        return ""
    return b",".join(_FIELD.findall(raw_headers)).decode("latin-1").strip()


def decode(codings: str, raw: bytes, *, keep: bool) -> bytes:
    """The body under the ``Content-Encoding`` field ``codings``; its head if it is only verified.

    Raises BodyError (cut short, broken, unknown coding) and BodyTooLargeError.
    """
    names = [each.strip().lower() for each in codings.split(",")]
    layers = [each for each in names if each not in {"", "identity"}]
    while layers:
        name = layers.pop()  # the last one was applied last
        raw = _join(_pieces(name, raw), keep=keep or bool(layers))
    return raw if keep else raw[:HEAD]


def _join(pieces: Iterator[bytes], *, keep: bool) -> bytes:
    kept: list[bytes] = []
    size, most = 0, MAX_BODY if keep else MAX_DECODED
    for piece in pieces:
        size += len(piece)
        if size > most:
            raise BodyTooLargeError(most)
        if keep:
            kept.append(piece)
        elif size - len(piece) < HEAD:
            kept.append(piece[:HEAD])
    return b"".join(kept)


def _pieces(coding: str, raw: bytes) -> Iterator[bytes]:
    match coding:
        case "gzip" | "x-gzip":
            return _gunzip(raw)
        case "br":
            return _unbrotli(raw)
        case "zstd":
            return _unzstd(raw)
        case _:
            msg = f"its content coding {coding[:40]!r} is not known (only {ACCEPTED})"
            raise BodyError(msg)


def _gunzip(raw: bytes) -> Iterator[bytes]:
    at = 0
    for _ in range(_MOST_PARTS):  # a gzip body may have several members
        member = zlib.decompressobj(_GZIP)
        while not member.eof:
            fed = member.unconsumed_tail
            if not fed:
                fed = raw[at : at + _FED]
                at += len(fed)
            try:
                piece = member.decompress(fed, _PIECE)
            except zlib.error as error:
                msg = f"its gzip coding is broken: {error}"
                raise BodyError(msg) from None
            if not piece and not fed and not member.eof:
                msg = "its gzip coding was cut short"
                raise BodyError(msg)
            yield piece
        at -= len(member.unused_data)
        if not raw.startswith(_GZIP_MAGIC, at):
            return  # what follows is padding, which browsers ignore too
    msg = f"its gzip coding has more than {_MOST_PARTS:,} members"
    raise BodyError(msg)


def _unbrotli(raw: bytes) -> Iterator[bytes]:
    stream = brotli.Decompressor()
    while not stream.is_finished():
        try:
            piece = stream.process(raw, output_buffer_limit=_PIECE)
        except brotli.error:
            msg = "its br coding is broken"
            raise BodyError(msg) from None
        raw = b""
        if not piece and not stream.is_finished() and stream.can_accept_more_data():
            msg = "its br coding was cut short"
            raise BodyError(msg)
        yield piece


def _unzstd(raw: bytes) -> Iterator[bytes]:
    at = 0
    for _ in range(_MOST_PARTS):  # a zstd body may have several frames, nothing else behind them
        frame = zstd.ZstdDecompressor()
        while not frame.eof:
            fed = raw[at : at + _FED] if frame.needs_input else b""
            at += len(fed)
            try:
                piece = frame.decompress(fed, _PIECE)
            except zstd.ZstdError as error:
                msg = f"its zstd coding is broken: {error}"
                raise BodyError(msg) from None
            if not piece and not fed and frame.needs_input:
                msg = "its zstd coding was cut short"
                raise BodyError(msg)
            yield piece
        at -= len(frame.unused_data)
        if at == len(raw):
            return
    msg = f"its zstd coding has more than {_MOST_PARTS:,} frames"
    raise BodyError(msg)
