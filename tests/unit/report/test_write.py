from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from perfspec.judge.verdict import judge_run
from perfspec.report.write import write_reports
from tests.results import bookshop_run

if TYPE_CHECKING:
    from pathlib import Path


def test_all_files_are_written_and_named(tmp_path: Path) -> None:
    plan, run = bookshop_run()
    folder = tmp_path / "report"
    written = write_reports(folder, plan, run, judge_run(plan, run))
    assert [each.name for each in written] == [
        "junit.xml", "report.html", "summary.md", "requests.csv", "windows.csv", "monitors.csv",
    ]  # fmt: skip
    assert sorted(folder.iterdir()) == sorted(written)
    assert all(each.stat().st_size for each in written)


def test_writing_twice_changes_nothing(tmp_path: Path) -> None:
    plan, run = bookshop_run()
    verdict = judge_run(plan, run)
    first = [each.read_bytes() for each in write_reports(tmp_path, plan, run, verdict)]
    assert first == [each.read_bytes() for each in write_reports(tmp_path, plan, run, verdict)]


@pytest.mark.parametrize("strict", [True, False])
def test_strictness_is_for_junit(tmp_path: Path, *, strict: bool) -> None:
    plan, run = bookshop_run()
    junit, *_ = write_reports(tmp_path, plan, run, judge_run(plan, run), junit_strict=strict)
    cases = list(ET.parse(junit).iter("testcase"))
    assert all(("line" in each.attrib) is not strict for each in cases)
