"""What a run shows while it goes on: one live block on a terminal, plain lines elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from perfspec.cli.progress import (
    State,
    ended_text,
    errors_text,
    limits_text,
    load_parts,
    time_text,
)
from perfspec.judge.model import Outcome
from perfspec.plan.load import duration_s
from perfspec.report.tables import finding_rows, headline
from perfspec.report.terminal import INDENT, STYLES, WIDEST, Page
from perfspec.run.contracts import Observer
from perfspec.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.live import Live

    from perfspec.measure.collect import Collector
    from perfspec.measure.model import TestResult
    from perfspec.plan.model import Plan, Test

PLAIN_EVERY_S = 10.0
BAR = 24


def view_for(console: Console, plan: Plan, variables: Mapping[str, str]) -> PlainView:
    """The live block where somebody watches; lines in a pipe, a dumb terminal and CI."""
    watched = console.is_terminal and not console.is_dumb_terminal and not variables.get("CI")
    return LiveView(console, plan) if watched else PlainView(console, plan)


class PlainView(Observer):
    """One line for each event, and one every 10 s while a test runs.

    A context: what it holds of the terminal it gives back at the end.
    """

    def __init__(self, console: Console, plan: Plan) -> None:
        self.console = console
        self.state = State(plan)
        self._shown_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is held."""

    def phase(self, text: str) -> None:
        self.say(text)

    def service_started(self, name: str, pid: int) -> None:
        self.say(f"service {name} started (process {pid})")

    def service_ready(self, name: str, seconds: float) -> None:
        self.say(f"service {name} ready after {format_duration(seconds)}")

    def hook_started(self, name: str, command: str) -> None:
        self.say(f"hook {name}: {command}")

    def hook_ended(self, name: str, seconds: float) -> None:
        self.say(f"hook {name} done in {format_duration(seconds)}")

    def test_started(self, test: Test, number: int, count: int) -> None:
        self.state.begin(test, number, count)
        self._shown_at = 0.0
        self.say(f"{test.name}: {self.state.position}")

    def ticked(self, test: Test, collector: Collector) -> None:
        self.state.look(test, collector)
        if collector.at_s - self._shown_at >= PLAIN_EVERY_S - 0.5:  # ticks are not quite on time
            self._shown_at = collector.at_s
            said = [time_text(test, collector), *load_parts(collector), errors_text(collector)]
            self.say(f"{test.name}: {', '.join(said)}; {limits_text(self.state.findings)}")

    def test_ended(self, test: Test, result: TestResult) -> None:
        self.say(f"{test.name}: {ended_text(result)}")

    def warning(self, text: str) -> None:
        self.say(f"warning: {text}", "yellow")

    def say(self, text: str, style: str = "") -> None:
        page = Page(self.console.encoding, self.console.width)
        self.console.print(page.text((text, style)), soft_wrap=True)


class LiveView(PlainView):
    """The block is drawn anew at each event; what stays is printed above it."""

    def __init__(self, console: Console, plan: Plan) -> None:
        super().__init__(console, plan)
        self._collector: Collector | None = None
        self._doing = ""
        self._live: Live | None = None

    def __enter__(self) -> Self:
        from rich.live import Live  # noqa: PLC0415  (only where there is a block)

        self._live = Live(self, console=self.console, auto_refresh=False, transient=True)
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the block away and give the cursor back."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def phase(self, text: str) -> None:
        self._show(text)

    def service_started(self, name: str, pid: int) -> None:
        self._show(f"waiting for service {name} (process {pid})")

    def hook_started(self, name: str, command: str) -> None:
        self._show(f"hook {name}: {command}")

    def test_started(self, test: Test, number: int, count: int) -> None:
        self.state.begin(test, number, count)
        self._collector = None
        self._show(f"{test.name}: starting the load generator")

    def ticked(self, test: Test, collector: Collector) -> None:
        self.state.look(test, collector)
        self._collector = collector
        self._show("")

    def test_ended(self, test: Test, result: TestResult) -> None:
        self._collector = None
        self._doing = ""
        super().test_ended(test, result)

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        from rich.constrain import Constrain  # noqa: PLC0415  (as above)

        page = Page(console.encoding, min(options.max_width, WIDEST))
        test, collector = self.state.test, self._collector
        lines = (
            [page.text((self._doing, "dim"))]
            if test is None or collector is None
            else block(page, self.state, test, collector)
        )
        for each in lines:
            yield Constrain(each, page.width)

    def _show(self, doing: str) -> None:
        self._doing = doing
        if self._live is not None:
            self._live.refresh()


def block(page: Page, state: State, test: Test, collector: Collector) -> Iterator[RenderableType]:
    """The live block: where the test is, its load, its errors, its limits so far."""
    from rich.progress_bar import ProgressBar  # noqa: PLC0415  (as above)

    yield page.text((test.name, "bold"), f"  {headline(state.plan)}, {state.position}")
    done, whole = collector.at_s, duration_s(test.stages)
    width = min(BAR, page.width - INDENT)
    yield page.indented(ProgressBar(total=whole, completed=min(done, whole), width=width))
    yield page.indented(page.text(time_text(test, collector)))
    yield page.indented(page.text(", ".join(load_parts(collector))))
    failed = any(each.count for each in collector.result("partial").errors)
    yield page.indented(page.text((errors_text(collector), "red" if failed else "dim")))
    yield page.indented(page.text(limits_text(state.findings)))
    for row in finding_rows(state.findings):
        if row.outcome in {Outcome.FAIL, Outcome.WARN}:
            what = f"{row.subject}: {row.metric} is {row.value}, {row.limit}"
            yield page.indented(page.text((f"  {row.outcome}", STYLES[row.outcome]), f"  {what}"))
