"""Both sides of a duet, counted at two real targets: the same requests, in alternating order."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from perfspec import jsonio
from perfspec.measure.model import Window
from perfspec.plan.load import Stage
from perfspec.plan.request import Capture
from perfspec.run.duet.variables import hand_over, take
from tests.drivers import running
from tests.plans import endpoint, persona, plan, rows, step
from tests.targets import Answer, json_answer, running_target

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from perfspec.measure.model import Series
    from perfspec.plan.journey import Persona
    from perfspec.plan.request import Endpoint
    from tests.drivers import Driver
    from tests.targets import Received, Target

pytestmark = pytest.mark.slow

LOGIN = endpoint(
    "login",
    "POST /login",
    headers={"Who": "{{ user.id }}"},
    captures=(Capture(name="token", source="json", query="$.token"),),
)
LOOK = endpoint(
    "look",
    "GET /look",
    headers={"Who": "{{ user.id }}", "Token": "{{ token }}"},
    query={"dice": "{{ [1, 2, 3, 4, 5, 6] | random }}"},
)
BYE = endpoint("bye", "POST /bye", headers={"Who": "{{ user.id }}"})
WHO = persona(
    step("login"),
    step("look", times=(1, 3)),
    step("bye", chance=0.5),
    data="people",
    think_s=(0.0, 0.01),
    on_start=["login"],
    on_stop=["bye"],
)


@contextmanager
def two_targets() -> Iterator[tuple[Target, Target]]:
    with running_target() as base, running_target() as head:
        yield base, head


@contextmanager
def duet(
    base: Target, head: Target, folder: Path, who: Persona, endpoints: Sequence[Endpoint]
) -> Iterator[Driver]:
    stages = [Stage(users=4, ramp_s=0.5, hold_s=1.5)]
    people = rows("people", 4, pick="unique")
    made = [
        plan(each.url, [who], endpoints, stages=stages, data=[people], directory=folder)
        for each in (base, head)
    ]
    jsonio.write_json(folder / "base.json", made[0])
    with running(made[1], folder, "--base", str(folder / "base.json")) as driver:
        yield driver


def by_user(*sides: Target) -> dict[str, list[tuple[int, Received]]]:
    """What each user sent, in order, with the number of the side that got it."""
    found: dict[str, list[tuple[int, Received]]] = defaultdict(list)
    every = [(side, each) for side, target in enumerate(sides) for each in target.received]
    for side, each in sorted(every, key=lambda pair: pair[1].at):
        found[each.headers["who"]].append((side, each))
    return found


def counts(series: Sequence[Series]) -> Counter[str]:
    found: Counter[str] = Counter()
    for each in series:
        if each.key.kind == "request":
            total = Window(index=-1)
            for window in each.windows:
                total.merge(window)
            found[each.key.name] += total.count
    return found


def test_both_sides_get_the_same_requests_in_alternating_order(tmp_path: Path) -> None:
    with two_targets() as (base, head):
        base.on("/login", json_answer({"token": "of base"}, headers={"Set-Cookie": "side=base"}))
        head.on("/login", json_answer({"token": "of head"}, headers={"Set-Cookie": "side=head"}))
        head.on("/look", Answer(after_s=0.003))
        with duet(base, head, tmp_path, WHO, [LOGIN, LOOK, BYE]) as driver:
            pass
        assert driver.ended.problem is None
        users = by_user(base, head)
        assert len(users) == 4
        for sent in users.values():
            asked = [[(r.path, r.query) for s, r in sent if s == side] for side in (0, 1)]
            assert asked[0] == asked[1]
            assert all({a, b} == {0, 1} for (a, _), (b, _) in pairs_of(sent))
            firsts = Counter(first for (first, _), _ in pairs_of(sent))
            assert abs(firsts[0] - firsts[1]) <= 0.25 * len(sent) + 2
        for target, name in ((base, "base"), (head, "head")):
            looks = target.seen("/look")
            assert len(looks) > 10
            assert {each.headers["token"] for each in looks} == {f"of {name}"}
            assert {each.headers["cookie"] for each in looks} == {f"side={name}"}
            assert len({each.port for each in target.received}) == 4  # a connection for each user
        assert len({tuple(each.query) for each in head.seen("/look")}) > 2  # drawn anew


def test_each_request_of_a_journey_goes_first_to_one_side_and_first_to_the_other_next_time(
    tmp_path: Path,
) -> None:
    who = persona("login", "look", data="people")  # an even number of requests
    with two_targets() as (base, head):
        for each in (base, head):
            each.on("/login", json_answer({"token": "x"}))
        with duet(base, head, tmp_path, who, [LOGIN, LOOK]):
            pass
        begun: Counter[int] = Counter()
        for sent in by_user(base, head).values():
            for path in ("/login", "/look"):
                firsts = [a for (a, request), _ in pairs_of(sent) if request.path == path]
                assert len(firsts) > 10
                assert all(one != other for one, other in pairwise(firsts))
            begun[sent[0][0]] += 1
        assert begun == {0: 2, 1: 2}


def pairs_of(
    sent: list[tuple[int, Received]],
) -> list[tuple[tuple[int, Received], tuple[int, Received]]]:
    return list(zip(sent[::2], sent[1::2], strict=True))


def test_samples_of_both_sides_are_told_apart(tmp_path: Path) -> None:
    with two_targets() as (base, head):
        head.on("/look", Answer(500))
        for each in (base, head):
            each.on("/login", json_answer({"token": "x"}))
        with duet(base, head, tmp_path, WHO, [LOGIN, LOOK, BYE]) as driver:
            pass
        told = {
            base: [each for tick in driver.ticks for each in tick.base],
            head: [each for tick in driver.ticks for each in tick.series],
        }
        for target, series in told.items():
            received = Counter(path.removeprefix("/") for path in target.paths())
            assert counts(series) == received
        assert not any(tick.base_errors for tick in driver.ticks)
        assert all(window.lateness is None for window in driver.totals().values())
        failed = sum(each.count for tick in driver.ticks for each in tick.errors)
        assert failed == len(head.seen("/look"))


def test_a_journey_cut_short_on_one_side_does_not_hold_up_the_other(tmp_path: Path) -> None:
    who = persona("login", "look", "bye", data="people")
    with two_targets() as (base, head):
        for each in (base, head):
            each.on("/login", json_answer({"token": "x"}))
        head.on("/look", Answer(500))
        with duet(base, head, tmp_path, who, [LOGIN, LOOK, BYE]) as driver:
            pass
        assert driver.ended.problem is None
        assert not head.seen("/bye")
        journeys = len(base.seen("/login"))
        assert journeys > 20
        assert journeys == len(head.seen("/login"))
        assert journeys - 4 <= len(base.seen("/bye")) <= journeys


def test_sides_with_different_rows_are_refused(tmp_path: Path) -> None:
    with two_targets() as (base, head):
        made = [
            plan(each.url, [WHO], [LOGIN, LOOK, BYE], data=[rows("people", count)])
            for each, count in ((base, 3), (head, 4))
        ]
        jsonio.write_json(tmp_path / "base.json", made[0])
        with running(made[1], tmp_path, "--base", str(tmp_path / "base.json")) as driver:
            pass
        assert driver.ended.problem == (
            "data 'people' has 3 rows at the base and 4 at the head: both sides must be sent the"
            " same"
        )
        assert not base.received


def test_variables_of_the_base_travel_beside_those_of_the_head() -> None:
    base, head = {"A": "1", "PORT": "4001", "B": ""}, {"A": "1", "PORT": "4002", "C": "x"}
    over = hand_over(base, head)
    assert take(over) == base
    assert over == head
    assert take(dict(os.environ)) == dict(os.environ)
