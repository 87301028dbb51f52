from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Literal

import pytest

from perfspec.clock import SystemClock
from perfspec.errors import RunError
from perfspec.expr import Tools
from perfspec.plan.model import DataSource, RowsFile, RowsGenerated
from perfspec.redact import Redactor
from perfspec.run.hidden import hide_columns
from perfspec.run.rows import read_rows
from tests.results import make_plan

if TYPE_CHECKING:
    from pathlib import Path

TOOLS = Tools(rng=Random(1), now=SystemClock().now)
ROWS = [{"email": "ann", "key": "k1"}, {"email": "bob", "key": "k2"}]


def source(kind: RowsFile | RowsGenerated, *secret: str) -> DataSource:
    return DataSource(name="students", source=kind, secret=secret)


@pytest.mark.parametrize(
    ("form", "rows", "text"),
    [
        ("json", None, '[{"email": "ann", "key": "k1"}, {"email": "bob", "key": "k2"}]'),
        (
            "json",
            "$.all",
            '{"all": [{"email": "ann", "key": "k1"}, {"email": "bob", "key": "k2"}]}',
        ),
        ("json", "$.*", '{"a": {"email": "ann", "key": "k1"}, "b": {"email": "bob", "key": "k2"}}'),
        ("jsonl", None, '{"email": "ann", "key": "k1"}\n\n{"email": "bob", "key": "k2"}\n'),
        ("csv", None, "\ufeffemail,key\nann,k1\nbob,k2\n"),
    ],
)
def test_rows_of_files(
    tmp_path: Path, form: Literal["json", "jsonl", "csv"], rows: str | None, text: str
) -> None:
    (tmp_path / "rows").write_text(text, encoding="utf-8")
    kind = RowsFile(path="rows", format=form, rows=rows)
    assert read_rows(source(kind), str(tmp_path), TOOLS, {}) == ROWS


@pytest.mark.parametrize(
    ("form", "text", "message"),
    [
        ("json", "[]", "data 'students' has no rows"),
        ("json", "{", "data 'students' cannot be read: Expecting property name"),
        ("json", '{"a": 1}', r"\$ in .*rows is no list"),
        ("csv", "a,b\n1\n", "line 2 has not the 2 columns of the first line"),
        ("csv", "a,b\n1,2,3\n", "line 2 has not the 2 columns of the first line"),
    ],
)
def test_files_that_hold_no_rows(
    tmp_path: Path, form: Literal["json", "csv"], text: str, message: str
) -> None:
    (tmp_path / "rows").write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match=message):
        read_rows(source(RowsFile(path="rows", format=form)), str(tmp_path), TOOLS, {})
    with pytest.raises(RunError, match=r"cannot be read: .*No such file"):
        read_rows(source(RowsFile(path="none", format=form)), str(tmp_path), TOOLS, {})


def test_generated_rows_count_and_hold_variables() -> None:
    kind = RowsGenerated(columns={"email": "u{08..10}@x", "pass": "${P}-{1..2}"}, rows=3)
    rows = read_rows(source(kind), ".", TOOLS, {"P": "pw"})
    assert rows == [
        {"email": "u08@x", "pass": "pw-1"},
        {"email": "u09@x", "pass": "pw-2"},
        {"email": "u10@x", "pass": "pw-1"},
    ]
    with pytest.raises(RunError, match="the environment variable P is not set"):
        read_rows(source(kind), ".", TOOLS, {})


def test_only_secret_columns_are_masked() -> None:
    kind = RowsGenerated(columns={"email": "user-{1..9}", "pass": "pass-{1..9}"}, rows=9)
    redactor = Redactor()
    hide_columns(make_plan(data=(source(kind, "pass"),)), {}, redactor, SystemClock())
    assert redactor.text("user-3 has pass-3") == "user-3 has ***"
