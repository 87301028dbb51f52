"""The quickstart as it is: run once, shortened, then judged and reported on from its files."""

from __future__ import annotations

import base64
import csv
import json
import shutil
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from tests.commands import Done, Kept, check_agreement, perfspec
from tests.runs import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("quickstart")]

ROOT = Path(__file__).parents[2]
REPORT = {f"{name}.csv" for name in ("monitors", "requests", "windows")} | {
    "junit.xml",
    "report.html",
    "summary.md",
}
SCALE = "30%"
LOOSE = {
    "p95: 200ms": "p95: { fail: 10s, min_samples: 1 }",
    "p95: { warn: 100ms, fail: 200ms }": "p95: 10s",
    "p95: 100ms": "p95: 10s",
    "p95: 400ms": "p95: { fail: 10s, min_samples: 1 }",
    "p95: 3s": "p95: { fail: 10s, min_samples: 1 }",
    "p95: 800ms": "p95: { fail: 10s, min_samples: 1 }",
    "p95: 150ms": "p95: 10s",
    "slo: { success_rate: 100% }": "slo: { success_rate: { fail: 50%, min_samples: 1 } }",
    "throughput: 40/s": "throughput: 1/s",
}


@dataclass
class Ran:
    """The run; tests read it and judge it anew, and nothing of its own files changes by that."""

    folder: Path
    port: str
    done: Done

    @property
    def kept(self) -> Kept:
        return Kept(self.folder)

    def perfspec(self, *arguments: str) -> Done:
        return perfspec(self.folder, *arguments, PORT=self.port)

    def changed_spec(self, changes: Mapping[str, str]) -> str:
        """Another spec beside the first one; each text that is replaced is there."""
        text = (self.folder / "perfspec.yaml").read_text(encoding="utf-8")
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        (self.folder / "changed.yaml").write_text(text, encoding="utf-8")
        return "changed.yaml"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("quickstart") / "quickstart"
    shutil.copytree(ROOT / "examples" / "quickstart", folder, ignore=shutil.ignore_patterns(".*"))
    port = str(free_port())
    done = perfspec(folder, "run", "--only", "load", "--time-scale", SCALE, PORT=port)
    return Ran(folder, port, done)


def test_it_runs_to_a_verdict(ran: Ran) -> None:
    kept = check_agreement(ran.done, ran.folder)
    load = kept.test("load")
    assert load.status == "complete"
    assert ran.done.code in {0, 4}, ran.done.all  # a shortened run has few reports to judge
    assert {"pass", "warn"} >= {
        each.outcome
        for each in kept.verdict.tests[0].findings
        if each.subject.kind == "total" or each.subject.name in {"find_books", "get_book"}
    }
    names = {each.key.name for each in load.series}
    assert names >= {
        "login",
        "find_books",
        "get_book",
        "view_cart",
        "purchase",
        "order_report.done",
    }
    assert load.errors == []
    assert sum(each.failed for each in load.journeys) == 0


def test_every_file_is_there_and_valid(ran: Ran) -> None:
    folder = ran.kept.folder
    assert {each.name for each in folder.report.iterdir()} == REPORT
    assert {each.name for each in folder.logs.iterdir()} == {
        "driver-load.log",
        "service-shop.log",
    }
    for name in ("plan", "result", "verdict"):
        document = json.loads((folder.path / f"{name}.json").read_text(encoding="utf-8"))
        schema = json.loads((ROOT / "schema" / f"{name}.schema.json").read_text(encoding="utf-8"))
        Draft202012Validator(schema).validate(document)


def test_the_tables_add_up_to_the_result(ran: Ran) -> None:
    folder = ran.kept.folder
    with (folder.report / "windows.csv").open(encoding="utf-8", newline="") as file:
        rows = [each for each in csv.DictReader(file) if each["kind"] == "request"]
    in_windows = sum(
        window.count
        for series in ran.kept.test("load").series
        if series.key.kind == "request"
        for window in series.windows
    )
    assert sum(int(each["requests"]) for each in rows) == in_windows
    with (folder.report / "requests.csv").open(encoding="utf-8", newline="") as file:
        found = {
            each["endpoint"]: each for each in csv.DictReader(file) if each["kind"] == "request"
        }
    judged = [each for each in rows if each["judged"] == "1"]
    for name in ("find_books", "get_book"):
        of_windows = sum(int(each["requests"]) for each in judged if each["endpoint"] == name)
        assert int(found[name]["requests"]) == of_windows > 0


def test_loosened_limits_pass_without_new_load(ran: Ran) -> None:
    result = ran.kept.folder.result.read_bytes()
    done = ran.perfspec("judge", "--spec", ran.changed_spec(LOOSE))
    assert done.code == 0, done.out
    check_agreement(done, ran.folder)
    assert ran.kept.folder.result.read_bytes() == result


def test_tightened_limits_fail_and_name_the_new_place(ran: Ran) -> None:
    spec = ran.changed_spec({**LOOSE, "p95: 100ms": "p95: 1ms"})
    done = ran.perfspec("judge", "--spec", spec)
    kept = check_agreement(done, ran.folder)
    assert done.code == 1
    (broken,) = [each for each in kept.verdict.tests[0].findings if each.outcome == "fail"]
    assert str(broken.subject) == "get_book"
    assert broken.place.file == spec
    assert f"{spec}:{broken.place.line} endpoints.get_book.slo.p95" in done.out


def test_judging_again_with_its_own_limits_changes_nothing(ran: Ran) -> None:
    done = ran.perfspec("judge")
    assert done.code == ran.done.code
    assert done.out == ran.done.out
    check_agreement(done, ran.folder)


MEASURES_SOMETHING_ELSE = {
    "other users": {"users: 30, ramp: 3s": "users: 31, ramp: 3s"},
    "another request": {"request: GET /cart": "request: GET /books"},
    "another journey": {"- get_book: { times: 1..3 }": "- get_book: { times: 1..2 }"},
    "a longer hold": {"hold: 25s": "hold: 30s"},
}


@pytest.mark.parametrize("changes", MEASURES_SOMETHING_ELSE.values(), ids=MEASURES_SOMETHING_ELSE)
def test_a_spec_that_measures_something_else_is_refused(ran: Ran, changes: dict[str, str]) -> None:
    before = ran.kept.folder.verdict.read_bytes()
    done = ran.perfspec("judge", "--spec", ran.changed_spec(changes))
    assert (done.code, done.out) == (2, "")
    assert "measured with another plan" in done.err
    assert ran.kept.folder.verdict.read_bytes() == before


def test_a_report_written_again_is_the_same(ran: Ran) -> None:
    assert ran.perfspec("judge").code == ran.done.code
    report = ran.kept.folder.report
    before = {each.name: each.read_bytes() for each in report.iterdir()}
    shutil.rmtree(report)
    report.mkdir()
    done = ran.perfspec("report")
    assert (done.code, done.out) == (ran.done.code, ran.done.out)
    assert {each.name: each.read_bytes() for each in report.iterdir()} == before


def test_a_run_folder_may_be_moved_and_named(ran: Ran, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere ünd so"
    shutil.copytree(ran.kept.folder.path, moved)
    done = ran.perfspec("judge", str(moved), "--json")
    assert done.code == ran.done.code
    assert json.loads(done.out)["exit_code"] == ran.done.code


@pytest.mark.parametrize("name", ["plan.json", "result.json", "verdict.json"])
@pytest.mark.parametrize("content", [None, b"", b"{}", b'{"format": "perfspec/plan/1"', b"\xff"])
def test_damaged_files_are_refused_and_never_a_pass(
    ran: Ran, tmp_path: Path, name: str, content: bytes | None
) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(ran.kept.folder.path, damaged)
    (damaged / name).unlink()
    if content is not None:
        (damaged / name).write_bytes(content)
    done = ran.perfspec("report", str(damaged))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: ")
    assert done.err.count("\n") == 1


BOMB = base64.b64encode(zlib.compress(bytes(2**24))).decode()
UNEVEN = {"name": "cpu", "unit": "ratio", "at_s": [1.0, 2.0], "values": [0.5]}


@pytest.mark.parametrize("place", ["histogram", "monitor"])
def test_a_result_that_nobody_wrote_is_refused(ran: Ran, tmp_path: Path, place: str) -> None:
    forged = tmp_path / "forged"
    shutil.copytree(ran.kept.folder.path, forged)
    result = json.loads((forged / "result.json").read_bytes())
    if place == "histogram":
        result["tests"][0]["series"][0]["windows"][0]["latency"] = BOMB
        said = (
            "a histogram is larger than any can be - at `$.tests[0].series[0].windows[0].latency`"
        )
    else:
        result["tests"][0]["monitors"] = [{"name": "app", "every_s": 1.0, "series": [UNEVEN]}]
        said = "'cpu' has 1 values at 2 moments - at `$.tests[0].monitors[0].series[0]`"
    (forged / "result.json").write_text(json.dumps(result))
    done = ran.perfspec("report", str(forged))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: ")
    assert done.err.count("\n") == 1
    assert said in done.err
