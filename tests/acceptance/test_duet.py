"""Two commits of a small server, compared as a pull request has it: nothing of it is pretended."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from perfspec.judge.model import Outcome
from tests.commands import Kept, check_agreement, perfspec, property_of, started, write_spec
from tests.unit.baseline.conftest import git

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Eventually

pytestmark = pytest.mark.slow

SERVER = (Path(__file__).parents[2] / "examples" / "duet" / "server.py").read_text("utf-8")
SERVER = SERVER.replace(
    "import sys\n", "import os\nimport sys\n\nprint(os.environ['PERFSPEC_SIDE'], flush=True)\n"
)
SLOWER = SERVER.replace('"/orders": 0.030', '"/orders": 0.045')
SPEC = """\
perfspec: 1
name: shop
environments:
  local:
    url: http://127.0.0.1:${PORT:-8931}
    services:
      shop:
        run: python server.py ${PORT:-8931}
        ready: GET /health
hooks:
  before: { run: "python -c \\"open('made.txt', 'w')\\"", creates: made.txt }
endpoints:
  books: { request: GET /books }
  orders: { request: GET /orders }
  cart: { request: GET /cart }
personas:
  reader: { journey: [books, orders, cart], think: 5ms }
budget: { p50: { fail: +20%, min_samples: 50 }, error_rate: +1pp, throughput: -5% }
tests:
  load: { users: 4, duration: 2s, slo: { error_rate: 0% } }
"""
SHORT = ("--block", "2s", "--blocks", "5")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A repository whose ``main`` has the server as it was."""
    work = tmp_path / "work"
    work.mkdir()
    git(work, "init", "--quiet", "--initial-branch=main")
    for name, value in (("user.name", "Ada"), ("user.email", "ada@example.com")):
        git(work, "config", name, value)
    write_spec(work, SPEC)
    (work / ".gitignore").write_text(".perfspec\n", encoding="utf-8")
    commit(work, SERVER)
    git(work, "checkout", "--quiet", "-b", "change")
    return work


@pytest.fixture
def temporary(tmp_path: Path) -> Iterator[Path]:
    """Where work trees are made; nothing may be left there."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    yield folder
    assert list(folder.iterdir()) == []


def commit(work: Path, server: str) -> None:
    (work / "server.py").write_text(server, encoding="utf-8")
    git(work, "add", ".")
    git(work, "commit", "--quiet", "-m", "server")


def check_clean(work: Path) -> None:
    assert len(git(work, "worktree", "list").splitlines()) == 1
    assert git(work, "status", "--porcelain") == ""
    assert not (work / "made.txt").exists()


def test_a_slower_endpoint_fails_and_an_unchanged_one_passes(shop: Path, temporary: Path) -> None:
    commit(shop, SLOWER)
    done = perfspec(shop, "duet", "--base", "main", *SHORT, TMPDIR=str(temporary))
    assert done.code == 1, done.all
    kept = check_agreement(done, shop)
    base, head = (git(shop, "rev-parse", each) for each in ("main", "HEAD"))
    line = f"(duet, 5×2s, base {base[:7]} → head {head[:7]})"  # noqa: RUF001
    assert f"load.duet: fail  {line}" in done.out
    assert line in kept.summary
    assert line.strip("()") in kept.page
    for text in (" ".join(done.out.split()), kept.summary, kept.page):
        assert "a duet sends both commits the same requests" in text
    [suite] = kept.junit.iter("testsuite")
    assert property_of(suite, "compared") == line.strip("()")
    [test] = kept.verdict.tests
    assert test.comparison is not None
    found = {(each.subject.name, each.metric.name): each for each in test.comparison.changes}
    assert found["orders", "p50"].outcome is Outcome.FAIL
    assert found["orders", "p50"].change == pytest.approx(0.45, abs=0.25)
    assert found["books", "p50"].outcome is not Outcome.FAIL
    assert found["orders", "error_rate"].outcome is Outcome.PASS
    for side in ("base", "head"):
        log = kept.folder.logs / f"{side}-service-shop.log"
        said = log.read_text(encoding="utf-8").splitlines()
        assert [each for each in said if each in {"base", "head"}] == [side] * 5
    check_clean(shop)

    again = perfspec(shop, "judge")
    assert again.code == 1
    looser = SPEC.replace("+20%", "+90%")
    (shop.parent / "looser.yaml").write_text(looser, encoding="utf-8")
    loosened = perfspec(shop, "judge", "--spec", str(shop.parent / "looser.yaml"))
    assert loosened.code == 0, loosened.all


def test_a_commit_that_does_not_start_is_named(shop: Path, temporary: Path) -> None:
    commit(shop, "raise SystemExit('no database')\n")
    done = perfspec(shop, "duet", "--base", "main", *SHORT, TMPDIR=str(temporary))
    head = git(shop, "rev-parse", "HEAD")[:7]
    assert done.code == 3, done.all
    assert f"Error: service shop of head {head} ended with exit status 1" in done.err
    assert "no database" in done.err
    check_agreement(done, shop)
    assert "base" in (Kept(shop).folder.logs / "base-service-shop.log").read_text(encoding="utf-8")
    check_clean(shop)


def test_what_cannot_be_a_duet_says_what_to_do(shop: Path) -> None:
    write_spec(shop, SPEC.replace("slo:", "compare: duet, slo:"))
    done = perfspec(shop, "run")
    assert done.code == 2
    assert (
        "Error: test load (perfspec.yaml:20:3) says compare: duet: name the commit to compare with,"
        " such as --base main\n"
    ) in done.err
    done = perfspec(shop, "duet", "--base", "main")
    assert "main and HEAD are the same commit" in done.err
    done = perfspec(shop, "duet", "--base", "nowhere")
    assert f"there is no commit 'nowhere' in the repository of {shop}" in done.err
    commit(shop, SERVER + "# unchanged\n")
    write_spec(shop, SPEC.replace("${PORT:-8931}", "8931"))
    done = perfspec(shop, "duet", "--base", "main")
    assert (done.code, done.out) == (2, "")
    assert (
        "the port of environments.local.url (8931) is not one that a service takes from a variable:"
        " write ${PORT:-8931} for it there and in services.shop\n"
    ) in done.err
    assert not (shop / ".perfspec").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_whatever_ends_it_nothing_is_left(
    shop: Path, temporary: Path, eventually: Eventually, number: signal.Signals
) -> None:
    commit(shop, SERVER + "# unchanged\n")
    with started(
        shop, "duet", "--base", "main", "--block", "60s", "--blocks", "3", TMPDIR=str(temporary)
    ) as command:
        logs = eventually(lambda: list(shop.glob(".perfspec/runs/*/logs/driver-load.duet.log")))
        assert logs
        eventually(lambda: len(psutil.Process(command.process.pid).children()) >= 4)
        below = psutil.Process(command.process.pid).children(recursive=True)
        if number == signal.SIGKILL:
            command.process.kill()
        else:
            os.killpg(command.process.pid, number)
        done = command.end()
        assert done.code == (130 if number == signal.SIGINT else -number), done.all
        eventually(lambda: [each for each in below if _alive(each)] == [], within_s=60)
        eventually(lambda: list(temporary.iterdir()) == [])
        eventually(lambda: len(git(shop, "worktree", "list").splitlines()) == 1)
    check_clean(shop)


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
