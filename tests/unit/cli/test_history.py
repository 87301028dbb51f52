"""`perfspec history`: from a store of any kind to a folder of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfspec.baseline.archive import Archive
from perfspec.baseline.origin import commit_address
from perfspec.baseline.record import Acceptance
from perfspec.baseline.store import open_store
from perfspec.cli.main import run
from perfspec.clock import SystemClock
from tests.records import BEGIN, small
from tests.unit.baseline.conftest import clone_with_code, git

if TYPE_CHECKING:
    from pathlib import Path


def fill(folder: Path, address: str) -> None:
    archive = Archive(open_store(address, folder, SystemClock()))
    archive.add([small(number) for number in range(3)])
    archive.accept(Acceptance(time=BEGIN.isoformat(), by="jo", reason="TLS for all"))


@pytest.mark.parametrize("store", ["dir:history", "git:perfspec-baselines"])
def test_a_store_becomes_pages(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = clone_with_code(tmp_path, remote=False)
    fill(folder, store)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/shop")
    monkeypatch.delenv("GITHUB_SERVER_URL", raising=False)
    assert run(["history", "--store", store, "--output", "public/performance"]) == 0
    said = capsys.readouterr()
    assert said.out == "3 runs: public/performance/index.html\n"
    page = (folder / "public/performance/load-local.html").read_text(encoding="utf-8")
    assert f"https://github.com/acme/shop/commit/{2:040x}" in page
    assert "TLS for all (jo)" in page


def test_a_damaged_record_is_left_out_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(tmp_path, "dir:history")
    (tmp_path / "history/records/load/local/broken.json").write_text("{", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert run(["history", "--store", "dir:history"]) == 0
    said = capsys.readouterr()
    assert "left out: records/load/local/broken.json: it is damaged" in said.err
    assert said.out.startswith("3 runs: ")
    index = (tmp_path / ".perfspec/history/index.html").read_text(encoding="utf-8")
    assert "it is damaged" in index


def test_a_folder_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert run(["history", "--store", "dir:history", "--output", "taken/site"]) == 3
    assert "taken/site cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("git@github.com:acme/shop.git", "https://github.com/acme/shop/commit/"),
        ("https://jo:secret@git.acme.test/tools/shop", "https://git.acme.test/tools/shop/commit/"),
        ("ssh://git@github.com/acme/shop.git", "https://github.com/acme/shop/commit/"),
        ("/srv/shop.git", None),
    ],
)
def test_commits_have_an_address_where_the_remote_has(
    remote: str, address: str | None, tmp_path: Path
) -> None:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "remote", "add", "origin", remote)
    assert commit_address(tmp_path, {}) == address


def test_ci_knows_best_where_commits_are(tmp_path: Path) -> None:
    gitlab = {"CI_PROJECT_URL": "https://gitlab.com/acme/shop"}
    assert commit_address(tmp_path, gitlab) == "https://gitlab.com/acme/shop/-/commit/"
    github = {"GITHUB_REPOSITORY": "acme/shop", "GITHUB_SERVER_URL": "https://ghe.acme.test"}
    assert commit_address(tmp_path, github) == "https://ghe.acme.test/acme/shop/commit/"
    assert commit_address(tmp_path, {}) is None
