"""A branch as a store: nothing of the work tree is touched, and concurrent writers lose nothing."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from perfspec.baseline.archive import Archive
from perfspec.baseline.store import StoreError, open_store
from perfspec.clock import SystemClock
from tests.records import small
from tests.unit.baseline.conftest import clone_with_code, git

if TYPE_CHECKING:
    from pathlib import Path

WRITER = """
import sys
from pathlib import Path
from perfspec.baseline.archive import Archive
from perfspec.baseline.store import open_store
from perfspec.clock import SystemClock
from tests.records import small
archive = Archive(open_store("git:baselines", Path(sys.argv[1]), SystemClock()))
for number in range(5):
    archive.add([small(10 * int(sys.argv[2]) + number)])
"""


def archive_in(work: Path) -> Archive:
    return Archive(open_store("git:baselines", work, SystemClock()))


@pytest.mark.parametrize("remote", [True, False])
def test_the_work_tree_is_never_touched(remote: bool, tmp_path: Path) -> None:
    work = clone_with_code(tmp_path, remote=remote)
    (work / "code.py").write_text("print(2)\n", encoding="utf-8")
    (work / "new.py").write_text("print(3)\n", encoding="utf-8")
    git(work, "add", "new.py")
    before = [git(work, *each) for each in (("status", "--porcelain"), ("rev-parse", "HEAD"))]
    archive = archive_in(work)
    archive.add([small(1)])
    archive.add([small(2)])
    archive.prune(1)
    assert len(archive.store.names()) == 1
    after = [git(work, *each) for each in (("status", "--porcelain"), ("rev-parse", "HEAD"))]
    assert after == before
    assert not (work / "records").exists()
    assert git(work, "rev-parse", "--is-shallow-repository") == "false"


def test_the_branch_shares_no_history_with_the_code(tmp_path: Path) -> None:
    work = clone_with_code(tmp_path, remote=True)
    archive = archive_in(work)
    for number in (1, 2):
        archive.add([small(number)])
    origin = tmp_path / "origin.git"
    subjects = git(origin, "log", "--format=%s", "baselines").splitlines()
    assert [each.split(":")[0] for each in subjects] == [
        f"record {small(number).run_id}" for number in (2, 1)
    ]
    assert git(origin, "for-each-ref", "--format=%(refname)").splitlines() == [
        "refs/heads/baselines",
        "refs/heads/main",
    ]
    archive.prune(1)
    assert git(origin, "rev-list", "--count", "baselines") == "1"


def test_hooks_of_the_repository_do_not_run(tmp_path: Path) -> None:
    work = clone_with_code(tmp_path, remote=True)
    for name in ("pre-push", "reference-transaction"):
        hook = work / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\nexit 1\n", encoding="utf-8")
        hook.chmod(0o755)
    archive_in(work).add([small(1)])
    assert not (tmp_path / "hooked").exists()


def test_a_remote_that_is_gone_is_an_error(tmp_path: Path) -> None:
    work = clone_with_code(tmp_path, remote=True)
    (tmp_path / "origin.git").rename(tmp_path / "moved.git")
    with pytest.raises(StoreError, match="baseline branch baselines cannot be read"):
        archive_in(work).add([small(1)])


def test_a_password_in_the_address_of_a_remote_is_not_repeated(tmp_path: Path) -> None:
    work = clone_with_code(tmp_path, remote=True)
    git(work, "remote", "set-url", "origin", "http://me:hidden@127.0.0.1:9/shop.git")
    with pytest.raises(StoreError, match=r"127\.0\.0\.1") as error:
        archive_in(work).add([small(1)])
    assert "hidden" not in str(error.value)


def test_a_remote_that_refuses_is_an_error(tmp_path: Path) -> None:
    work = clone_with_code(tmp_path, remote=True)
    hook = tmp_path / "origin.git" / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho nobody may write here >&2\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    with pytest.raises(StoreError, match="pre-receive hook declined"):
        archive_in(work).add([small(1)])


@pytest.mark.slow
@pytest.mark.parametrize("remote", [True, False])
def test_concurrent_writers_lose_nothing(remote: bool, tmp_path: Path) -> None:
    """Six processes, five records each, at the same branch."""
    work = clone_with_code(tmp_path, remote=remote)
    places = []
    for number in range(6):
        place = work
        if remote and number % 2:  # some share a clone, some have their own
            place = tmp_path / f"clone{number}"
            git(tmp_path, "clone", "--quiet", str(tmp_path / "origin.git"), place.name)
        places.append(place)
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(place), str(number)])
        for number, place in enumerate(places)
    ]
    assert [each.wait(120) for each in writers] == [0] * 6
    headers, left_out = archive_in(work).headers()
    assert left_out == ()
    expected = {small(10 * writer + n).run_id for writer in range(6) for n in range(5)}
    assert {each.run_id for each in headers.values()} == expected
    place = tmp_path / "origin.git" if remote else work
    assert git(place, "rev-list", "--count", "baselines") == "30"
