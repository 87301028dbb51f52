"""Content codings: undone exactly, or said to be broken."""

from __future__ import annotations

import gzip
import sys
import zlib
from random import Random

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfspec.run.driver.transports import coding as module
from perfspec.run.driver.transports.coding import (
    HEAD,
    BodyError,
    BodyTooLargeError,
    content_encoding,
    decode,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CODERS = {"gzip": gzip.compress, "br": brotli.compress, "zstd": zstd.compress}
MOST = 2 * 2**20  # two pieces
bodies = st.binary(max_size=5_000)
coders = st.sampled_from(sorted(CODERS))


def test_codings_of_several_fields_are_one_list() -> None:
    fields = b"A: 1\r\ncontent-Encoding: gzip\r\nB: 2\r\nCONTENT-ENCODING:br \r\n\r\n"
    coded = brotli.compress(gzip.compress(b"text"))
    assert decode(content_encoding(b"HTTP/1.1 200 OK\r\n" + fields), coded, keep=True) == b"text"
    assert content_encoding(b"HTTP/1.1 200 OK\r\nX-Content-Encoding: gzip\r\n\r\n") == ""


@given(bodies, st.lists(coders, max_size=3), st.booleans())
def test_what_was_coded_comes_back(body: bytes, codings: list[str], keep: bool) -> None:
    coded = body
    for coding in codings:
        coded = CODERS[coding](coded)
    assert decode(", ".join(codings), coded, keep=keep) == (body if keep else body[:HEAD])


@given(bodies, coders, st.data(), st.booleans())
def test_a_body_cut_short_is_never_taken_for_whole(
    body: bytes, coding: str, data: st.DataObject, keep: bool
) -> None:
    coded = CODERS[coding](body)
    end = data.draw(st.integers(0, len(coded) - 1))
    with pytest.raises(BodyError, match=f"its {coding} coding"):
        decode(coding, coded[:end], keep=keep)


@given(bodies, bodies)
def test_gzip_may_have_several_members(one: bytes, two: bytes) -> None:
    coded = gzip.compress(one) + gzip.compress(two)
    assert decode("x-GZIP", coded, keep=True) == one + two
    assert decode("gzip", coded + b"\0\0", keep=True) == one + two


@given(bodies, bodies)
def test_zstd_may_have_several_frames(one: bytes, two: bytes) -> None:
    coded = zstd.compress(one) + zstd.compress(two)
    assert decode("zstd", coded, keep=True) == one + two
    with pytest.raises(BodyError, match="its zstd coding"):
        decode("zstd", coded + b"\0\0", keep=True)


@pytest.mark.parametrize("coding", sorted(CODERS))
def test_nonsense_is_broken(coding: str) -> None:
    with pytest.raises(BodyError, match="is broken"):
        decode(coding, b"this was never compressed at all", keep=True)


def test_a_damaged_body_is_broken() -> None:
    coded = bytearray(gzip.compress(b"x" * 1_000))
    coded[-6] ^= 1  # the checksum
    with pytest.raises(BodyError, match="its gzip coding is broken"):
        decode("gzip", bytes(coded), keep=False)


@pytest.mark.parametrize("coding", sorted(CODERS))
def test_a_bomb_does_not_go_off(coding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small ones: what comes out is counted piece by piece, whatever the limit is."""
    monkeypatch.setattr(module, "MAX_BODY", MOST)
    bomb = CODERS[coding](bytes(MOST + 1))
    assert len(bomb) < MOST / 500
    for codings, coded in ((coding, bomb), (f"{coding}, gzip", gzip.compress(bomb))):
        with pytest.raises(BodyTooLargeError, match="larger than 2 MiB"):
            decode(codings, coded, keep=True)
    assert decode(coding, CODERS[coding](bytes(MOST)), keep=True) == bytes(MOST)
    assert decode(coding, bomb, keep=False) == bytes(HEAD)


@pytest.mark.parametrize("coding", sorted(CODERS))
def test_a_body_that_is_only_verified_has_an_end_too(
    coding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_DECODED", MOST)
    with pytest.raises(BodyTooLargeError, match="larger than 2 MiB"):
        decode(coding, CODERS[coding](bytes(MOST + 1)), keep=False)
    assert decode(coding, CODERS[coding](bytes(MOST)), keep=False) == bytes(HEAD)


@pytest.mark.parametrize(("coding", "parts"), [("gzip", "members"), ("zstd", "frames")])
def test_a_body_of_nothing_in_very_many_parts(coding: str, parts: str) -> None:
    nothing = CODERS[coding](b"")
    assert decode(coding, nothing * 9_999 + CODERS[coding](b"x"), keep=False) == b"x"
    with pytest.raises(BodyError, match=f"more than 10,000 {parts}"):
        decode(coding, nothing * 1_500_000, keep=False)


@settings(max_examples=20)
@given(st.integers(0, 200_000), coders)
def test_what_is_read_in_several_goes_comes_back(size: int, coding: str) -> None:
    body = Random(size).randbytes(size)
    assert decode(coding, CODERS[coding](body), keep=True) == body


@pytest.mark.parametrize("coding", ["compress", "deflate", "nonsense"])
def test_codings_that_were_not_asked_for(coding: str) -> None:
    with pytest.raises(BodyError, match=f"'{coding}' is not known"):
        decode(coding, zlib.compress(b"x"), keep=True)


def test_identity_is_no_coding() -> None:
    assert decode("identity", b"x", keep=True) == b"x"
