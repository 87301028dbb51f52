"""The baseline from the command line: runs are recorded, compared, accepted, tried on themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from perfspec import jsonio
from perfspec.cli.judging import Judging
from perfspec.cli.main import run
from perfspec.clock import SystemClock
from perfspec.judge.model import Verdict
from perfspec.measure.model import RunResult
from perfspec.plan.budget import BaselineRule, Budget
from perfspec.plan.limits import Subject
from perfspec.plan.metrics import metric_of
from perfspec.plan.model import Plan, Protection
from perfspec.run.folder import RUNS, RunFolder
from tests.results import ENDPOINTS, limit, make_plan, make_run, make_test, measure, place
from tests.unit.baseline.conftest import git

if TYPE_CHECKING:
    from pathlib import Path

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
BUDGETS = tuple(
    Budget(
        id=f"{name}.{metric} budget",
        subject=Subject(kind="request", name=name),
        metric=metric_of(metric),
        fail=0.2,
        min_samples=200,
        place=place(20),
        origin=f"budget.{metric}",
    )
    for name in ENDPOINTS
    for metric in ("p50", "p95")
)


@dataclass(frozen=True)
class Shop:
    """A repository on ``main`` with runs of one test, the older ones first."""

    folder: Path

    def ran(self, number: int, slower: float = 1.0, *, status: str = "complete") -> RunFolder:
        """A finished run of day ``number``, in which one endpoint was slower."""
        dice = Random(number)
        host = dice.gauss(1, 0.02)
        traffic = {
            name: [
                0.02
                * (index + 1)
                * host
                * (slower if index == 3 else 1)
                * dice.lognormvariate(0, 0.2)
                for _ in range(400)
            ]
            for index, name in enumerate(ENDPOINTS)
        }
        test = make_test(limit("error_rate", 0.01), record=True, budgets=BUDGETS)
        plan = make_plan(
            test, directory=str(self.folder), baseline=BaselineRule(store="dir:history")
        )
        measured = measure(test, traffic)
        measured.started = (BEGIN + timedelta(days=number)).isoformat()
        measured.status = status  # type: ignore[assignment]
        stamp = f"{BEGIN + timedelta(days=number):%Y-%m-%dT%H-%M-%SZ}"
        result = make_run(plan, measured, run_id=f"{stamp}-{number:04x}")
        folder = RunFolder(self.folder / RUNS / result.run_id)
        folder.report.mkdir(parents=True)
        jsonio.write_json(folder.plan, plan)
        jsonio.write_json(folder.result, result)
        return folder


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text(".perfspec\nhistory\n", encoding="utf-8")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "shop")
    monkeypatch.chdir(tmp_path)
    for name in ("CI", "GITHUB_REF_NAME", "GITHUB_SHA", "GITHUB_EVENT_NAME", "CI_COMMIT_BRANCH"):
        monkeypatch.delenv(name, raising=False)
    return Shop(tmp_path)


def recorded(shop: Shop, count: int) -> None:
    for number in range(count):
        assert run(["baseline", "record", str(shop.ran(number).path)]) == 0


def test_a_regression_fails_the_run_and_every_report_says_so(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded(shop, 8)
    folder = shop.ran(9, slower=1.5)
    capsys.readouterr()
    assert run(["judge", str(folder.path)]) == 1
    said = capsys.readouterr().out
    verdict = jsonio.read_json(folder.verdict, Verdict)
    [test] = verdict.tests
    assert (test.outcome, verdict.exit_code) == ("fail", 1)
    assert test.reasons == ("Of 8 budgets 2 exceeded.",)
    texts = {
        "terminal": said,
        "markdown": (folder.report / "summary.md").read_text(encoding="utf-8"),
        "junit": (folder.report / "junit.xml").read_text(encoding="utf-8"),
    }
    for where, text in texts.items():
        flat = " ".join(text.replace("\\", "").split())
        assert "chance that an unchanged commit fails this comparison: at most 1%" in flat, where
        assert "compared with 8 runs of the baseline" in flat, where
        assert "worse beyond doubt, and by more than the budget" in flat, where
        assert "smallest change that this run finds with 95 %" in flat, where
    assert 'failures="2"' in texts["junit"]
    assert "█" in texts["markdown"]
    assert "█" in said


def test_budgets_that_nothing_is_compared_with_may_pass_and_are_not_kept(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shop.ran(0)
    plan = jsonio.read_json(folder.plan, Plan)
    rule = BaselineRule(store="dir:history", missing="pass")
    jsonio.write_json(folder.plan, msgspec.structs.replace(plan, baseline=rule))
    assert run(["judge", str(folder.path)]) == 0
    assert jsonio.read_json(folder.verdict, Verdict).outcome == "pass"
    said = capsys.readouterr().out
    assert "8 budgets have no run to compare with yet" in said
    assert "budgets kept" not in said
    summary = (folder.report / "summary.md").read_text(encoding="utf-8")
    assert "Budgets not compared: 8" in summary
    assert "Budgets kept" not in summary


def test_an_unchanged_run_passes(shop: Shop) -> None:
    recorded(shop, 8)
    assert run(["judge", str(shop.ran(9).path)]) == 0
    assert run(["baseline", "compare", str(shop.ran(10).path)]) == 0


def test_without_a_baseline_a_run_warns(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    folder = shop.ran(0)
    assert run(["judge", str(folder.path)]) == 0
    assert jsonio.read_json(folder.verdict, Verdict).outcome == "warn"
    assert "8 budgets have no run to compare with yet" in capsys.readouterr().out


def test_a_partial_run_decides_no_budget_and_is_not_recorded(shop: Shop) -> None:
    recorded(shop, 6)
    folder = shop.ran(9, slower=1.5, status="partial")
    assert run(["judge", str(folder.path)]) == 4
    [test] = jsonio.read_json(folder.verdict, Verdict).tests
    assert test.comparison is not None
    assert {each.outcome for each in test.comparison.changes} == {"inconclusive"}
    assert run(["baseline", "record", str(folder.path)]) == 4


def test_a_run_of_another_branch_is_kept_and_not_compared_with(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_REF_NAME", "next")
    recorded(shop, 6)
    said = "warning: this is a run of next: only those of main are compared with (compare_with)"
    assert said in capsys.readouterr().err
    folder = shop.ran(9, slower=1.5)
    assert run(["judge", str(folder.path)]) == 0
    [test] = jsonio.read_json(folder.verdict, Verdict).tests
    assert test.comparison is not None
    assert {each.state for each in test.comparison.changes} == {"no_baseline"}
    assert "6 runs of this test are not of main: not compared." in test.comparison.notes


def test_a_run_of_no_branch_is_said_to_count_as_one_of_the_branch(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded(shop, 1)
    assert "warning" not in capsys.readouterr().err
    git(shop.folder, "checkout", "--quiet", "--detach")
    assert run(["baseline", "record", str(shop.ran(1).path)]) == 0
    assert capsys.readouterr().err == (
        "warning: no branch is checked out, so this counts as a run of main (compare_with):"
        " check out its branch before recording\n"
    )


def test_a_pull_request_is_no_baseline(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request")
    assert run(["baseline", "record", str(shop.ran(0).path)]) == 2
    assert "no baseline" in capsys.readouterr().err
    assert not (shop.folder / "history").exists()


def read(folder: RunFolder) -> tuple[Plan, RunResult]:
    return jsonio.read_json(folder.plan, Plan), jsonio.read_json(folder.result, RunResult)


def test_what_sequences_ask_for_counts_budgets_too(shop: Shop) -> None:
    recorded(shop, 8)
    plan, result = read(shop.ran(9))
    assert Judging(plan, SystemClock()).passed(plan.tests[0], result)
    plan, result = read(shop.ran(10, slower=1.5))
    judging = Judging(plan, SystemClock())
    assert not judging.passed(plan.tests[0], result)
    result.tests[0].confirmation = read(shop.ran(11))[1].tests[0]
    assert judging.passed(plan.tests[0], result)


def test_a_test_that_exceeds_a_budget_is_run_once_more(shop: Shop) -> None:
    recorded(shop, 8)
    plan, result = read(shop.ran(10, slower=1.5))
    [test] = plan.tests

    def doubt(**changed: Any) -> str | None:  # noqa: ANN401  (fields of the plan)
        other = msgspec.structs.replace(plan, **changed)
        return Judging(other, SystemClock()).doubt(other.tests[0], result)

    assert doubt() == "the budget of order p50 and 1 more is exceeded, to be confirmed"
    assert plan.baseline is not None
    assert doubt(baseline=msgspec.structs.replace(plan.baseline, confirm=False)) is None
    guarded = msgspec.structs.replace(plan.environment, protected=Protection())
    assert doubt(environment=guarded) is None
    failing = msgspec.structs.replace(test, objectives=(limit("p95", 0.001),))
    assert doubt(tests=(failing,)) is None
    assert doubt(tests=(msgspec.structs.replace(test, budgets=()),)) is None


def test_one_that_was_confirmed_is_not(shop: Shop) -> None:
    recorded(shop, 8)
    plan, result = read(shop.ran(10, slower=1.5))
    judging = Judging(plan, SystemClock())
    assert judging.doubt(plan.tests[0], result) is not None
    result.tests[0].confirmation = read(shop.ran(11, slower=1.5))[1].tests[0]
    assert judging.doubt(plan.tests[0], result) is None
    assert not judging.passed(plan.tests[0], result)


@pytest.mark.parametrize(("again", "code"), [(1.5, 1), (1.0, 0)])
def test_a_regression_is_confirmed_by_the_second_run(
    shop: Shop, again: float, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded(shop, 8)
    folder, (_, second) = shop.ran(10, slower=1.5), read(shop.ran(11, slower=again))
    _, result = read(folder)
    result.tests[0].confirmation = second.tests[0]
    jsonio.write_json(folder.result, result)
    capsys.readouterr()
    assert run(["judge", str(folder.path)]) == code
    said = " ".join(capsys.readouterr().out.split())
    junit = (folder.report / "junit.xml").read_text(encoding="utf-8")
    markdown = (folder.report / "summary.md").read_text(encoding="utf-8")
    for text in (said, junit, markdown):
        assert ("in two runs" if code else "worse in one run, and not in a second one") in text
        assert "in a second run" in text.replace("second one", "second run")
    assert "budgets 2 exceeded" in said if code else "2 not confirmed by a second run" in said


def test_what_is_accepted_begins_anew(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    recorded(shop, 6)
    store = ["--store", "dir:history"]
    assert run(["baseline", "accept", *store, "--test", "laod", "--reason", "TLS"]) == 2
    assert "has no record of a test 'laod'" in capsys.readouterr().err
    assert run(["baseline", "accept", *store, "--reason", "TLS", "--by", "jo"]) == 0
    folder = shop.ran(400, slower=1.5)  # later than today
    capsys.readouterr()
    assert run(["judge", str(folder.path)]) == 0
    assert "begins anew after what jo accepted: TLS" in " ".join(capsys.readouterr().out.split())


def test_records_are_listed_shown_moved_and_pruned(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded(shop, 4)
    store = ["--store", "dir:history"]
    capsys.readouterr()
    assert run(["baseline", "list", *store]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert "load/local/" in lines[0]
    assert run(["baseline", "show", *store, "0002-"]) == 0
    shown = msgspec.json.decode(capsys.readouterr().out)
    assert (shown["run_id"][-4:], shown["branch"]) == ("0002", "main")
    assert run(["baseline", "show", *store, "nowhere"]) == 2
    assert run(["baseline", "export", *store, "elsewhere"]) == 0
    assert run(["baseline", "prune", *store, "--keep", "1"]) == 0
    assert "3 records removed" in capsys.readouterr().out
    assert run(["baseline", "import", *store, "elsewhere"]) == 0
    assert "3 files copied" in capsys.readouterr().out


SPEC = """\
perfspec: 1
name: shop
environments:
  local: { url: http://127.0.0.1:8801 }
endpoints:
  home: { request: GET / }
personas:
  reader: { think: 1s, journey: [home] }
budget: { p95: +10% }
baseline: { store: "dir:history" }
tests:
  load: { users: 50, duration: 5m, slo: { error_rate: 1% } }
"""


@pytest.mark.parametrize("command", [["selftest"], ["plan", "--detect", "10%"]])
def test_nothing_is_promised_without_runs(
    command: list[str], shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop.folder / "perfspec.yaml").write_text(SPEC, encoding="utf-8")
    assert run(command) == (4 if command == ["selftest"] else 0)
    assert "0 comparable runs" in capsys.readouterr().out


def test_a_spec_without_budgets_has_nothing_to_try(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    text = SPEC.replace("budget: { p95: +10% }\n", "")
    (shop.folder / "perfspec.yaml").write_text(text, encoding="utf-8")
    assert run(["selftest"]) == 2
    assert "has budgets" in capsys.readouterr().err
