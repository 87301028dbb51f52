from __future__ import annotations

import gevent

from perfspec.demo.places import Places


def test_who_waits_is_served_in_the_order_of_arrival_and_overtaken_by_nobody() -> None:
    places, served = Places(1), list[str]()

    def serve(name: str, then: str = "") -> None:
        with places:
            served.append(name)
            gevent.sleep(0)
        if then:
            serve(then)  # comes back before the next one has noticed that it is its turn

    gevent.joinall([gevent.spawn(serve, *each) for each in (("a", "a2"), ("b", "b2"), ("c",))])
    assert served == ["a", "b", "c", "a2", "b2"]
    assert places.free == 1


def test_more_places_are_taken_at_once() -> None:
    places, inside = Places(1), list[int]()

    def stay(number: int) -> None:
        with places:
            inside.append(number)
            gevent.sleep(60)

    users = [gevent.spawn(stay, each) for each in range(4)]
    gevent.sleep(0)
    assert inside == [0]
    places.add(2)
    gevent.sleep(0)
    assert inside == [0, 1, 2]
    users[3].kill()  # while it waits
    gevent.killall(users)
    assert places.free == 3


def test_who_is_killed_on_its_turn_passes_the_place_on() -> None:
    places, inside = Places(1), list[str]()

    def visit(name: str) -> None:
        with places:
            inside.append(name)

    with places:
        first, second = gevent.spawn(visit, "first"), gevent.spawn(visit, "second")
        gevent.sleep(0)
        first.kill(block=False)  # it dies after its turn has come, and before it notices
    second.join()
    assert inside == ["second"]
    assert places.free == 1
