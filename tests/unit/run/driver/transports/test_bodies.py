"""Compressed bodies on the wire."""

from __future__ import annotations

import gzip
import sys
from typing import TYPE_CHECKING

import brotli
import pytest

from perfspec.run.driver.transports.coding import HEAD
from tests.unit.run.driver.transports.raw_server import Peer, RawServer, Request

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from tests.unit.run.driver.transports.conftest import User

pytestmark = pytest.mark.slow
TEXT = b"to be compressed " * 300


@pytest.mark.parametrize("name", ["Content-Encoding", "content-encoding", "CONTENT-ENCODING"])
@pytest.mark.parametrize(
    ("coding", "coder"),
    [("gzip", gzip.compress), ("br", brotli.compress), ("zstd", zstd.compress)],
)
def test_compressed_bodies(user: User, name: str, coding: str, coder: object) -> None:
    assert callable(coder)
    coded = coder(TEXT)
    with RawServer(lambda peer, _: peer.reply(coded, "200 OK", f"{name}: {coding}")) as server:
        kept = user.send(server.origin + "/")
        dropped = user.send(server.origin + "/", keep_body=False)
    assert (kept.error, kept.body) == (None, TEXT.decode())
    assert (dropped.error, dropped.body) == (None, TEXT.decode()[:HEAD])
    assert kept.bytes_received == dropped.bytes_received < len(TEXT)


@pytest.mark.parametrize("keep", [True, False])
def test_a_gzip_body_cut_short_within_a_whole_message(user: User, keep: bool) -> None:
    coded = gzip.compress(TEXT)[:-9]
    with RawServer(lambda peer, _: peer.reply(coded, "200 OK", "Content-Encoding: gzip")) as server:
        answer = user.send(server.origin + "/", keep_body=keep)
    assert (answer.status, answer.error, answer.body) == (200, "reset", "")
    assert answer.message == "the body cannot be read: its gzip coding was cut short"


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_body_that_is_not_what_it_says(user: User, coding: str) -> None:
    with RawServer(
        lambda peer, _: peer.reply(TEXT, "200 OK", f"Content-Encoding: {coding}")
    ) as server:
        answers = [user.send(server.origin + "/") for _ in range(2)]
    assert [(each.status, each.error) for each in answers] == [(200, "reset")] * 2
    assert answers[0].message.startswith(f"the body cannot be read: its {coding} coding is broken")
    assert not answers[1].new_connection  # the message itself was whole


def test_a_bomb(user: User) -> None:
    coded = gzip.compress(bytes(40 * 2**20))
    with RawServer(lambda peer, _: peer.reply(coded, "200 OK", "Content-Encoding: gzip")) as server:
        answer = user.send(server.origin + "/")
    assert answer.error == "generator"
    assert "larger than 32 MiB" in answer.message


def test_a_coding_that_was_not_asked_for(user: User) -> None:
    with RawServer(lambda peer, _: peer.reply(b"x", "200 OK", "Content-Encoding: pack")) as server:
        answer = user.send(server.origin + "/")
    assert answer.error == "reset"
    assert "content coding 'pack' is not known" in answer.message


def test_head_of_a_compressed_page(user: User) -> None:
    def handle(peer: Peer, _request: Request) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 77\r\n\r\n")

    with RawServer(handle) as server:
        answer = user.send(server.origin + "/", method="HEAD")
    assert (answer.status, answer.error) == (200, None)


def test_asking_for_no_coding(user: User) -> None:
    with RawServer(lambda peer, _: peer.reply()) as server:
        user.send(server.origin + "/", headers=["Accept-Encoding: identity"])
        user.send(server.origin + "/", lines=["Accept-Encoding: identity"])
    assert [each.header("accept-encoding") for each in server.requests] == ["identity"] * 2
