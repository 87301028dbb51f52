"""A comparison for a terminal and as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.report.escape import code_cell, markdown, one_line
from perfspec.report.tables import headline
from perfspec.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions, RenderableType

    from perfspec.report.compare import ComparedTest, Run, RunComparison, Value


def compare_md(comparison: RunComparison) -> str:
    """GitHub's Markdown."""
    return "\n".join(_markdown(comparison)) + "\n"


class ComparisonView:
    """What ``rich`` prints; ``Console.print`` takes it."""

    def __init__(self, comparison: RunComparison) -> None:
        self.comparison = comparison

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        from rich.text import Text  # noqa: PLC0415  (lint and plan never load rich)

        def text(line: str, style: str = "") -> Text:
            return Text(line.encode(console.encoding, "replace").decode(console.encoding), style)

        for number, run in enumerate(self.comparison.runs, 1):
            yield text(f"{number}  {_run_line(run)}")
        for note in self.comparison.notes:
            yield text(one_line(note), "yellow")
        for test in self.comparison.tests:
            yield ""
            yield text(test.name, "bold")
            yield self._table(test)

    def _table(self, test: ComparedTest) -> RenderableType:
        from rich.table import Table  # noqa: PLC0415  (as above)
        from rich.text import Text  # noqa: PLC0415

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column("", overflow="fold")
        table.add_column("", header_style="dim")
        for number in range(1, len(self.comparison.runs) + 1):
            table.add_column(str(number), justify="right", header_style="dim")
        last = None
        for row in test.rows:
            name = "" if row.subject == last else one_line(row.subject)
            cells = (Text(_cell(each)) for each in row.values)
            table.add_row(Text(name), row.metric, *cells)
            last = row.subject
        return table


def about(run: Run) -> str:
    """What a run tested, and for how long."""
    took = sum(each.measured_s for each in run.result.tests)
    return f"{one_line(headline(run.plan))}, {format_duration(took)} of load"


def _run_line(run: Run) -> str:
    return f"{run.result.run_id}  {run.verdict.outcome}  {about(run)}"


def _markdown(comparison: RunComparison) -> Iterator[str]:
    for number, run in enumerate(comparison.runs, 1):
        yield f"{number}. {markdown(_run_line(run))}"
    yield ""
    yield from (f"> {markdown(each)}\n" for each in comparison.notes)
    for test in comparison.tests:
        yield f"## {markdown(test.name)}"
        yield ""
        numbers = range(1, len(comparison.runs) + 1)
        yield f"| | | {' | '.join(map(str, numbers))} |"
        yield f"| --- | --- |{' ---: |' * len(comparison.runs)}"
        for row in test.rows:
            cells = " | ".join(_cell(each) for each in row.values)
            yield f"| {code_cell(row.subject)} | {row.metric} | {cells} |"
        yield ""


def _cell(value: Value) -> str:
    return f"{value.text} ({value.change})" if value.change else value.text
