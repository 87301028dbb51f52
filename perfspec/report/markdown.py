"""``summary.md``: the verdict first, then what did not pass, everything else folded away."""

from __future__ import annotations

from dataclasses import astuple
from html import escape
from typing import TYPE_CHECKING

from perfspec.judge.model import Outcome
from perfspec.report.answers import answer_lines, level_cells
from perfspec.report.changes import NOTHING, change_rows, comparison_lines, duet_text
from perfspec.report.cost import measured_cost
from perfspec.report.escape import code_cell, markdown
from perfspec.report.monitors import monitor_rows, problem_lines
from perfspec.report.tables import (
    advice_lines,
    endpoint_rows,
    error_rows,
    finding_rows,
    generator_text,
    headline,
    journeys_text,
    judged_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from perfspec.judge.model import TestVerdict, Verdict
    from perfspec.measure.model import RunResult, TestResult
    from perfspec.plan.model import Plan
    from perfspec.report.changes import ChangeRow
    from perfspec.report.tables import ErrorRow, FindingRow

LARGEST = 1 << 20  # bytes: what GitHub takes as the summary of a step
MOST_ROWS = 1000
SIGNS = {
    Outcome.PASS: "✅",
    Outcome.WARN: "⚠️",
    Outcome.INCONCLUSIVE: "❔",
    Outcome.FAIL: "❌",
    Outcome.ERROR: "💥",
    Outcome.SKIPPED: "⏭️",
}


def summary_md(plan: Plan, result: RunResult, verdict: Verdict, *, largest: int = LARGEST) -> str:
    """GitHub's markdown of at most ``largest`` bytes; long tables are cut and say so."""
    rows = MOST_ROWS
    while True:
        text = "\n".join(_lines(plan, result, verdict, rows))
        content = text.encode()
        if len(content) <= largest:
            return text
        if not rows:
            return content[:largest].decode(errors="ignore")
        rows //= 2


def _lines(plan: Plan, result: RunResult, verdict: Verdict, rows: int) -> Iterator[str]:
    yield f"# {SIGNS[verdict.outcome]} {markdown(headline(plan))}: {verdict.outcome}"
    yield ""
    yield markdown(verdict.summary)
    yield ""
    results = {each.name: each for each in result.tests}
    for test in verdict.tests:
        yield from _test(plan, results.get(test.name), test, rows)
    for line in measured_cost(plan, result):
        yield markdown(line)
        yield ""
    yield (
        f"<sub>{markdown(plan.environment.url)} · run {markdown(verdict.run_id)} · plan"
        f" {markdown(plan.fingerprint)} · perfspec {markdown(verdict.tool)} · exit code"
        f" {verdict.exit_code}</sub>"
    )
    yield ""


def _test(plan: Plan, result: TestResult | None, test: TestVerdict, rows: int) -> Iterator[str]:
    yield f"## {SIGNS[test.outcome]} {markdown(test.name)}: {test.outcome}"
    yield ""
    duet = duet_text(test.comparison)
    if duet is not None:
        yield f"({markdown(duet)})"
        yield ""
    said = [markdown(each) for each in (*test.reasons, *answer_lines(test), *advice_lines(test))]
    if said:
        yield from (f"- {each}" for each in said)
        yield ""
    yield from _not_kept(test, rows)
    if result is not None and test.outcome is not Outcome.SKIPPED:
        yield from _folded(
            f"Requests (judged {judged_text(test)})", _requests(plan, result, test, rows)
        )
        yield from _monitors(result, test, rows)
        yield from _levels(test, rows)
        yield from _kept(test, rows)
        yield from _compared(test, rows)
        yield from _errors(result, rows)


def _requests(plan: Plan, result: TestResult, test: TestVerdict, rows: int) -> Iterator[str]:
    yield from _table(
        ("", "requests", "errors", "rate", "p50", "p95", "p99", "max"),
        (
            (code_cell(each.name), *astuple(each)[1:])
            for each in endpoint_rows(plan, result, test.judged)
        ),
        rows,
    )
    yield markdown(journeys_text(plan.test(test.name), result, test))
    yield ""
    yield markdown(generator_text(result, test))
    yield ""


def _monitors(result: TestResult, test: TestVerdict, rows: int) -> Iterator[str]:
    cells = [(code_cell(each.name), *astuple(each)[1:]) for each in monitor_rows(result, test)]
    lines = [*_table(("", "mean", "max", "missing"), cells, rows)] if cells else []
    for each in problem_lines(result):
        lines += [f"- {markdown(each)}", ""]
    if lines:
        yield from _folded("Monitors", lines)


LIMITS = ("", "limit", "measured", "why", "where")
CHANGES = ("", "budget", "before", "now", "change", "runs", "why")


def _not_kept(test: TestVerdict, rows: int) -> Iterator[str]:
    """Limits and budgets; where no limit could be judged, the reason above is enough."""
    found = [row for row in finding_rows(test.findings) if row.outcome is not Outcome.PASS]
    if found:
        table = _table(LIMITS, map(_cells, found), rows)
        title = f"Limits not judged: {len(found)}"
        yield from table if test.invalid is None else _folded(title, table)
    changes = change_rows(test.comparison.changes if test.comparison else ())
    broken = [row for row in changes if row.outcome is not Outcome.PASS]
    if broken:
        yield from _table(CHANGES, map(_change_cells, broken), rows)


def _compared(test: TestVerdict, rows: int) -> Iterator[str]:
    if test.comparison is None:
        return
    yield from (f"- {markdown(each)}" for each in comparison_lines(test.comparison))
    yield ""
    passed = [row for row in change_rows(test.comparison.changes) if row.outcome is Outcome.PASS]
    for compared, title in ((True, "Budgets kept"), (False, "Budgets not compared")):
        chosen = [row for row in passed if row.compared is compared]
        if chosen:
            table = _table(CHANGES, map(_change_cells, chosen), rows)
            yield from _folded(f"{title}: {len(chosen)}", table)


def _change_cells(row: ChangeRow) -> tuple[str, ...]:
    p = f" (adjusted p {row.p})" if row.p != NOTHING else ""
    return (
        _sign(row),
        f"{code_cell(f'{row.subject} {row.metric}')} {row.budget}",
        row.base,
        row.head,
        _below(row.change, row.interval),
        row.spark,
        markdown(f"{row.reason}{p}"),
    )


def _levels(test: TestVerdict, rows: int) -> Iterator[str]:
    if test.capacity is not None:
        header = ("users", "requests", "rate", "errors", "p95", "stop_when")
        table = _table(header, (level_cells(each) for each in test.capacity.levels), rows)
        yield from _folded("Levels of the load", table)


def _kept(test: TestVerdict, rows: int) -> Iterator[str]:
    passed = [each for each in finding_rows(test.findings) if each.outcome is Outcome.PASS]
    if passed:
        table = _table(LIMITS, map(_cells, passed), rows)
        yield from _folded(f"Limits kept: {len(passed)}", table)


def _errors(result: TestResult, rows: int) -> Iterator[str]:
    cells = [
        (each.count, code_cell(each.endpoint), each.error, _said(each), each.first)
        for each in error_rows(result.errors)
    ]
    if cells:
        header = ("requests", "endpoint", "error", "message", "first after")
        yield from _folded("Errors of the whole test", _table(header, cells, rows))


def _said(row: ErrorRow) -> str:
    answer = f"<br>answer: {code_cell(row.body)}" if row.body else ""
    return f"{code_cell(row.message)}{answer}"


def _sign(row: FindingRow | ChangeRow) -> str:
    return f"{SIGNS[row.outcome]} {row.outcome}"


def _cells(row: FindingRow) -> tuple[str, ...]:
    requirement = f" ({markdown(row.requirement)})" if row.requirement else ""
    return (
        _sign(row),
        f"{code_cell(f'{row.subject} {row.metric}')} {row.limit}{requirement}",
        _below(row.value, row.interval, row.samples),
        markdown(row.reason),
        code_cell(row.place),
    )


def _below(value: str, *details: str) -> str:
    """A cell that stays narrow: GitHub gives a comment little width."""
    lines = "".join(f"<br>{each}" for each in details if each)
    return f"**{value}**{lines}"


def _folded(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"<details><summary>{escape(title)}</summary>"
    yield ""  # or the table is not read as markdown
    yield from lines
    yield "</details>"
    yield ""


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], most: int) -> Iterator[str]:
    every = list(rows)
    yield f"| {' | '.join(header)} |"
    yield f"|{'|'.join([' --- '] * len(header))}|"
    yield from (f"| {' | '.join(cells)} |" for cells in every[:most])
    yield ""
    if every[most:]:
        yield f"… and {len(every) - most} more, in `requests.csv` and `junit.xml`."
        yield ""
