"""A user's life: its row, its start, its journeys, its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gevent
import pytest

from perfspec.errors import RunError
from perfspec.plan.load import Stage
from perfspec.run.driver.actor import Actor, Leave
from tests.plans import endpoint, persona, plan, rows, step
from tests.players import named, on_stage, play
from tests.targets import Answer, in_turn

if TYPE_CHECKING:
    from perfspec.plan.model import DataSource, Plan
    from tests.targets import Target

FAILS = Answer(500)
ROW = endpoint("row", "GET /row/{{ user.id }}/{{ books.id }}")


def with_data(target: Target, *data: DataSource, users: int = 1) -> Plan:
    reader = persona("row", data="students")
    stages = [Stage(users=users, hold_s=1.0)]
    return plan(target.url, [reader], [ROW], data=data, stages=stages)


def test_a_failed_on_start_is_tried_again_after_1_2_4_to_30_s(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def pause(me: Actor, seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) > 8:
            me.leaving = True
            raise Leave

    monkeypatch.setattr(Actor, "pause", pause)
    target.on("/a", FAILS)
    planned = plan(target.url, [persona("b", on_start=["a"], on_stop=["b"])], [
        endpoint("a", "GET /a"), endpoint("b", "GET /b"),
    ])  # fmt: skip
    with on_stage(planned) as stage:
        stage.user.run()
        assert (stage.user.ready, stage.engine.crew.ready) == (False, 0)
    assert pauses == [0.0, 1, 2, 4, 8, 16, 30, 30, 30]
    assert set(target.paths()) == {"/a"}


def test_a_user_is_ready_after_on_start_and_leaves_after_its_request(target: Target) -> None:
    target.on("/b", Answer(after_s=0.1))
    who = persona("b", on_start=["a"], on_stop=["c"])
    endpoints = [endpoint(name, f"GET /{name}") for name in "abc"]
    with on_stage(plan(target.url, [who], endpoints)) as stage:
        crew, life = stage.engine.crew, gevent.spawn(stage.user.run)
        while "/b" not in target.paths():
            gevent.sleep(0.005)
        assert (crew.users, crew.ready, crew.present) == (1, 1, 1)
        crew.leave(stage.user)
        assert (crew.users, crew.ready, crew.present) == (0, 0, 1)
        life.join()
        folded = stage.fold()
        assert crew.present == 0
    assert target.paths() == ["/a", "/b", "/c"]
    assert {name: window.count for name, window in named(folded).items()} == {
        "a": 1,
        "b": 1,
        "c": 1,
    }
    assert (folded.journeys[0].cut_off, folded.overrun) == (1, 0)


def test_a_user_who_thinks_leaves_at_once(target: Target) -> None:
    who = persona("a", think_s=(60.0, 60.0))
    with on_stage(plan(target.url, [who], [endpoint("a")])) as stage:
        life = gevent.spawn(stage.user.run)
        while stage.user.actor.waiter is None:
            gevent.sleep(0.005)
        stage.engine.crew.leave(stage.user)
        life.join(timeout=5)
        assert life.dead


def test_what_is_cut_off_is_counted_apart(target: Target) -> None:
    target.on("/", Answer(after_s=0.5))
    with on_stage(plan(target.url, [persona("a", on_stop=["a"])], [endpoint("a")])) as stage:
        life = gevent.spawn(stage.user.run)
        while not target.received:
            gevent.sleep(0.005)
        stage.engine.crew.dismiss(grace_s=0.05)
        folded = stage.fold()
        assert life.dead
    assert (folded.overrun, folded.series, folded.errors) == (1, [], [])
    assert (folded.journeys[0].cut_off, folded.journeys[0].failed) == (1, 0)
    assert len(target.received) == 1


def test_what_fails_while_users_leave_remembers_the_load_that_it_was_sent_under(
    target: Target,
) -> None:
    target.on("/", Answer(status=500, after_s=0.3))
    with on_stage(plan(target.url, [persona("a")], [endpoint("a")])) as stage:
        gevent.spawn(stage.user.run)
        while not target.received:
            gevent.sleep(0.005)
        stage.engine.crew.dismiss(grace_s=30.0)
        (group,) = stage.fold().errors
    assert (group.error, group.first_users) == ("server", 1)


def test_halting_waits_for_nobody(target: Target) -> None:
    target.on("/", Answer(after_s=0.5))
    with on_stage(plan(target.url, [persona("a")], [endpoint("a")])) as stage:
        life = gevent.spawn(stage.user.run)
        while not target.received:
            gevent.sleep(0.005)
        stage.engine.crew.halting.set()
        stage.engine.crew.dismiss(grace_s=60.0)
        assert life.dead
        assert stage.fold().overrun == 1


def test_the_personas_row_is_user_and_every_source_has_its_name(target: Target) -> None:
    play(with_data(target, rows("students", 3), rows("books", 2), rows("unused", 1)), journeys=2)
    assert target.paths() == ["/row/students-1/books-1"] * 2


def test_a_row_for_each_journey(target: Target) -> None:
    data = rows("students", 3), rows("books", 2, each="journey")
    play(with_data(target, *data), journeys=3)
    assert target.paths() == [f"/row/students-1/books-{n}" for n in (1, 2, 1)]


def test_signing_off_has_a_row_too_where_each_journey_has_its_own(target: Target) -> None:
    data = rows("students", 2, each="journey", pick="unique")
    who = persona("row", data="students", on_stop=["bye"])
    endpoints = [endpoint(name, f"GET /{name}/{{{{ user.id }}}}") for name in ("row", "bye")]
    with on_stage(plan(target.url, [who], endpoints, data=[data])) as stage:
        stage.user.start()
        stage.user.journey()
        stage.user.end()
    assert target.paths() == ["/row/students-1", "/bye/students-2"]


def test_users_take_rows_in_turn(target: Target) -> None:
    with on_stage(with_data(target, rows("students", 2), rows("books", 1))) as stage:
        for user in (stage.user, stage.engine.user("visitor"), stage.engine.user("visitor")):
            user.start()
            user.journey()
    assert [path.split("/")[2] for path in target.paths()] == [
        "students-1", "students-2", "students-1",
    ]  # fmt: skip


def test_a_unique_row_goes_to_the_next_user_when_its_own_has_left(target: Target) -> None:
    planned = with_data(target, rows("students", 1, pick="unique"), rows("books", 1))
    with on_stage(planned) as stage:
        stage.user.start()
        other = stage.engine.user("visitor")
        with pytest.raises(RunError, match="'students' has 1 row,"):
            other.start()
        stage.user.let_go()
        assert other.start()


def test_a_unique_row_is_waited_for_while_somebody_leaves(target: Target) -> None:
    planned = with_data(target, rows("students", 1, pick="unique"), rows("books", 1))
    with on_stage(planned) as stage:
        target.on("/row/students-1/books-1", in_turn(Answer(after_s=0.2), Answer()))
        crew, first = stage.engine.crew, gevent.spawn(stage.user.run)
        while not target.received:
            gevent.sleep(0.005)
        crew.leave(stage.user)
        other = stage.engine.user("visitor")
        second = gevent.spawn(other.run)
        first.join()
        while len(target.received) < 2:
            gevent.sleep(0.005)
        crew.leave(other)
        second.join()
        assert stage.engine.problem is None


def test_a_pool_too_small_for_the_test_is_refused_before_it_begins(target: Target) -> None:
    planned = with_data(target, rows("students", 2, pick="unique"), rows("books", 1), users=3)
    with (
        pytest.raises(RunError, match=r"'students' has 2 rows, but test 'load' runs 3 users"),
        on_stage(planned),
    ):
        pass


def test_a_defect_in_a_user_breaks_the_run(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    with on_stage(plan(target.url, [persona(step("a"))], [endpoint("a")])) as stage:

        def defect(_me: Actor) -> bool:
            msg = "oops"
            raise KeyError(msg)

        monkeypatch.setattr(stage.user, "script", stage.user.script._replace(journey=defect))
        stage.user.run()
        assert stage.engine.problem == "a virtual user broke: KeyError('oops')"
        assert stage.engine.crew.stopping.is_set()


def test_a_journey_that_fails_before_it_sends_is_followed_by_think_time(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(Actor, "pause", lambda _me, seconds: pauses.append(seconds))
    who = persona(step("a", only_if="null + 1"), think_s=(2.0, 3.0))
    with on_stage(plan(target.url, [who], [endpoint("a", "GET /a")])) as stage:
        assert stage.user.start()
        assert not stage.user.journey()
        stage.user.let_go()
    (pause,) = pauses
    assert 2 <= pause <= 3
    assert target.paths() == []
