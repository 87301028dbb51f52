"""Duets around a load process that only pretends: work trees, services, hooks, blocks and looks."""

from __future__ import annotations

import shlex
import socket
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from perfspec import jsonio
from perfspec.plan.duet import Duet, duet_of
from perfspec.plan.model import DataSource, Hook, Plan, RowsFile
from perfspec.run.contracts import BrokenRunError
from perfspec.run.folder import RunFolder
from tests.duets import budget
from tests.results import make_test
from tests.runs import Events, Referee, environment, free_port, options, run, service, small_plan
from tests.unit.baseline.conftest import git

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from perfspec.measure.model import TestResult
    from perfspec.plan.model import Test

pytestmark = pytest.mark.slow

BLOCK_S = 2.0


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A repository with two commits, and a spec in a folder of it; no work tree is left behind."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    repository = tmp_path / "repository"
    folder = repository / "load"
    folder.mkdir(parents=True)
    git(repository, "init", "--quiet", "--initial-branch=main")
    for name, value in (("user.name", "Ada"), ("user.email", "ada@example.com")):
        git(repository, "config", name, value)
    (repository / ".gitignore").write_text(".perfspec\n", encoding="utf-8")
    for side in ("base", "head"):
        (folder / "side").write_text(side, encoding="utf-8")
        git(repository, "add", ".")
        git(repository, "commit", "--quiet", "-m", side)
    yield folder
    assert list(temporary.iterdir()) == []
    assert len(git(repository, "worktree", "list").splitlines()) == 1
    assert git(repository, "status", "--porcelain") == ""


def duet_in(work: Path, *looks: int) -> Test:
    base, head = git(work, "rev-parse", "HEAD~1", "HEAD").split()
    duet = Duet(base=base, head=head, block_s=BLOCK_S, looks=looks or (3,))
    return duet_of(make_test(name="load", budgets=(budget(),)), duet)


def plan_in(work: Path, *tests: Test, before: str = "", after: str = "", **rest: Any) -> Plan:  # noqa: ANN401
    port = free_port()
    api = service("api", port)
    api = msgspec.structs.replace(api, run=api.run.replace(str(port), f"${{PORT:-{port}}}"))
    place = msgspec.structs.replace(environment(api), url=f"http://127.0.0.1:{port}")
    hooks = {
        f"hooks_{when}": Hook(run=f"sh -c {shlex.quote(text)}", timeout_s=20)
        for when, text in (("before", before), ("after", after))
        if text
    }
    return small_plan(work, *tests, environment=place, **hooks, **rest)


def log(work: Path, name: str) -> list[str]:
    path = RunFolder.latest(work).logs / f"{name}.log"
    return path.read_text(encoding="utf-8").splitlines()


def result_of(plan: Plan, **rest: Any) -> TestResult:  # noqa: ANN401  (of run)
    return run(plan, options=options(), **rest).tests[-1]


def test_blocks_are_put_on_one_clock(work: Path) -> None:
    events = Events()
    result = result_of(plan_in(work, duet_in(work)), events=events)
    assert (result.name, result.status, result.measured_s) == ("load.duet", "complete", 6.0)
    [series] = result.series
    at = [result.edges[each.index] for each in series.windows]
    assert at == pytest.approx([0, 0.4, 2, 2.4, 4, 4.4])
    assert sum(each.count for each in series.windows) == 3 * 120
    assert [each.index for each in result.health] == sorted({each.index for each in result.health})
    [errors] = result.errors
    assert errors.count == 6
    assert events.steps == [
        "test started load.duet 1/1",
        *("block of at most" for _ in range(3)),
        "test ended load.duet complete",
    ]


def test_it_ends_as_soon_as_it_is_decided(work: Path) -> None:
    result = result_of(plan_in(work, duet_in(work, 2, 5)), referee=Referee(stops=True))
    assert (result.status, result.measured_s) == ("stopped", 4.0)
    assert result.reason == "decided after 2 of 5 blocks"


def test_services_of_both_are_started_anew_for_each_block_at_ports_of_their_own(
    work: Path,
) -> None:
    plan = plan_in(work, duet_in(work))
    with socket.create_server(("127.0.0.1", int(plan.environment.url.rpartition(":")[2]))):
        result = result_of(plan)  # their usual port is somebody else's
    assert result.status == "complete"
    for side in ("base", "head"):
        assert len([line for line in log(work, f"{side}-service-api") if "starting" in line]) == 3
    told = [line for line in log(work, "driver-load.duet") if line.startswith("base at")]
    assert len(told) == 3
    assert plan.environment.url not in told[0]
    assert '"PERFSPEC_SIDE":"base"' in told[0]


def test_tests_of_the_plan_and_duets_do_not_get_in_each_others_way(work: Path) -> None:
    events = Events()
    plan = plan_in(work, make_test(name="load", hold_s=2.0), duet_in(work))
    found = run(plan, options=options(), events=events)
    assert [each.status for each in found.tests] == ["complete", "complete"]
    assert events.steps[0] == "starting services"
    assert log(work, "service-api")


def test_hooks_run_in_the_work_tree_of_each_side(work: Path) -> None:
    before = (
        "echo $PERFSPEC_SIDE is $(cat side) at {{ environment.url }};"
        " echo API_TOKEN=token-of-$PERFSPEC_SIDE-1 >> $PERFSPEC_ENV; touch made"
    )
    plan = plan_in(
        work, duet_in(work), before=before, after="test -e made && rm made", secrets=("API_TOKEN",)
    )
    found = result_of(plan)
    assert found.status == "complete"
    for side in ("base", "head"):
        lines = log(work, f"{side}-hook-before")
        assert len(lines) == 3
        assert lines[0].startswith(f"{side} is {side} at http://127.0.0.1:")
    assert log(work, "driver-load.duet")
    assert {each.message for each in found.base_errors} == {"wrong token ***"}
    for path in RunFolder.latest(work).path.rglob("*.*"):
        text = path.read_text(encoding="utf-8")
        assert "token-of-base-1" not in text
        assert "token-of-head-1" not in text


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("test $PERFSPEC_SIDE = base", "head {head}: hook before ended with exit status 1"),
        ("exit 2", "base {base}: hook before ended with exit status 2"),
    ],
)
def test_a_side_that_cannot_be_set_up_breaks_the_run_and_is_named(
    work: Path, before: str, said: str
) -> None:
    plan = plan_in(work, duet_in(work), before=before, after="true")
    with pytest.raises(BrokenRunError) as caught:
        run(plan, options=options())
    base, head = (each[:7] for each in git(work, "rev-parse", "HEAD~1", "HEAD").split())
    assert said.format(base=base, head=head) in str(caught.value)
    [result] = caught.value.result.tests
    assert (result.status, result.measured_s) == ("broken", 0.0)


def test_nothing_is_cleaned_up_where_the_hook_before_was_never_begun(work: Path) -> None:
    plan = plan_in(work, duet_in(work), before="true", after="exit 3")
    broken = msgspec.structs.replace(plan.environment.services[0], run="sh -c 'exit 1'")
    place = msgspec.structs.replace(plan.environment, services=(broken,))
    with pytest.raises(BrokenRunError) as caught:
        run(msgspec.structs.replace(plan, environment=place), options=options())
    assert "hook after" not in str(caught.value)


def test_data_is_the_heads_unless_the_hook_makes_it(work: Path) -> None:
    (work / "people.csv").write_text("id\n1\n", encoding="utf-8")
    git(work, "add", ".")
    git(work, "commit", "--quiet", "-m", "people")
    people = rows_of("people.csv")
    made = rows_of("made.csv")
    before = "echo id > made.csv; echo $PERFSPEC_SIDE >> made.csv"
    plan = plan_in(work, duet_in(work), before=before, data=(people, made))
    assert plan.hooks_before is not None
    creating = msgspec.structs.replace(plan.hooks_before, creates=("made.csv",))
    result_of(msgspec.structs.replace(plan, hooks_before=creating))
    folder = RunFolder.latest(work).path / "duet"
    base, head = (jsonio.read_json(folder / side / "plan.json", Plan) for side in ("base", "head"))
    assert paths_of(head) == ["people.csv", "made.csv"]
    assert paths_of(base) == [f"{head.directory}/people.csv", "made.csv"]


def test_data_that_cannot_be_read_names_the_side(work: Path) -> None:
    people = msgspec.structs.replace(rows_of("people.csv"), secret=("id",))
    plan = plan_in(work, duet_in(work), data=(people,))
    with pytest.raises(BrokenRunError, match=r"base [0-9a-f]{7}: data 'people' cannot be read"):
        run(plan, options=options())


def rows_of(path: str) -> DataSource:
    return DataSource(name=path.partition(".")[0], source=RowsFile(path=path, format="csv"))


def paths_of(plan: Plan) -> list[str]:
    return [each.source.path for each in plan.data if isinstance(each.source, RowsFile)]


def test_a_commit_without_the_folder_of_the_spec_is_named(work: Path) -> None:
    repository = work.parent
    git(repository, "checkout", "--quiet", "--orphan", "other")
    git(repository, "rm", "--quiet", "--cached", "-r", "load")
    git(repository, "commit", "--quiet", "-m", "without")
    other = git(repository, "rev-parse", "HEAD")
    git(repository, "checkout", "--quiet", "--force", "main")
    test = duet_in(work)
    assert test.duet is not None
    duet = msgspec.structs.replace(test.duet, base=other)
    plan = plan_in(work, msgspec.structs.replace(test, duet=duet))
    with pytest.raises(BrokenRunError, match=f"base {other[:7]} has no folder load/, in which"):
        run(plan, options=options())
