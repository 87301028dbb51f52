"""perfspec as its users have it: a command line, two streams, an exit code, and what it leaves."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from perfspec import jsonio
from perfspec.judge.model import Verdict
from perfspec.measure.model import RunResult
from perfspec.plan.model import Plan
from perfspec.run.folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.judge.model import Finding
    from perfspec.measure.model import TestResult

COMMAND = (sys.executable, "-m", "perfspec")
PATIENCE_S = 120
BIN = Path(sys.executable).parent


def surroundings(**changes: str) -> dict[str, str]:
    """The environment variables of a user, whatever those of the tests are."""
    return {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "HOME": os.environ.get("HOME", "/"),
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "100",
    } | changes


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err


def perfspec(folder: Path, *arguments: str, **variables: str) -> Done:
    """Run one command in a folder to its end."""
    with started(folder, *arguments, **variables) as command:
        return command.end()


@dataclass(slots=True)
class Command:
    """A command that runs; ``err`` grows while it does."""

    process: subprocess.Popen[str]
    out: list[str]
    err: list[str]
    readers: tuple[threading.Thread, ...]

    def says(self, text: str) -> bool:
        """Whether a line with this text has come, on either stream."""
        return any(text in line for line in (*self.err, *self.out))

    def end(self, patience_s: float = PATIENCE_S) -> Done:
        code = self.process.wait(patience_s)
        for each in self.readers:
            each.join()
        return Done(code, "".join(self.out), "".join(self.err))


@contextmanager
def started(folder: Path, *arguments: str, **variables: str) -> Iterator[Command]:
    """A command in a process group of its own, as a shell starts it; it has ended afterwards."""
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=folder,
        env=surroundings(**variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="surrogateescape",
        process_group=0,
    )
    out: list[str] = []
    err: list[str] = []
    assert process.stdout is not None
    assert process.stderr is not None
    readers = (
        threading.Thread(target=out.extend, args=(process.stdout,)),
        threading.Thread(target=err.extend, args=(process.stderr,)),
    )
    for each in readers:
        each.start()
    try:
        yield Command(process, out, err, readers)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        for each in readers:
            each.join()
        process.stdout.close()
        process.stderr.close()


class Kept:
    """What a run has left in ``folder`` (the newest one, of those that there are)."""

    def __init__(self, folder: Path) -> None:
        self.folder = RunFolder.latest(folder)

    @property
    def plan(self) -> Plan:
        return jsonio.read_json(self.folder.plan, Plan)

    @property
    def result(self) -> RunResult:
        return jsonio.read_json(self.folder.result, RunResult)

    @property
    def verdict(self) -> Verdict:
        return jsonio.read_json(self.folder.verdict, Verdict)

    @property
    def junit(self) -> ET.Element:
        return ET.parse(self.folder.report / "junit.xml").getroot()

    @property
    def summary(self) -> str:
        return (self.folder.report / "summary.md").read_text(encoding="utf-8")

    @property
    def page(self) -> str:
        return (self.folder.report / "report.html").read_text(encoding="utf-8")

    def test(self, name: str) -> TestResult:
        return next(each for each in self.result.tests if each.name == name)

    def finding(self, objective: str) -> Finding:
        found = [each for test in self.verdict.tests for each in test.findings]
        return next(each for each in found if each.objective == objective)

    def files(self) -> Iterator[Path]:
        yield from (each for each in self.folder.path.rglob("*") if each.is_file())


def check_agreement(done: Done, folder: Path) -> Kept:
    """Exit code, terminal, ``verdict.json``, JUnit, ``summary.md`` and ``report.html`` agree."""
    kept = Kept(folder)
    verdict, junit = kept.verdict, kept.junit
    headline = f"{kept.plan.name} on {kept.plan.environment.name}"
    assert done.code == verdict.exit_code, done.err
    assert f"{verdict.outcome.upper()}  {headline}\n" in done.out
    assert kept.summary.splitlines()[0].endswith(f"{headline}: {verdict.outcome}")
    assert f"exit code {verdict.exit_code}</sub>" in kept.summary
    assert f"<title>{verdict.outcome.upper()}: {escape(headline)}</title>" in kept.page
    bad = int(junit.get("failures", "0")) + int(junit.get("errors", "0"))
    assert (bad > 0) == (done.code != 0)
    suites = {each.get("name", ""): each for each in junit.iter("testsuite")}
    for test in verdict.tests:
        assert f"{test.name}: {test.outcome}" in done.out
        assert f" {test.name}: {test.outcome}\n" in kept.summary.replace(r"\_", "_")
        assert property_of(suites[test.name], "verdict") == test.outcome
        marks = {case.get("name"): mark_of(case) for case in suites[test.name].iter("testcase")}
        for finding in test.findings:
            assert marks[finding.objective] == MARKS[finding.outcome] or not done.code
    return kept


MARKS = {
    "pass": "",
    "warn": "skipped",
    "fail": "failure",
    "inconclusive": "error",
    "skipped": "skipped",
}


def mark_of(case: ET.Element) -> str:
    """``failure``, ``error`` or ``skipped``; empty for a case that passed."""
    return next((each.tag for each in case if each.tag != "system-out"), "")


def property_of(suite: ET.Element, name: str) -> str | None:
    return next(
        (each.get("value") for each in suite.iter("property") if each.get("name") == name), None
    )


def write_spec(folder: Path, text: str, **values: object) -> Path:
    """``perfspec.yaml`` with ``<name>`` replaced by values."""
    for name, value in values.items():
        text = text.replace(f"<{name}>", str(value))
    path = folder / "perfspec.yaml"
    path.write_text(text, encoding="utf-8")
    return path
