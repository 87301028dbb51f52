"""What is sent: URLs, queries, headers, bodies, files; where credentials go is in test_auth.py."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import cbor2
import msgpack
import pytest

from perfspec.errors import RunError
from perfspec.measure.errors import ErrorClass
from perfspec.plan.journey import SetStep
from perfspec.plan.model import FileClass, FileSet
from perfspec.plan.request import (
    CborBody,
    FileBody,
    FormBody,
    JsonBody,
    MsgpackBody,
    MultipartBody,
    TextBody,
)
from tests.plans import PLACE, endpoint, persona, plan
from tests.players import errors, named, on_stage, play
from tests.targets import Answer, Received, json_answer

if TYPE_CHECKING:
    from pathlib import Path

    from perfspec.plan.request import Body
    from tests.targets import Target

KNOWN = SetStep(values={"word": "ä b", "ids": [7, 9], "none": "{{ nothing }}"}, place=PLACE)
RECORDINGS = FileSet(
    name="recordings",
    classes=(
        FileClass(name="small", weight=1.0, type="audio/m4a", size=10),
        FileClass(name="large", weight=3.0, type="audio/m4a", size=3000),
    ),
)


def send(target: Target, request: str = "POST /", **rest: Any) -> Received:  # noqa: ANN401
    """What arrives when the endpoint is called once, with ``word``, ``ids`` and ``none`` known."""
    extra = {key: rest.pop(key) for key in ("files", "directory", "hosts") if key in rest}
    play(plan(target.url, [persona(KNOWN, "it")], [endpoint("it", request, **rest)], **extra))
    return target.received[-1]


def test_urls_and_queries_are_rendered_and_escaped(target: Target) -> None:
    query = {"q": "{{ word }}", "id": "{{ ids }}", "gone": "{{ none }}", "on": True, "n": 5}
    received = send(target, "GET /find/{{ ids | last }}?fixed=1", query=query)
    assert received.path == "/find/9"
    assert received.query == [
        ("fixed", "1"), ("q", "ä b"), ("id", "7"), ("id", "9"), ("on", "true"), ("n", "5"),
    ]  # fmt: skip


def test_an_absolute_url_may_be_captured(target: Target) -> None:
    target.on("/where", json_answer({"url": f"{target.url}/there?sig=a%2Fb"}))
    known = SetStep(values={"url": f"{target.url}/there?sig=a%2Fb"}, place=PLACE)
    who, it = persona(known, "it"), endpoint("it", "PUT {{ url }}")
    play(plan(target.url, [who], [it]))
    assert (target.received[0].path, target.received[0].query) == ("/there", [("sig", "a/b")])


def test_headers_constant_and_rendered(target: Target) -> None:
    headers = {"X-One": "1", "X-Word": "<{{ ids | first }}>", "Accept": "text/html"}
    received = send(target, "GET /", headers=headers)
    assert {name: received.headers[name] for name in ("x-one", "x-word", "accept")} == {
        "x-one": "1",
        "x-word": "<7>",
        "accept": "text/html",
    }


def test_a_header_that_would_be_two_is_not_sent(target: Target) -> None:
    bad = SetStep(values={"x": "a\r\nEvil: 1"}, place=PLACE)
    it = endpoint("it", headers={"X-Bad": "{{ x }}"})
    folded = play(plan(target.url, [persona(bad, "it")], [it]))
    assert target.received == []
    assert errors(folded)["it"][0] is ErrorClass.GENERATOR


@pytest.mark.parametrize(
    ("body", "kind", "read"),
    [
        (JsonBody(value={"w": "{{ word }}", "n": 1}), "application/json", lambda raw: __import__("json").loads(raw)),
        (CborBody(value={"w": "{{ word }}", "n": 1}), "application/cbor", cbor2.loads),
        (MsgpackBody(value={"w": "{{ word }}", "n": 1}), "application/msgpack", msgpack.unpackb),
    ],
)  # fmt: skip
def test_encoded_bodies(target: Target, body: Body, kind: str, read: Any) -> None:  # noqa: ANN401
    received = send(target, body=body)
    assert received.headers["content-type"] == kind
    assert read(received.body) == {"w": "ä b", "n": 1}


def test_a_constant_body_is_the_same_bytes(target: Target) -> None:
    assert send(target, body=JsonBody(value=[1, None, "x"])).body == b'[1,null,"x"]'


def test_forms_repeat_lists_and_leave_null_out(target: Target) -> None:
    received = send(target, body=FormBody(fields={"w": "{{ word }}", "id": [1, 2], "x": None}))
    assert received.body == b"w=%C3%A4+b&id=1&id=2"
    assert received.headers["content-type"] == "application/x-www-form-urlencoded"


def test_text_bodies_and_a_content_type_of_ones_own(target: Target) -> None:
    received = send(target, body=TextBody(text="<{{ word }}>"), headers={"content-type": "x/y"})
    assert received.body.decode() == "<ä b>"
    assert received.headers["content-type"] == "x/y"


def test_a_file_of_a_set_makes_its_class_a_dimension(target: Target) -> None:
    it = endpoint("it", "PUT /", body=FileBody(file={"from": "recordings"}))
    planned = plan(target.url, [persona("it")], [it], files=[RECORDINGS])
    samples = named(play(planned, journeys=40))
    sizes = [len(each.body) for each in target.received]
    assert samples["it/small"].count == sizes.count(10)
    assert samples["it/large"].count == sizes.count(3000)
    assert 20 < sizes.count(3000) < 40
    assert len({each.body for each in target.received}) == 2
    assert {each.headers["content-type"] for each in target.received} == {"audio/m4a"}


def test_files_are_the_same_bytes_for_the_same_seed(target: Target) -> None:
    it = endpoint("it", "PUT /", body=FileBody(file={"from": "recordings"}))
    sent = []
    for seed in (1, 1, 2):
        target.received.clear()
        play(plan(target.url, [persona("it")], [it], files=[RECORDINGS], seed=seed), journeys=8)
        sent.append({each.body for each in target.received})
    assert sent[0] == sent[1]
    assert sent[0].isdisjoint(sent[2])


def test_files_stand_in_bodies_of_data_as_bytes(target: Target) -> None:
    body = CborBody(value={"project": "{{ ids | first }}", "content": {"from": "recordings"}})
    received = send(target, body=body, files=[RECORDINGS])
    sent = cbor2.loads(received.body)
    assert sent["project"] == 7
    assert len(sent["content"]) in {10, 3000}


def test_a_mapping_that_only_looks_like_a_file_is_data(target: Target) -> None:
    value = {"from": "ann", "move": {"path": "/tmp", "type": "folder"}}
    assert send(target, body=JsonBody(value=value), files=[RECORDINGS]).json == value


def test_multipart(target: Target, tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(b"\x89PNG")
    parts = {"title": "{{ word }}", "logo": {"path": "logo.png", "type": "image/png"}}
    received = send(target, body=MultipartBody(parts=parts), directory=tmp_path)
    kind, boundary = received.headers["content-type"].split("; boundary=")
    assert kind == "multipart/form-data"
    title, logo = re.split(f"\r\n--{boundary}(?:--)?\r\n", received.body.decode("latin-1"))[:2]
    assert title.encode("latin-1").decode().endswith('name="title"\r\n\r\nä b')
    assert 'name="logo"; filename="logo.png"\r\nContent-Type: image/png\r\n\r\n' in logo
    assert logo.endswith("\x89PNG")


def test_a_missing_file_is_named_before_anything_runs(target: Target, tmp_path: Path) -> None:
    body = FileBody(file={"path": "gone.bin"})
    planned = plan(target.url, [persona("it")], [endpoint("it", body=body)], directory=tmp_path)
    with pytest.raises(RunError, match=r"gone\.bin.*No such file"), on_stage(planned):
        pass


def test_environment_variables_are_put_in_and_secrets_come_from_the_environment(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_TOKEN", "secret {{ 1 }}")
    it = endpoint("it", "GET /${VERSION}", headers={"X-Token": "${API_TOKEN}"})
    play(plan(target.url, [persona("it")], [it], variables={"VERSION": "v2"}))
    assert target.received[0].path == "/v2"
    assert target.received[0].headers["x-token"] == "secret {{ 1 }}"


def test_a_variable_that_is_not_set_is_named_with_its_place(target: Target) -> None:
    it = endpoint("it", headers={"X-Token": "${NO_SUCH_TOKEN}"})
    with (
        pytest.raises(RunError, match=r"perfspec\.yaml:1:1: endpoint 'it': .*NO_SUCH_TOKEN"),
        on_stage(plan(target.url, [persona("it")], [it])),
    ):
        pass


def test_redirects_are_followed_as_often_as_allowed(target: Target) -> None:
    target.on("/", Answer(302, headers={"Location": "/next"}))
    it, short = endpoint("it"), endpoint("short", redirects=0)
    folded = play(plan(target.url, [persona("it", "short")], [it, short]))
    assert target.paths() == ["/", "/next", "/"]
    assert errors(folded) == {"short": (ErrorClass.CHECK, "status 302, expected 2xx")}


def test_a_body_that_cannot_be_built_is_a_failed_check_and_sends_nothing(target: Target) -> None:
    it = endpoint("it", "POST /", body=JsonBody(value={"n": "{{ none + 1 }}"}))
    folded = play(plan(target.url, [persona(KNOWN, "it")], [it]))
    assert target.received == []
    assert errors(folded)["it"][0] is ErrorClass.CHECK
    assert folded.journeys[0].failed == 1
