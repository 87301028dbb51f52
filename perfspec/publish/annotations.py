"""What did not pass, on the very line of the spec that states it: for check runs and job logs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, Literal

from perfspec.judge.model import Finding, Outcome
from perfspec.report.changes import change_rows, sentence
from perfspec.report.escape import one_line
from perfspec.report.tables import GRAVEST_FIRST, finding_row
from perfspec.report.workflow import workflow_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from perfspec.judge.model import Change, TestVerdict, Verdict
    from perfspec.plan.base import Place
    from perfspec.plan.model import Plan

Level = Literal["failure", "warning"]
MOST_IN_A_LOG: Final = 10  # of one level in one step: GitHub drops the rest
LONGEST_TITLE: Final = 255  # characters that GitHub takes
_SILENT: Final = frozenset({Outcome.PASS, Outcome.SKIPPED})
_LEVELS: Final[dict[Level, Literal["error", "warning"]]] = {
    "failure": "error",
    "warning": "warning",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """``path`` is below the root of the repository; texts are one line of foreign text."""

    path: str
    line: int
    column: int
    level: Level
    title: str
    message: str


def annotate(verdict: Verdict, path: str) -> list[Annotation]:
    """The gravest first. A test without a verdict of its own limits is told at its own line."""
    found = [each for test in verdict.tests for each in _of(test, path)]
    found.sort(key=lambda each: GRAVEST_FIRST.index(each[0]))
    return [annotation for _, annotation in found]


def rulings(test: TestVerdict) -> tuple[Finding | Change, ...]:
    """What was found of every limit, then of every budget."""
    changes = test.comparison.changes if test.comparison is not None else ()
    return (*test.findings, *changes)


def _of(test: TestVerdict, path: str) -> Iterator[tuple[Outcome, Annotation]]:
    told = set()
    for each in rulings(test):
        if each.outcome not in _SILENT:
            subject, message = _limit(each) if isinstance(each, Finding) else _budget(each)
            title = f"{test.name}: {subject} {each.outcome}"
            told.add(each.outcome)
            yield each.outcome, _annotation(each.outcome, each.place, path, title, message)
    explained = test.invalid is None and test.outcome in told
    if test.outcome not in _SILENT and not explained:
        message = " ".join(test.reasons) or str(test.outcome)
        title = f"{test.name}: {test.outcome}"
        yield test.outcome, _annotation(test.outcome, test.place, path, title, message)


def _limit(finding: Finding) -> tuple[str, str]:
    row = finding_row(finding)
    measured = f"{row.value} ({row.interval})" if row.interval else row.value
    return f"{row.subject} {row.metric}", f"{measured}, limit {row.limit}: {row.reason}"


def _budget(change: Change) -> tuple[str, str]:
    [row] = change_rows([change])
    return f"{row.subject} {row.metric}", f"{sentence(row)}: {row.reason}"


def _annotation(outcome: Outcome, place: Place, path: str, title: str, message: str) -> Annotation:
    level: Level = "warning" if outcome in {Outcome.WARN, Outcome.INCONCLUSIVE} else "failure"
    return Annotation(
        path=path,
        line=place.line,
        column=place.column,
        level=level,
        title=one_line(title, LONGEST_TITLE),
        message=one_line(message, 1000),
    )


def path_in_repository(plan: Plan, workspace: Path | None) -> str:
    """Where the spec stands below the root of the repository.

    A run of another machine tells no more than the path that its command line had.
    """
    path = below_workspace(Path(plan.directory) / Path(plan.file).name, workspace)
    if path is not None:
        return path
    parts = [each for each in PurePosixPath(plan.file).parts if each not in {"/", ".", ".."}]
    return "/".join(parts)


def below_workspace(file: Path, workspace: Path | None) -> str | None:
    """As GitHub names a file of the checkout, wherever the step runs; None for any other file."""
    if workspace is None or not file.resolve().is_relative_to(workspace.resolve()):
        return None
    return file.resolve().relative_to(workspace.resolve()).as_posix()


def log_commands(found: Iterable[Annotation]) -> Iterator[str]:
    """Lines that make a job log annotate the spec, where no token can; no more than are shown."""
    left = dict.fromkeys(_LEVELS, MOST_IN_A_LOG)
    for each in found:
        if left[each.level]:
            left[each.level] -= 1
            yield workflow_command(
                _LEVELS[each.level],
                each.message,
                file=each.path,
                line=each.line,
                column=each.column,
                title=each.title,
            )
