"""Latencies end when the answer reached this machine, however late the event loop looks at it."""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
import sys
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import perf_counter
from typing import TYPE_CHECKING

import gevent
import pytest
import trustme

from perfspec.measure.errors import ErrorClass
from perfspec.run.driver.transports.answers import take_off
from perfspec.run.driver.transports.dial import Dialer
from perfspec.run.driver.transports.exchange import Response
from perfspec.run.driver.transports.stamps import Looks, Stamps
from perfspec.run.driver.transports.websocket import Opening, Wire
from tests.sockets import websocket_server
from tests.unit.run.driver.transports.conftest import Json, User, transport
from tests.unit.run.driver.transports.raw_server import Peer, RawServer, Request
from tests.unit.run.driver.transports.test_tls import context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from websockets.sync.server import ServerConnection

    from perfspec.run.driver.transports.stamps import Look
    from tests.unit.run.driver.transports.conftest import Driver

BUSY_S, WORK_S, ATTEMPTS = 0.4, 0.1, 20
stamped = pytest.mark.skipif(sys.platform != "linux", reason="only Linux stamps")


@dataclass
class Worker:
    """Answers after a while, and notes when."""

    done: list[tuple[float, float]] = field(default_factory=list)

    def __call__(self, peer: Peer, _request: Request) -> None:
        Event().wait(WORK_S)
        before = perf_counter()
        peer.reply(b"ok")
        self.done.append((before, perf_counter()))


@pytest.fixture(params=["http", "https"])
def place(request: pytest.FixtureRequest) -> Iterator[tuple[RawServer, Driver, Worker]]:
    worker = Worker()
    tls = context(trustme.CA()) if request.param == "https" else None
    with RawServer(worker, tls=tls) as server, transport(verify=False) as driver:
        yield server, driver, worker


def while_busy(user: User, server: RawServer, worker: Worker) -> Json:
    """An answer, with ``sent`` and ``busy``, that came in the middle of the time of a busy loop."""
    for _ in range(ATTEMPTS):
        answer = user.order("answered_while_busy", url=server.origin + "/", seconds=BUSY_S)
        (before, after), (begin, end) = worker.done[-1], answer["busy"]
        if begin < before and after < end - BUSY_S / 4:
            return {**answer, "before": before, "after": after}
    pytest.fail("the answer never came while the loop was busy")


@stamped
@pytest.mark.slow
def test_an_answer_that_waits_for_a_busy_loop_took_what_the_target_took(
    place: tuple[RawServer, Driver, Worker],
) -> None:
    server, driver, worker = place
    user = User(driver)
    for fresh in (True, False):
        found = while_busy(user, server, worker)
        arrived = found["started"] + found["total_us"] / 1e6
        seen = found["busy"][1]
        assert found["before"] - BUSY_S / 4 < arrived < (found["after"] + seen) / 2, fresh
        assert 0 < found["ttfb_us"] <= found["total_us"]
        assert max(found["waits_us"]) / 1e6 > (seen - found["after"]) / 2


@stamped
def test_a_message_that_waits_for_a_busy_loop_came_when_it_came() -> None:
    sent: list[tuple[float, float]] = []

    def answer(client: ServerConnection) -> None:
        for each in client:
            Event().wait(WORK_S)
            before = perf_counter()
            client.send(each)
            sent.append((before, perf_counter()))

    class Ear:
        at: list[float] = []  # noqa: RUF012  (one of it)

        def frame(self, content: bytes, at: float, *, binary: bool) -> None:
            _ = content, binary
            self.at.append(at)

        def ended(self) -> None:
            """Nobody waits."""

    ear = Ear()
    with websocket_server(answer) as url:
        dialer = Dialer(frozenset({"127.0.0.1"}), Stamps())
        wire = Wire(dialer, Opening(url + "/ws", (), (), 20))
        wire.listen(ear)
        for number in range(1, ATTEMPTS + 1):
            wire.send(b"go", 20)
            begin = perf_counter()
            while (end := perf_counter()) < begin + BUSY_S:
                pass
            with gevent.Timeout(20):
                while len(ear.at) < number or len(sent) < number:
                    gevent.sleep(0.001)
            before, after = sent[-1]
            if begin < before and after < end - BUSY_S / 4:
                assert before - BUSY_S / 4 < ear.at[-1] < (after + end) / 2
                break
        else:
            pytest.fail("no message came while the loop was busy")
        wire.close()


def test_a_reset_is_told_although_a_look_took_its_error(user: User) -> None:
    def handle(peer: Peer, request: Request) -> None:
        if request.path == "/part":
            peer.send(b"HTTP/1.0 200 OK\r\n\r\nthe begin of what ends with the connection")
        peer.reset()

    with RawServer(handle) as server:
        for path in ("/", "/part"):
            answer = user.send(server.origin + path)
            assert answer.error == ErrorClass.RESET, path
            assert "Connection reset by peer" in answer.message, path


@stamped
def test_only_an_error_of_the_connection_is_one() -> None:
    stamps = Stamps()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        here = socket.create_connection(listener.getsockname())
        there, _ = listener.accept()
        assert (stamps.waited_us(here.fileno()), stamps.size, stamps.error) == (0, 0, 0)
        assert stamps.take() is not None  # nothing was there
        there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        there.close()
        select.select([here], [], [], 20)
        assert (stamps.waited_us(here.fileno()), stamps.size) == (0, -1)
        assert stamps.error == errno.ECONNRESET
        here.close()
    with Path(os.devnull).open() as file:
        assert (stamps.waited_us(file.fileno()), stamps.size) == (0, 0)  # cannot be looked at
    assert stamps.take() is None


def answer(**known: int) -> Response:
    found = Response()
    for name, value in known.items():
        setattr(found, name, value)
    return found


def looks(*found: Look, round_trip_us: int = 0) -> Looks:
    return Looks(list(found[:-1]), found[-1], round_trip_us)


def test_of_an_answer_in_parts_the_waits_of_the_first_and_the_last_count() -> None:
    found = answer(total_us=1_000_000, ttfb_us=400_000)
    take_off(found, looks((9.4, 30_000, 10_000), (9.7, 0, 200_000), (10.0, 50, 40)))
    assert (found.ttfb_us, found.total_us) == (370_000, 999_960)


def test_the_first_byte_is_never_later_than_the_last() -> None:
    found = answer(total_us=1_000_000, ttfb_us=999_000)
    take_off(found, looks((10.0, 0, 700_000)))
    assert found.ttfb_us == found.total_us == 300_000


def test_while_a_connection_is_made_every_wait_puts_off_what_follows() -> None:
    found = answer(
        dns_us=10_000, connect_us=40_000, tls_us=50_000, ttfb_us=500_000, total_us=500_000
    )
    found.new_connection = True
    connecting, greeting, last = (9.551, 0, 0), (9.59, 9_000, 9_000), (10.0, 70_000, 70_000)
    take_off(found, looks(connecting, greeting, last, round_trip_us=25_000))
    assert (found.connect_us, found.tls_us) == (25_000, 41_000)
    assert found.ttfb_us == found.total_us == 500_000 - 15_000 - 9_000 - 70_000


def test_a_wait_that_is_longer_than_the_answer_took_is_of_a_clock_that_was_set() -> None:
    found = answer(total_us=1_000, ttfb_us=900)
    take_off(found, looks((9.0, 0, 0), (10.0, 5_000_000, 5_000_000)))
    assert (found.ttfb_us, found.total_us) == (900, 1_000)
