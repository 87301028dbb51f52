"""``call``: Python beside the spec as a step."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from perfspec.errors import RunError
from perfspec.measure.errors import ErrorClass
from perfspec.plan.journey import PythonStep
from perfspec.plan.request import Capture
from tests.plans import PLACE, endpoint, persona, plan
from tests.players import errors, named, on_stage, play
from tests.targets import Answer, json_answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from perfspec.plan.model import Plan
    from tests.targets import Target

CODE = """
def sign(session):
    answer = session.request("login")
    session.variables["signed"] = session.variables["token"] + answer.body.decode()[:2]
    session.variables["drawn"] = session.rng.random()

def breaks(session):
    raise ValueError("no such book")

def tries(session):
    try:
        session.request("login")
    except session.RequestFailed as failure:
        session.variables["why"] = str(failure)

constant = 5
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "signing_steps.py").write_text(CODE)
    yield tmp_path
    sys.modules.pop("signing_steps", None)
    if str(tmp_path) in sys.path:
        sys.path.remove(str(tmp_path))


def calling(target: Target, folder: Path, name: str) -> Plan:
    login = endpoint(
        "login", "GET /login", captures=(Capture(name="token", source="json", query="$.t"),)
    )
    after = endpoint("after", "GET /after", query={"s": "{{ signed }}", "why": "{{ why }}"})
    step = PythonStep(function=f"signing_steps:{name}", place=PLACE)
    return plan(target.url, [persona(step, "after")], [login, after], directory=folder)


def test_a_function_reads_writes_and_requests(target: Target, folder: Path) -> None:
    target.on("/login", json_answer({"t": "abc"}))
    folded = play(calling(target, folder, "sign"))
    assert target.paths() == ["/login", "/after"]
    assert dict(target.received[1].query)["s"] == 'abc{"'
    assert named(folded)["login"].count == 1
    assert folded.journeys[0].completed == 1


def test_what_it_raises_is_a_failed_check(target: Target, folder: Path) -> None:
    folded = play(calling(target, folder, "breaks"))
    expected = (ErrorClass.CHECK, "ValueError: no such book")
    assert errors(folded) == {"signing_steps:breaks": expected}
    assert target.paths() == []
    assert folded.journeys[0].failed == 1


def test_a_failed_request_in_it_counts_once(target: Target, folder: Path) -> None:
    target.on("/login", Answer(500))
    folded = play(calling(target, folder, "sign"))
    assert set(errors(folded)) == {"login"}
    assert folded.journeys[0].failed == 1


def test_a_function_may_handle_a_failed_request(target: Target, folder: Path) -> None:
    target.on("/login", Answer(500))
    folded = play(calling(target, folder, "tries"))
    why = dict(target.received[1].query)["why"]
    assert why == "login failed: server: status 500, expected 2xx"
    assert folded.journeys[0].completed == 1


@pytest.mark.parametrize("name", ["nowhere", "constant"])
def test_what_is_no_function_is_named_before_anything_runs(
    target: Target, folder: Path, name: str
) -> None:
    with (
        pytest.raises(RunError, match=f"signing_steps:{name}"),
        on_stage(calling(target, folder, name)),
    ):
        pass
