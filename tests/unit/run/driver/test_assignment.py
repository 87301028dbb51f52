"""What a worker gets is what the plan's texts and steps use, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from perfspec import jsonio
from perfspec.plan.model import DataSource, RowsFile
from perfspec.run.driver.assignment import Assignment, pack, unpack
from perfspec.run.driver.engine import Engine
from tests.plans import endpoint, persona, plan

if TYPE_CHECKING:
    from tests.targets import Target

NAMES = ("ASSIGNMENT_TOKEN", "ASSIGNMENT_OTHER", "ASSIGNMENT_DEFAULTED")


def source(name: str, path: Path | str) -> DataSource:
    return DataSource(name=name, source=RowsFile(path=str(path), format="csv"))


@pytest.fixture
def packed(target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Assignment:
    for name in NAMES:
        monkeypatch.setenv(name, name.lower())
    folder = tmp_path / "specs"
    folder.mkdir()
    for path in (folder / "near.csv", tmp_path / "above.csv", tmp_path / "far.csv"):
        path.write_text(f"id\n{path.stem}\n")
    (folder / "unused.csv").write_text("id\n1\n")
    page = endpoint(
        "a",
        "GET /{{ near.id }}/{{ above.id }}/{{ far.id }}",
        headers={"X-A": "${ASSIGNMENT_TOKEN}", "X-B": "${ASSIGNMENT_DEFAULTED:-nothing}"},
    )
    data = [
        source("near", "near.csv"),
        source("above", "../above.csv"),
        source("far", tmp_path / "far.csv"),
        source("unused", "unused.csv"),
    ]
    planned = plan(target.url, [persona("a")], [page], data=data, directory=folder)
    engine = Engine(planned, planned.test("load"))
    engine.prepare()
    try:
        return jsonio.decode(jsonio.encode(pack(engine)), Assignment)
    finally:
        engine.close()


def test_it_holds_what_was_read_and_named(packed: Assignment, tmp_path: Path) -> None:
    assert {Path(name).name for name in packed.files} == {"near.csv", "above.csv"}
    assert packed.variables == {
        "ASSIGNMENT_TOKEN": "assignment_token",
        "ASSIGNMENT_DEFAULTED": "assignment_defaulted",
    }
    assert str(tmp_path / "specs") == f"/{packed.directory}"


def test_it_is_laid_out_below_a_root_of_its_own(
    packed: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ASSIGNMENT_TOKEN")
    root = tmp_path / "worker"
    found = unpack(packed, root)
    directory = Path(found.directory)
    assert directory.is_relative_to(root)
    assert (directory / "near.csv").read_text() == "id\nnear\n"
    assert (directory / "../above.csv").read_text() == "id\nabove\n"
    assert os.environ["ASSIGNMENT_TOKEN"] == "assignment_token"
    engine = Engine(found, found.test(packed.test))
    engine.prepare()
    engine.close()
