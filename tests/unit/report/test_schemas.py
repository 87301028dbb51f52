from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from perfspec import jsonio
from perfspec.judge.verdict import judge_run
from perfspec.report.schemas import result_schemas
from tests.records import record
from tests.results import bookshop_run

FOLDER = Path(__file__).parents[3] / "schema"
SCHEMAS = result_schemas()


def test_every_file_of_a_run_is_valid() -> None:
    plan, run = bookshop_run()
    for group in run.tests[1].errors:
        group.message = group.message.encode("utf-8", "replace").decode()  # as JSON can hold it
    files = {"plan": plan, "result": run, "verdict": judge_run(plan, run), "record": record(1)}
    assert files.keys() == SCHEMAS.keys()
    for name, value in files.items():
        Draft202012Validator.check_schema(SCHEMAS[name])
        found = list(
            Draft202012Validator(SCHEMAS[name]).iter_errors(json.loads(jsonio.encode(value)))
        )
        assert not found


def test_a_key_too_many_is_refused() -> None:
    plan, run = bookshop_run()
    document = json.loads(jsonio.encode(judge_run(plan, run)))
    document["surprise"] = 1
    assert not Draft202012Validator(SCHEMAS["verdict"]).is_valid(document)


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_committed_schemas_are_fresh(name: str) -> None:
    """`make schema` writes them."""
    path = FOLDER / f"{name}.schema.json"
    assert json.loads(path.read_text(encoding="utf-8")) == SCHEMAS[name]
