"""The end of a run on a terminal: the verdict, and for each test what it rests on.

Only renderables are made here; who prints them chooses width, colour and encoding. Every word is
there without colour, and a column that has no room is left out rather than broken.
"""

from __future__ import annotations

from dataclasses import asdict, astuple
from typing import TYPE_CHECKING, Literal

from perfspec.judge.model import Outcome
from perfspec.report.answers import answer_lines
from perfspec.report.changes import (
    change_rows,
    comparison_lines,
    duet_text,
    evidence,
    sentence,
)
from perfspec.report.cost import measured_cost
from perfspec.report.escape import one_line
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
from perfspec.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.table import Table
    from rich.text import Text

    from perfspec.judge.model import TestVerdict, Verdict
    from perfspec.measure.model import RunResult, TestResult
    from perfspec.plan.model import Plan
    from perfspec.report.changes import ChangeRow
    from perfspec.report.monitors import MonitorRow
    from perfspec.report.tables import EndpointRow, ErrorRow, FindingRow

WIDEST = 110  # longer lines are not read
INDENT, GAP = 2, 2
NAME_COLUMNS = 18  # a longer name is folded before a number is left out
LESS_NEEDED = ("rate", "p50", "max")  # left out in this order where there is no room
MOST_ERRORS = 8
STYLES = {
    Outcome.PASS: "bold green",
    Outcome.WARN: "bold yellow",
    Outcome.INCONCLUSIVE: "bold magenta",
    Outcome.FAIL: "bold red",
    Outcome.ERROR: "bold red",
    Outcome.SKIPPED: "dim",
}


class FinalReport:
    """What ``rich`` prints at the end of a run; ``Console.print`` takes it."""

    def __init__(self, plan: Plan, result: RunResult, verdict: Verdict) -> None:
        self.plan = plan
        self.results = {each.name: each for each in result.tests}
        self.verdict = verdict
        self.cost = measured_cost(plan, result)

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        from rich.constrain import Constrain  # noqa: PLC0415  (lint and plan never load rich)

        page = Page(console.encoding, min(options.max_width, WIDEST))
        for each in self._page(page):
            yield Constrain(each, page.width)

    def _page(self, page: Page) -> Iterator[RenderableType]:
        for test in self.verdict.tests:
            yield from self._test(page, test)
            yield ""
        outcome = self.verdict.outcome
        yield page.text((outcome.upper(), STYLES[outcome]), f"  {headline(self.plan)}")
        yield page.text(self.verdict.summary)
        for line in self.cost:
            yield page.text((line, "dim"))

    def _test(self, page: Page, test: TestVerdict) -> Iterator[RenderableType]:
        style = STYLES[test.outcome]
        result = self.results.get(test.name)
        ran = result is not None and test.outcome is not Outcome.SKIPPED
        duet = duet_text(test.comparison)
        judged = f"  ({duet})" if duet else f"  judged {judged_text(test)}" if ran else ""
        yield page.text((f"{test.name}: {test.outcome}", style), (judged, "dim"))
        for line in (*test.reasons, *answer_lines(test), *advice_lines(test)):
            yield page.indented(page.text(line))
        if result is None or not ran:
            return
        yield ""
        yield page.indented(page.endpoints(endpoint_rows(self.plan, result, test.judged)))
        yield page.indented(page.text(journeys_text(self.plan.test(test.name), result, test)))
        yield page.indented(page.text((generator_text(result, test), "dim")))
        yield from self._monitors(page, result, test)
        yield from self._findings(page, test)
        yield from self._comparison(page, test)
        yield from self._errors(page, result)

    def _monitors(
        self, page: Page, result: TestResult, test: TestVerdict
    ) -> Iterator[RenderableType]:
        rows = monitor_rows(result, test)
        if rows:
            yield ""
            yield page.indented(page.table(("monitor", "mean", "max", "missing"), rows))
        for line in problem_lines(result):
            yield page.indented(page.text((line, "yellow")))

    def _findings(self, page: Page, test: TestVerdict) -> Iterator[RenderableType]:
        rows = finding_rows(test.findings)
        open_rows = [each for each in rows if each.outcome is not Outcome.PASS]
        if open_rows:
            yield ""
            yield page.indented(page.findings(open_rows, test.invalid))
        kept = len(rows) - len(open_rows)
        if kept:
            yield page.indented(page.text(f"{counted(kept, 'limit')} kept"))

    def _comparison(self, page: Page, test: TestVerdict) -> Iterator[RenderableType]:
        if test.comparison is None:
            return
        rows = change_rows(test.comparison.changes)
        open_rows = [each for each in rows if each.outcome is not Outcome.PASS and each.compared]
        yield ""
        if open_rows:
            yield page.indented(page.changes(open_rows))
        kept = sum(each.compared and each.outcome is Outcome.PASS for each in rows)
        if kept:
            yield page.indented(page.text(f"{counted(kept, 'budget')} kept"))
        for line in comparison_lines(test.comparison):
            yield page.indented(page.text((line, "dim")))

    def _errors(self, page: Page, result: TestResult) -> Iterator[RenderableType]:
        rows = error_rows(result.errors)
        if not rows:
            return
        yield ""
        yield page.indented(page.errors(rows[:MOST_ERRORS]))
        if rows[MOST_ERRORS:]:
            more = counted(len(rows) - MOST_ERRORS, "more kind")
            yield page.indented(page.text((f"and {more}", "dim")))


class Page:
    """Makes texts and tables for a terminal of this encoding and width."""

    def __init__(self, encoding: str, width: int) -> None:
        self.encoding = encoding
        self.width = width

    def text(self, *parts: str | tuple[str, str]) -> Text:
        """One paragraph of texts, or of (text, style); foreign text is made harmless."""
        from rich.text import Text  # noqa: PLC0415  (as above)

        pairs = [(each, "") if isinstance(each, str) else each for each in parts]
        return Text.assemble(*((self.clean(text), style) for text, style in pairs), overflow="fold")

    def clean(self, text: str) -> str:
        """Printable in the terminal's encoding; spaces at the ends stay."""
        start = " " * (len(text) - len(text.lstrip(" ")))
        return start + one_line(text).encode(self.encoding, "replace").decode(self.encoding)

    def indented(self, content: RenderableType) -> RenderableType:
        """Moved to the right by the page's indent."""
        from rich.padding import Padding  # noqa: PLC0415  (as above)

        return Padding(content, (0, 0, 0, INDENT), expand=False)

    def endpoints(self, rows: Sequence[EndpointRow]) -> Table:
        """One line for each series, with the columns that there is room for."""
        cells = [asdict(each) for each in rows]
        columns = self._columns(cells)
        table = _table()
        for column in columns:
            name = column == "name"
            table.add_column(
                "" if name else column,
                justify="left" if name else "right",
                no_wrap=not name,
                overflow="fold",
                header_style="dim",
            )
        for each in cells:
            table.add_row(*(self.clean(each[column]) for column in columns))
        return table

    def table(self, header: Sequence[str], rows: Sequence[MonitorRow]) -> Table:
        """Names and numbers in columns."""
        table = _table()
        for index, column in enumerate(header):
            side: Literal["left", "right"] = "right" if index else "left"
            table.add_column(column, justify=side, overflow="fold", header_style="dim")
        for row in rows:
            table.add_row(*(self.clean(cell) for cell in astuple(row)))
        return table

    def findings(self, rows: Sequence[FindingRow], said: str | None = None) -> Table:
        """What is not a pass: outcome, value and limit, why, and where the limit stands.

        ``said`` is the reason that stands above already.
        """
        grid = _grid()
        for row in rows:
            outcome = self.text((row.outcome, STYLES[row.outcome]))
            grid.add_row(
                outcome, self.text(f"{row.subject}: {row.metric} is {row.value}, {row.limit}")
            )
            sure = f", 95 % interval {row.interval}" if row.interval else ""
            reason = "not judged" if row.reason == said else row.reason
            grid.add_row("", self.text(f"{reason} ({row.samples}{sure})"))
            requirement = f", requirement {row.requirement}" if row.requirement else ""
            grid.add_row("", self.text((f"{row.place} {row.origin}{requirement}", "dim")))
        return grid

    def changes(self, rows: Sequence[ChangeRow]) -> Table:
        """Budgets that are not kept: what changed, the runs before it, why, and where."""
        grid = _grid()
        for row in rows:
            outcome = self.text((row.outcome, STYLES[row.outcome]))
            grid.add_row(outcome, self.text(sentence(row)))
            drawn = f"{row.spark}  " if self._shows(row.spark) else ""
            grid.add_row("", self.text(f"{drawn}{evidence(row)}".strip() or row.reason))
            if evidence(row):
                grid.add_row("", self.text(row.reason))
            grid.add_row("", self.text((f"{row.place} {row.origin}", "dim")))
        return grid

    def _shows(self, text: str) -> bool:
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return bool(text)

    def errors(self, rows: Sequence[ErrorRow]) -> Table:
        """What failed: how often, where, how it reads and since when."""
        grid = _grid(first="right")
        for row in rows:
            head = self.text(
                row.endpoint, (f" {row.error}", "red"), (f", first after {row.first}", "dim")
            )
            grid.add_row(f"{row.count} x", head)
            grid.add_row("", self.text(row.message))
            if row.body:
                grid.add_row("", self.text(("answer:", "dim"), f" {row.body}"))
        return grid

    def _columns(self, cells: Sequence[dict[str, str]]) -> list[str]:
        columns = list(cells[0])
        for each in LESS_NEEDED:
            longest = [max(len(column), *(len(row[column]) for row in cells)) for column in columns]
            longest[0] = min(longest[0], NAME_COLUMNS)
            if sum(longest) + GAP * (len(columns) - 1) + INDENT <= self.width:
                break
            columns.remove(each)
        return columns


def _table() -> Table:
    from rich.table import Table  # noqa: PLC0415  (as above)

    return Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), collapse_padding=True)


def _grid(first: str = "left") -> Table:
    from rich.table import Table  # noqa: PLC0415  (as above)

    grid = Table.grid(padding=(0, GAP, 0, 0))
    grid.add_column(no_wrap=True, justify="right" if first == "right" else "left")
    grid.add_column(overflow="fold")
    return grid
