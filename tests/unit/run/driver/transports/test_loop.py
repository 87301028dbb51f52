"""Many greenlets on one loop: nothing is lost, nothing hangs, whatever happens to them."""

from __future__ import annotations

import random
from collections import Counter
from threading import Event
from typing import TYPE_CHECKING

import pytest
import trustme

from tests.unit.run.driver.transports.conftest import User, transport
from tests.unit.run.driver.transports.raw_server import Peer, RawServer, Request
from tests.unit.run.driver.transports.test_tls import context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Eventually
    from tests.unit.run.driver.transports.conftest import Driver

pytestmark = pytest.mark.slow


class Slow:
    """Holds back requests to /wait until it is released, at the latest by one to /release."""

    def __init__(self) -> None:
        self.released = Event()

    def __call__(self, peer: Peer, request: Request) -> None:
        if request.path == "/wait":
            self.released.wait(30)
        elif request.path == "/release":
            self.released.set()
        peer.reply(request.path.encode())


@pytest.fixture
def slow() -> Iterator[Slow]:
    slow = Slow()
    yield slow
    slow.released.set()


def test_a_killed_request_leaves_the_transport_healthy(
    user: User, slow: Slow, eventually: Eventually
) -> None:
    with RawServer(slow) as server:
        user.driver.order("start", name="doomed", user=user.name, url=server.origin + "/wait")
        user.driver.order("start", name="lucky", user="other", url=server.origin + "/wait")
        eventually(lambda: server.paths() == ["/wait", "/wait"])
        assert user.driver.order("kill", name="doomed") == "GreenletExit"
        assert user.send(server.origin + "/next").body == "/next"
        slow.released.set()
        assert user.driver.order("finish", name="lucky")["body"] == "/wait"
    assert [each.connection for each in server.requests][2] == 3


def test_a_request_killed_before_it_began(user: User, slow: Slow) -> None:
    with RawServer(slow) as server:
        assert user.order("kill_at_once", url=server.origin + "/never") == "GreenletExit"
        assert user.send(server.origin + "/next").body == "/next"
        assert server.paths() == ["/next"]


def test_a_request_killed_when_its_answer_was_read(user: User) -> None:
    with RawServer(lambda peer, _: peer.reply(b"ok")) as server:
        assert user.order("kill_when_read", url=server.origin + "/") == "GreenletExit"
        assert user.send(server.origin + "/next").body == "ok"
    assert server.paths() == ["/", "/next"]


def test_a_timeout_of_gevent_around_a_request(user: User, slow: Slow) -> None:
    with RawServer(slow) as server:
        assert user.order("give_up", url=server.origin + "/wait", after_s=0.1) == "gave up"
        assert user.send(server.origin + "/next").body == "/next"
        slow.released.set()


def test_one_user_may_send_two_requests_at_once(
    user: User, slow: Slow, eventually: Eventually
) -> None:
    with RawServer(slow) as server:
        user.driver.order("start", name="poll", user=user.name, url=server.origin + "/wait")
        eventually(lambda: server.paths() == ["/wait"])
        assert user.send(server.origin + "/beside").body == "/beside"
        slow.released.set()
        assert user.driver.order("finish", name="poll")["body"] == "/wait"
    assert server.connections == 2


def test_closing_the_transport_ends_what_is_under_way(slow: Slow, eventually: Eventually) -> None:
    with RawServer(slow) as server, transport() as driver:
        for name in ("one", "two"):
            driver.order("start", name=name, user=name, url=server.origin + "/wait")
        eventually(lambda: len(server.requests) == 2)
        said = driver.order("close")
        slow.released.set()
        assert said.count("the transport was closed") == 2


def test_a_user_that_leaves_takes_its_connections_along(user: User, eventually: Eventually) -> None:
    closed = Event()

    def handle(peer: Peer, _request: Request) -> None:
        peer.reply()
        assert peer.read_request() is None
        closed.set()

    with RawServer(handle) as server:
        leaving = User(user.driver)
        leaving.send(server.origin + "/")
        assert not closed.is_set()
        leaving.order("leave")
        eventually(closed.is_set)


def test_a_user_that_left_sends_nothing_more(user: User) -> None:
    with RawServer(lambda peer, _: peer.reply()) as server:
        said = user.order("send_after_leaving", url=server.origin + "/")
    assert said == "this session is closed"
    assert len(server.requests) == 1


def test_a_crowd(driver: Driver) -> None:
    with RawServer(lambda peer, _: peer.reply(b"ok")) as server:
        done = driver.order("crowd", url=server.origin + "/", users=1_000, requests=3)
        assert done == {"200": 3_000}
        assert server.connections == 1_000
    assert len(set(server.paths())) == 3_000


@pytest.mark.parametrize("seed", range(2))
def test_every_request_ends_once_whatever_the_server_does(driver: Driver, seed: int) -> None:
    chance = random.Random(seed)
    stop = Event()

    def handle(peer: Peer, _request: Request) -> None:
        whole = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
        match chance.randrange(9):
            case 0:
                peer.reset()
            case 1:
                peer.finish()
            case 2:
                peer.send(whole[: chance.randrange(1, len(whole))])
                peer.finish()
            case 3:
                peer.send(whole)
                peer.reset()
            case 4:
                stop.wait(1)  # longer than the request's timeout
                peer.finish()
            case 5:
                for byte in whole:
                    peer.send(bytes([byte]))
            case _:
                peer.send(whole)

    with RawServer(handle) as server:
        done: Counter[str] = Counter(
            driver.order("trouble", url=server.origin + "/", users=40, requests=25, seed=seed)
        )
        stop.set()
        fine = RawServer(lambda peer, _: peer.reply(b"ok"))
        with fine:
            assert driver.order("crowd", url=fine.origin + "/", users=50, requests=2) == {
                "200": 100
            }
    sent = done.pop("sent")
    assert sent == 40 * 25
    assert sum(done.values()) == sent
    assert set(done) <= {"200", "reset", "timeout", "killed"}
    assert {"200", "reset", "timeout", "killed"} <= set(done)


def test_a_forked_child_and_its_parent_do_not_disturb_each_other(
    slow: Slow, eventually: Eventually
) -> None:
    authority = trustme.CA()
    with RawServer(slow, tls=context(authority)) as server, transport(verify=False) as driver:
        user = User(driver)
        assert user.send(server.origin + "/before").body == "/before"
        driver.order("start", name="waits", user="other", url=server.origin + "/wait")
        eventually(lambda: len(server.requests) == 2)
        child = user.order("fork", url=server.origin + "/release")
        assert "make a new one" in child["used"]
        assert (child["own"]["body"], child["exit"]) == ("/release", 0)
        after = user.send(server.origin + "/after")
        assert (after.body, after.new_connection) == ("/after", False)
        waited = driver.order("finish", name="waits")
        assert (waited["body"], waited["error"]) == ("/wait", None)


def test_the_hub_says_how_long_it_was_busy(driver: Driver) -> None:
    idle, busy = driver.order("hog", seconds=0.2)
    assert 0 < idle < busy
    assert busy >= 200_000
