"""The report of a run as files: everything is rendered first, then each file is replaced whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec import jsonio
from perfspec.report.csvs import requests_csv, windows_csv
from perfspec.report.html.report import report_html
from perfspec.report.junit import junit_xml
from perfspec.report.markdown import summary_md
from perfspec.report.monitors import monitors_csv

if TYPE_CHECKING:
    from pathlib import Path

    from perfspec.judge.model import Verdict
    from perfspec.measure.model import RunResult
    from perfspec.plan.model import Plan


def write_reports(
    folder: Path, plan: Plan, result: RunResult, verdict: Verdict, *, junit_strict: bool = False
) -> tuple[Path, ...]:
    """Write the files of a report into ``folder`` and say which; made if it is not there.

    ``junit_strict`` keeps to the schema of Jenkins' xUnit plugin. Raises OSError.
    """
    texts = {
        "junit.xml": junit_xml(plan, result, verdict, strict=junit_strict),
        "report.html": report_html(plan, result, verdict),
        "summary.md": summary_md(plan, result, verdict),
        "requests.csv": requests_csv(plan, result, verdict),
        "windows.csv": windows_csv(plan, result, verdict),
        "monitors.csv": monitors_csv(result),
    }
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        jsonio.write_bytes(folder / name, text.encode())
    return tuple(folder / name for name in texts)
