"""Stores to write to: a folder, a branch, one of a bare repository elsewhere."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from perfspec.baseline.archive import Archive
from perfspec.baseline.store import open_store
from perfspec.clock import SystemClock
from tests.buckets import point_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def git(folder: Path, *arguments: str) -> str:
    """What git says; it must work."""
    identity = (
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@localhost",
        "-c",
        "init.defaultBranch=main",
    )
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def clone_with_code(folder: Path, *, remote: bool) -> Path:
    """A repository with one commit, and with a bare ``origin`` if it is to have a remote."""
    work = folder / "work"
    work.mkdir()
    git(work, "init", "--quiet")
    (work / "code.py").write_text("print(1)\n", encoding="utf-8")
    git(work, "add", "code.py")
    git(work, "commit", "--quiet", "-m", "code")
    if remote:
        git(folder, "init", "--quiet", "--bare", "origin.git")
        git(work, "remote", "add", "origin", str(folder / "origin.git"))
        git(work, "push", "--quiet", "origin", "main")
    return work


@pytest.fixture
def bucket(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Its name at Amazon's."""
    import boto3  # noqa: PLC0415  (only here)

    point_at("s3", moto, monkeypatch)
    client = boto3.client("s3")
    name = f"history-{uuid4().hex}"
    client.create_bucket(Bucket=name)
    yield name
    client.close()


@pytest.fixture(params=["dir", "git", "git with a remote"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    if request.param == "dir":
        return Archive(open_store("dir:history", tmp_path, SystemClock()))
    work = clone_with_code(tmp_path, remote="remote" in request.param)
    return Archive(open_store("git:baselines", work, SystemClock()))
