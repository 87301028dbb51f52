"""What is read from an answer: statuses, checks, captures, and why a request failed."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from perfspec.measure.errors import ErrorClass
from perfspec.plan.request import Capture, Expect, JsonCheck, TextCheck
from tests.plans import endpoint, persona, plan
from tests.players import errors, on_stage, play
from tests.targets import Answer, json_answer

if TYPE_CHECKING:
    from perfspec.run.driver.recorder import Folded
    from tests.targets import Target

BOOKS = {
    "items": [{"id": 1, "title": "Dune"}, {"id": 2, "title": "Emma"}],
    "total": 2,
    "next": None,
}


def call(target: Target, **rest: Any) -> Folded:  # noqa: ANN401  (fields of Endpoint)
    return play(plan(target.url, [persona("it")], [endpoint("it", **rest)]))


def captured(target: Target, *captures: Capture) -> dict[str, Any]:
    """The variables after one call, and the error if there is one."""
    with on_stage(plan(target.url, [persona("it")], [endpoint("it", captures=captures)])) as stage:
        stage.user.start()
        stage.user.journey()
        found = {each.name: stage.user.actor.scope.get(each.name) for each in captures}
        return found | {"error": errors(stage.fold()).get("it", (None, None))[1]}


@pytest.mark.parametrize(
    ("status", "wanted", "error"),
    [
        (200, ((200, 299),), None),
        (404, ((200, 200), (404, 404)), None),
        (201, ((200, 200),), (ErrorClass.CHECK, "status 201, expected 200")),
        (404, ((200, 299),), (ErrorClass.CLIENT, "status 404, expected 2xx")),
        (429, ((200, 299),), (ErrorClass.THROTTLED, "status 429, expected 2xx")),
        (403, ((200, 299), (404, 404)), (ErrorClass.AUTH, "status 403, expected 2xx or 404")),
        (402, ((200, 299),), (ErrorClass.PAYMENT, "status 402, expected 2xx")),
        (503, ((200, 250),), (ErrorClass.SERVER, "status 503, expected 200 to 250")),
    ],
)
def test_statuses(target: Target, status: int, wanted: Any, error: object) -> None:  # noqa: ANN401
    target.on("/", Answer(status))
    assert errors(call(target, expect=Expect(status=wanted))).get("it") == error


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (JsonCheck(path="$.total", equals=(2,)), None),
        (JsonCheck(path="$.total", equals=(2.0,)), None),
        (JsonCheck(path="$.total", equals=("2",)), "$.total: expected the text '2', found the number 2"),
        (JsonCheck(path="$.total", equals=("{{ 1 + 1 }}",)), None),
        (JsonCheck(path="$.next", exists=True), None),
        (JsonCheck(path="$.next", equals=(None,)), None),
        (JsonCheck(path="$.gone", exists=True), "$.gone: nothing found"),
        (JsonCheck(path="$.gone", exists=False), None),
        (JsonCheck(path="$.next", exists=False), "$.next: expected nothing, found null"),
        (JsonCheck(path="$.items[*].title", matches="^Em"), None),
        (JsonCheck(path="$.items[*].title", matches="^X"), "$.items[*].title: expected text like ^X, found the text 'Dune'"),
        (JsonCheck(path="$.total", min=1, max=2), None),
        (JsonCheck(path="$.total", min=3), "$.total: expected at least 3, found the number 2"),
        (JsonCheck(path="$.total", max=1), "$.total: expected at most 1, found the number 2"),
        (JsonCheck(path="$.total", one_of=(1, 2)), None),
        (JsonCheck(path="$.total", one_of=(3, 4)), "$.total: expected the number 3 or the number 4, found the number 2"),
    ],
)  # fmt: skip
def test_json_checks(target: Target, check: JsonCheck, message: str | None) -> None:
    target.on("/", json_answer(BOOKS))
    found = errors(call(target, expect=Expect(json=(check,)))).get("it")
    assert found == (None if message is None else (ErrorClass.CHECK, message))


def test_a_body_that_is_no_json_says_so(target: Target) -> None:
    target.on("/", Answer(body=b"<html>"))
    found = errors(call(target, expect=Expect(json=(JsonCheck(path="$.a", exists=True),))))
    assert found["it"] == (ErrorClass.CHECK, "$.a: the body is no JSON")


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (TextCheck(name="X-Kind", equals="book"), None),
        (TextCheck(name="x-kind", equals="{{ 'bo' }}ok"), None),
        (TextCheck(name="X-Kind", equals="cd"), "expected header X-Kind to be the text 'cd'"),
        (TextCheck(name="X-Kind", matches="^b"), None),
        (TextCheck(name="X-Kind", exists=False), "header X-Kind is there"),
        (TextCheck(name="X-Gone", exists=True), "header X-Gone is missing"),
        (TextCheck(name="X-Gone", contains="a"), "header X-Gone is missing"),
        (TextCheck(contains="ä"), None),
        (TextCheck(contains="nowhere"), "expected the body to contain the text 'nowhere'"),
        (TextCheck(matches="[0-9]{4}"), "expected the body to match the text '[0-9]{4}'"),
    ],
)
def test_text_checks(target: Target, check: TextCheck, message: str | None) -> None:
    target.on("/", Answer(body="käse".encode(), headers={"X-Kind": "book"}))
    found = errors(call(target, expect=Expect(texts=(check,)))).get("it")
    assert found == (None if message is None else (ErrorClass.CHECK, message))


def test_the_charset_of_the_answer_is_used(target: Target) -> None:
    headers = {"Content-Type": "text/plain; charset=latin-1"}
    target.on("/", Answer(body="käse".encode("latin-1"), headers=headers))
    assert errors(call(target, expect=Expect(texts=(TextCheck(contains="käse"),)))) == {}


def test_captures_of_json(target: Target) -> None:
    target.on("/", json_answer(BOOKS))
    found = captured(
        target,
        Capture(name="first", source="json", query="$.items[0].title"),
        Capture(name="ids", source="json", query="$.items[*].id"),
        Capture(name="next", source="json", query="$.next"),
        Capture(name="gone", source="json", query="$.gone", optional=True),
    )
    assert found == {"first": "Dune", "ids": [1, 2], "next": None, "gone": None, "error": None}


def test_several_hits_are_a_list_even_if_there_is_one(target: Target) -> None:
    target.on("/", json_answer([{"id": 5}]))
    assert captured(target, Capture(name="ids", source="json", query="$[*].id"))["ids"] == [5]


def test_captures_of_everything_else(target: Target) -> None:
    headers = {"X-Id": "77", "Set-Cookie": "sid=abc; Path=/"}
    target.on("/", Answer(201, b"name=ann; name=bob; id=4", headers))
    found = captured(
        target,
        Capture(name="id", source="header", query="x-id"),
        Capture(name="sid", source="cookie", query="sid"),
        Capture(name="status", source="status"),
        Capture(name="names", source="regex", query=r"name=(\w+)"),
        Capture(name="one", source="regex", query=r"id=\d"),
    )
    assert found == {
        "id": "77", "sid": "abc", "status": 201, "names": ["ann", "bob"], "one": "id=4", "error": None,
    }  # fmt: skip


@pytest.mark.parametrize("source", ["json", "header", "cookie", "regex"])
def test_a_capture_without_a_hit_is_a_failed_check(target: Target, source: Any) -> None:  # noqa: ANN401
    query = {"json": "$.x", "header": "X-Gone", "cookie": "gone", "regex": "gone"}[source]
    found = captured(target, Capture(name="x", source=source, query=query))
    assert found == {"x": None, "error": f"nothing to capture as x: no {source} {query}"}


def test_an_answer_that_failed_its_checks_is_not_captured_from(target: Target) -> None:
    target.on("/", json_answer({"token": "t"}, status=500))
    found = captured(target, Capture(name="token", source="json", query="$.token"))
    assert found["token"] is None


def test_a_refused_connection_is_class_connect() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        folded = play(plan(url, [persona("it")], [endpoint("it")]))
    assert errors(folded)["it"] == (ErrorClass.CONNECT, "Connection refused")


def test_timeouts_read_alike(target: Target) -> None:
    target.on("/", Answer(after_s=0.3))
    planned = plan(target.url, [persona("it")], [endpoint("it", timeout_s=0.05)])
    folded = play(planned, journeys=3)
    assert [(each.error, each.count) for each in folded.errors] == [(ErrorClass.TIMEOUT, 3)]
