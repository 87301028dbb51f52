"""Workers of other machines, here processes of their own in empty folders, joined over 127.0.0.1."""

from __future__ import annotations

import signal
import socket
from collections import Counter
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.commands import Kept, perfspec, started, write_spec
from tests.runs import free_port
from tests.targets import running_target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.commands import Command, Done
    from tests.conftest import Eventually
    from tests.targets import Received, Target

pytestmark = pytest.mark.slow

KEY = "a key that nobody guesses"
SECRET = "sesame-4711"
PATIENCE_S = 60  # for several processes to start on a busy machine
SPEC = """\
perfspec: 1
name: shared load
environments: { local: { url: <url> } }
secrets: [API_TOKEN]
data:
  people: { csv: ../people.csv, pick: unique }
  papers: { files: { paper: { path: paper.txt, weight: 1 } } }
defaults: { headers: { Authorization: "Bearer ${API_TOKEN}", X-Tenant: "${TENANT}" } }
endpoints:
  read: { request: "GET /read/{{ user.name }}" }
  hand_in: { request: POST /hand_in, multipart: { paper: { from: papers } } }
personas:
  reader:
    data: people
    think: 50ms..100ms
    on_start: [hand_in]
    journey: [read, { call: "steps:greet" }]
slo: { error_rate: 0% }
tests:
  first: { users: 6, duration: 2s }
  second: { users: 3, duration: 1s }
  long: { users: 6, duration: 60s }
sequences:
  default: [first, second]
"""
STEPS = """\
from words import HELLO

def greet(session):
    session.variables["greeting"] = HELLO
"""
AHEAD = """\
from datetime import timedelta
from perfspec.clock import SystemClock
now = SystemClock.now
SystemClock.now = lambda self: now(self) + timedelta(seconds=5)
"""


@pytest.fixture
def target() -> Iterator[Target]:
    with running_target() as found:
        yield found


@pytest.fixture
def folder(tmp_path: Path, target: Target) -> Path:
    """A spec with data, a file and Python beside it; what it calls for is nowhere else."""
    folder = tmp_path / "specs"
    folder.mkdir()
    names = "\n".join(f"reader-{n}" for n in range(1, 7))
    (tmp_path / "people.csv").write_text(f"name\n{names}\n")
    (folder / "paper.txt").write_text("what I have written")
    (folder / "steps.py").write_text(STEPS)
    (folder / "words.py").write_text("HELLO = 'hello'\n")
    write_spec(folder, SPEC, url=target.url)
    return folder


class Place:
    """Where a run is to be found by its workers."""

    def __init__(self, folder: Path) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        self._folder = folder
        self._elsewhere = folder.parent / "elsewhere"
        self._elsewhere.mkdir()

    @contextmanager
    def run(self, *arguments: str, workers: int = 3, wait: str = "1m") -> Iterator[Command]:
        words = ["--expect-workers", str(workers), "--bind", self.address, "--wait", wait]
        variables = {"API_TOKEN": SECRET, "TENANT": "north", "PERFSPEC_WORKER_KEY": KEY}
        with started(self._folder, "run", *words, *arguments, **variables) as command:
            yield command

    @contextmanager
    def worker(self, wait: str = "1m", key: str = KEY, **variables: str) -> Iterator[Command]:
        words = ["--master", self.address, "--wait", wait]
        with started(
            self._elsewhere, "worker", *words, PERFSPEC_WORKER_KEY=key, **variables
        ) as command:
            yield command

    @contextmanager
    def workers(self, count: int) -> Iterator[list[Command]]:
        with ExitStack() as stack:
            yield [stack.enter_context(self.worker()) for _ in range(count)]


@pytest.fixture
def place(folder: Path) -> Place:
    return Place(folder)


def reads(target: Target) -> list[Received]:
    return [each for each in target.received if each.path.startswith("/read/")]


def errors(done: Done) -> list[str]:
    return [line for line in done.err.splitlines() if line.startswith("Error: ")]


def test_three_workers_share_every_test_of_a_run(
    place: Place, folder: Path, target: Target
) -> None:
    with place.workers(3) as workers, place.run() as run:
        done = run.end()
        assert [each.end().code for each in workers] == [0, 0, 0]
    assert done.code == 0, done.all
    kept = Kept(folder)
    first, second = kept.result.tests
    assert (first.status, second.status) == ("complete", "complete")
    assert [each.number for each in first.workers] == [1, 2, 3]
    assert len({each.process for each in first.workers}) == 3
    assert max(abs(each.clock_ahead_s) for each in first.workers) < 0.1
    assert {each.workers for each in first.health} == {3}

    counted = sum(
        window.count
        for test in kept.result.tests
        for series in test.series
        if series.key.kind == "request" and series.key.name != "steps:greet"
        for window in series.windows
    )
    assert counted == len(target.received)
    people = {each.path for each in reads(target)}
    assert people == {f"/read/reader-{n}" for n in range(1, 7)}
    assert {each.headers["authorization"] for each in target.received} == {f"Bearer {SECRET}"}
    assert {each.headers["x-tenant"] for each in target.received} == {"north"}
    assert all(b"what I have written" in each.body for each in target.seen("/hand_in"))
    assert SECRET not in done.all
    assert KEY not in "".join(path.read_text(errors="replace") for path in kept.files())


def test_users_and_rows_are_divided_without_overlap(place: Place, target: Target) -> None:
    with place.workers(3) as workers, place.run("--only", "first") as run:
        assert run.end().code == 0
        assert [each.end().code for each in workers] == [0, 0, 0]
    users = Counter(path for path, _ in {(each.path, each.port) for each in reads(target)})
    assert users == {f"/read/reader-{n}": 1 for n in range(1, 7)}


def test_a_worker_killed_by_sigkill_is_named_and_nothing_is_judged_without_it(
    place: Place, folder: Path, target: Target, eventually: Eventually
) -> None:
    with place.workers(3) as workers, place.run("--sequence", "long") as run:
        eventually(lambda: len(reads(target)) > 100, within_s=PATIENCE_S)
        (victim,) = psutil.Process(workers[1].process.pid).children()
        victim.send_signal(signal.SIGKILL)
        done = run.end()
        ends = [each.end() for each in workers]
    assert done.code == 3
    (test,) = Kept(folder).result.tests
    (lost,) = [each for each in test.workers if each.process == victim.pid]
    assert test.status == "broken"
    name = f"load generator worker {lost.number} of 3 (process {victim.pid} on {lost.host})"
    assert f"{name} has not reported for 5 s" in str(test.reason)
    assert name in done.err
    assert Kept(folder).verdict.outcome == "error"
    assert 60 > test.measured_s > 0
    kept = sum(
        window.count
        for series in test.series
        if series.key.name == "read"
        for window in series.windows
    )
    assert 50 < kept <= len(reads(target))  # all but what the victim had not yet told
    (finding,) = Kept(folder).verdict.tests[0].findings
    assert finding.outcome == "inconclusive"
    assert finding.reason == "the test broke, so its numbers decide nothing"
    assert [each.code for each in ends] == [0, 3, 0]
    assert "killed by SIGKILL" in ends[1].err


def test_workers_of_a_run_that_is_killed_end_and_say_so(
    place: Place, target: Target, eventually: Eventually
) -> None:
    with place.workers(2) as workers, place.run("--sequence", "long", workers=2) as run:
        eventually(lambda: len(reads(target)) > 20, within_s=PATIENCE_S)
        for child in psutil.Process(run.process.pid).children(recursive=True):
            child.kill()
        run.process.kill()
        ends = [each.end() for each in workers]
    assert [each.code for each in ends] == [3, 3]
    for each in ends:
        assert len(errors(each)) == 1
        assert f"the run at {place.address} has not been heard of for 10 s" in each.err


def test_too_few_workers_break_the_run_when_the_time_is_up(place: Place, target: Target) -> None:
    with place.worker() as worker, place.run(workers=2, wait="5s") as run:
        done = run.end()
        assert worker.end().code == 0
    assert done.code == 3
    assert len(errors(done)) == 1
    assert "1 of 2 workers were there after 5 s: start the others (perfspec worker" in done.err
    assert target.received == []


def test_ctrl_c_ends_the_wait_for_workers(
    place: Place, folder: Path, eventually: Eventually
) -> None:
    with place.worker() as worker, place.run(workers=2) as run:
        eventually(lambda: run.says("1 of 2 workers are there"), within_s=PATIENCE_S)
        run.process.send_signal(signal.SIGINT)
        assert run.end().code == 130
        assert worker.end().code == 0
    assert [each.status for each in Kept(folder).result.tests] == ["partial", "skipped"]


def test_a_worker_without_a_run_gives_up_when_the_time_is_up(place: Place) -> None:
    with place.worker(wait="2s") as worker:
        done = worker.end()
    assert (done.code, len(errors(done))) == (3, 1)
    assert f"no run was found at {place.address} within 2 s" in done.err


def test_a_worker_of_another_version_is_refused(place: Place, tmp_path: Path) -> None:
    changed = customised(tmp_path, "import perfspec\nperfspec.__version__ = '0.0.9'\n")
    with place.worker(PYTHONPATH=changed) as worker, place.run(workers=1) as run:
        done, refused = run.end(), worker.end()
    assert (done.code, refused.code) == (3, 3)
    assert "has perfspec 0.0.9, and the run has" in errors(done)[0]
    assert "install the same version on both" in errors(refused)[0]
    assert len(errors(done)) == len(errors(refused)) == 1


def test_a_worker_with_another_key_gets_nothing(place: Place, target: Target) -> None:
    with place.worker(key="something else entirely") as worker, place.run(workers=1) as run:
        done, refused = run.end(), worker.end()
    assert (done.code, refused.code) == (3, 3)
    assert "PERFSPEC_WORKER_KEY is not the same here" in errors(refused)[0]
    assert "PERFSPEC_WORKER_KEY is not the same here" in errors(done)[0]
    assert target.received == []


def test_a_worker_too_many_is_sent_away(
    place: Place, target: Target, eventually: Eventually
) -> None:
    with place.worker() as worker, place.run("--sequence", "long", workers=1) as run:
        eventually(lambda: reads(target), within_s=PATIENCE_S)
        with place.worker() as late:
            refused = late.end()
        run.process.send_signal(signal.SIGINT)
        assert (run.end().code, worker.end().code) == (130, 0)
    assert refused.code == 3
    assert "it has the 1 worker that it expects" in errors(refused)[0]


def test_a_clock_that_is_wrong_is_told(place: Place, folder: Path, tmp_path: Path) -> None:
    changed = customised(tmp_path, AHEAD)
    with (
        place.worker(PYTHONPATH=changed) as worker,
        place.run("--only", "second", workers=1) as run,
    ):
        done = run.end()
        assert worker.end().code == 0
    assert done.code == 0, done.all
    (only,) = Kept(folder).result.tests[0].workers
    assert only.clock_ahead_s == pytest.approx(5.0, abs=0.2)
    assert f"the clock of worker 1 (process {only.process} on {only.host}) is" in done.err


def customised(tmp_path: Path, text: str) -> str:
    """A folder for PYTHONPATH whose processes begin with this."""
    folder = tmp_path / "customised"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(text)
    return str(folder)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--expect-workers", "2"], "--expect-workers and --bind go together"),
        (["--bind", "127.0.0.1"], "--expect-workers and --bind go together"),
        (
            ["--expect-workers", "2", "--bind", "127.0.0.1", "--workers", "2"],
            "--workers are processes of this machine",
        ),
        (["--expect-workers", "2", "--bind", "127.0.0.1"], "PERFSPEC_WORKER_KEY is not set"),
        (["--expect-workers", "2", "--bind", "127.0.0.1:x"], "is no address"),
        (["--expect-workers", "2", "--bind", "127.0.0.1", "--wait", "soon"], "'soon'"),
    ],
)
def test_options_that_do_not_go_together_are_2(
    folder: Path, arguments: list[str], message: str
) -> None:
    done = perfspec(folder, "run", *arguments)
    assert (done.code, message in done.err) == (2, True), done.err


def test_an_address_that_is_taken_is_3(place: Place) -> None:
    host, _, port = place.address.partition(":")
    with socket.create_server((host, int(port))), place.run() as run:
        done = run.end()
    assert done.code == 3
    assert f"cannot listen for workers at {place.address}" in errors(done)[0]
