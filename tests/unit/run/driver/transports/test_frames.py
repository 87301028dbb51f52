"""Frames of a WebSocket, against the codec of ``websockets``."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import takewhile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN, Protocol, Side

from perfspec.run.driver.transports.coding import MAX_BODY
from perfspec.run.driver.transports.frames import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    FrameError,
    Frames,
    MessageTooLargeError,
    masked,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    Found = list[tuple[int, bytes]]

edges = st.sampled_from([0, 1, 125, 126, 127, 65_535, 65_536]).map(bytes)
contents = st.binary(max_size=200) | edges
controls = st.lists(st.tuples(st.sampled_from([PING, PONG]), st.binary(max_size=125)), max_size=2)
fragments = st.lists(st.tuples(contents, controls), min_size=1, max_size=4)
messages = st.lists(st.tuples(st.sampled_from([TEXT, BINARY]), fragments), max_size=4)
cuts = st.lists(st.integers(0, 500), max_size=20)


def pieces(data: bytes, sizes: Iterable[int]) -> list[bytes]:
    found, at = [], 0
    for size in sizes:
        found.append(data[at : at + size])
        at += size
    return [*found, data[at:]]


def read(parts: Iterable[bytes]) -> Found:
    """What was whole before the end, or before the first error."""
    frames = Frames()
    found: Found = []
    with suppress(FrameError, MessageTooLargeError):
        for each in parts:
            for frame in frames.feed(each):
                found.append(frame)
    return found


def read_by_websockets(data: bytes) -> Found:
    protocol = Protocol(Side.CLIENT, state=OPEN, max_size=MAX_BODY)
    protocol.receive_data(data)
    found: Found = []
    opcode, message = 0, b""
    for frame in protocol.events_received():
        assert isinstance(frame, Frame)
        if frame.opcode >= CLOSE:
            found.append((frame.opcode, bytes(frame.data)))
            continue
        opcode, message = opcode or frame.opcode, message + bytes(frame.data)
        if frame.fin:
            found.append((opcode, message))
            opcode, message = 0, b""
    return found


@given(messages, cuts)
def test_messages_come_whole_however_they_are_cut(
    sent: list[tuple[int, list[tuple[bytes, Found]]]], sizes: list[int]
) -> None:
    wanted: Found = []
    data = b""
    for opcode, parts in sent:
        for index, (content, between) in enumerate(parts):
            kind, last = Opcode(opcode if index == 0 else 0), index == len(parts) - 1
            data += Frame(kind, content, fin=last).serialize(mask=False)
            if last:
                wanted.append((opcode, b"".join(each for each, _ in parts)))
            for control, load in between:
                data += Frame(Opcode(control), load).serialize(mask=False)
                wanted.append((control, load))
    assert read(pieces(data, sizes)) == wanted


@given(st.sampled_from([TEXT, BINARY, CLOSE, PING, PONG]), contents)
def test_what_is_sent_has_a_mask_and_can_be_read(opcode: int, content: bytes) -> None:
    if opcode >= CLOSE:
        content = b"\x03\xe8" + b"x" * (len(content) % 124)
    server = Protocol(Side.SERVER, state=OPEN, max_size=None)
    frame = masked(opcode, content)
    server.receive_data(frame)
    first, *rest = server.events_received()
    assert isinstance(first, Frame)
    assert (first.opcode, first.data, first.fin, rest) == (opcode, content, True, [])
    assert masked(opcode, content) != frame


head = st.sampled_from([0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8A, 0x09, 0xC1, 0x83])
size = st.sampled_from([0, 1, 2, 125, 126, 127, 0x81])
garbage = (
    st.lists(
        st.tuples(head, size, st.binary(max_size=12)).map(lambda each: bytes(each[:2]) + each[2])
    ).map(b"".join)
    | st.binary()
)


@given(garbage, cuts)
def test_garbage_is_refused_where_websockets_refuses_it(data: bytes, sizes: list[int]) -> None:
    whole = data + bytes(70_000)  # what is incomplete becomes whole, or wrong

    def before_the_end(found: Found) -> Found:
        return list(takewhile(lambda each: each[0] != CLOSE, found))

    assert before_the_end(read(pieces(whole, sizes))) == before_the_end(read_by_websockets(whole))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xc1\x00", "a frame with reserved bits"),
        (b"\x83\x00", "a frame of the unknown kind 3"),
        (b"\x81\x81mask?", "a frame with a mask, which servers must not use"),
        (b"\x09\x00", "a control frame that is fragmented or too long"),
        (b"\x89\x7e\x01\x00", "a control frame that is fragmented or too long"),
        (b"\x80\x00", "a fragment of no message"),
        (b"\x01\x00\x81\x00", "a message within another one"),
    ],
)
def test_what_may_not_come(data: bytes, reason: str) -> None:
    with pytest.raises(FrameError, match=f"^{reason}$"):
        list(Frames().feed(data))


@pytest.mark.parametrize("size", [MAX_BODY + 1, 2**63, 2**64 - 1])
def test_what_is_too_large_is_not_waited_for(size: int) -> None:
    with pytest.raises(MessageTooLargeError):
        list(Frames().feed(b"\x82\x7f" + size.to_bytes(8)))


def test_fragments_together_are_no_larger_than_a_message_may_be() -> None:
    frames, quarter = Frames(), MAX_BODY // 4
    part = Frame(Opcode.CONT, bytes(quarter), fin=False).serialize(mask=False)
    first = b"\x02" + part[1:]
    for each in (first, part, part, part):
        assert list(frames.feed(each)) == []
    with pytest.raises(MessageTooLargeError):
        list(frames.feed(b"\x80\x01x"))


def masks(count: int) -> list[bytes]:
    return [masked(TEXT, b"")[2:] for _ in range(count)]


def test_every_frame_has_a_mask_of_its_own() -> None:
    count = 5_000  # more than are drawn at a time; by chance some may be alike
    assert len(set(masks(count))) > count - 10


def test_a_fork_does_not_use_the_masks_of_its_parent() -> None:
    masks(1)
    receive, send = os.pipe()
    child = os.fork()
    if not child:
        os.write(send, b"".join(masks(100)))
        os._exit(0)  # noqa: TID251  (not the tests' own end)
    os.waitpid(child, 0)
    theirs = os.read(receive, 400)
    os.close(receive)
    os.close(send)
    assert len(theirs) == 400
    mine = set(masks(100))
    assert sum(theirs[at : at + 4] in mine for at in range(0, 400, 4)) < 10
