"""How long users may finish what they have sent: never shorter than it may take."""

from __future__ import annotations

from perfspec.plan.channel import Channel, Message
from tests.plans import PLACE, endpoint, persona, plan
from tests.results import make_plan

QUICK, SLOW = endpoint("quick", timeout_s=2.0), endpoint("slow", timeout_s=120.0)


def test_a_request_that_is_left_hanging_comes_to_its_timeout() -> None:
    assert plan("http://shop.test", [persona("slow")], [QUICK, SLOW]).grace_s == 121.0


def test_users_always_have_half_a_minute() -> None:
    assert plan("http://shop.test", [persona("quick")], [QUICK]).grace_s == 30.0


def test_so_do_handshakes_and_acknowledgements() -> None:
    ask = Message(name="chat.ask", timeout_s=90.0, place=PLACE)
    chat = Channel(
        name="chat", protocol="websocket", url="/ws", timeout_s=60.0, messages=(ask,), place=PLACE
    )
    assert make_plan(channels=(chat,)).grace_s == 91.0
