"""What a run shows while it goes on: one live block on a terminal, plain lines elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from perfspec.cli.progress import State, ended_text
from perfspec.cli.snapshot import Board, moment_of, now
from perfspec.report.terminal import WIDEST, Page
from perfspec.run.contracts import Observer
from perfspec.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.live import Live

    from perfspec.cli.snapshot import Moment, Snapshot
    from perfspec.measure.collect import Collector
    from perfspec.measure.model import TestResult
    from perfspec.plan.model import Plan, Test

PLAIN_EVERY_S = 10.0


def view_for(
    console: Console, plan: Plan, variables: Mapping[str, str], board: Path | None = None
) -> PlainView:
    """The live block where somebody watches; lines in a pipe, a dumb terminal and CI.

    ``board`` is the file that ``perfspec watch`` reads.
    """
    kind = LiveView if is_watched(console, variables) else PlainView
    return kind(console, plan, Board(board))


def is_watched(console: Console, variables: Mapping[str, str]) -> bool:
    """Whether there is a terminal that a block can be drawn on, with somebody in front of it."""
    return console.is_terminal and not console.is_dumb_terminal and not variables.get("CI")


class PlainView(Observer):
    """One line for each event, and one every 10 s while a test runs.

    A context: what it holds of the terminal it gives back at the end.
    """

    def __init__(self, console: Console, plan: Plan, board: Board | None = None) -> None:
        self.console = console
        self.state = State(plan)
        self.snapshot = now()
        self._board = board or Board(None)
        self._shown_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Watchers are let go."""
        self._board.clear()

    def phase(self, text: str) -> None:
        self.say(text)
        self.show(text)

    def service_started(self, name: str, pid: int) -> None:
        self.say(f"service {name} started (process {pid})")
        self.show(f"waiting for service {name} (process {pid})")

    def service_ready(self, name: str, seconds: float) -> None:
        self.say(f"service {name} ready after {format_duration(seconds)}")

    def hook_started(self, name: str, command: str) -> None:
        self.say(f"hook {name}: {command}")
        self.show(f"hook {name}: {command}")

    def hook_ended(self, name: str, seconds: float) -> None:
        self.say(f"hook {name} done in {format_duration(seconds)}")

    def test_started(self, test: Test, number: int, count: int) -> None:
        self.state.begin(test, number, count)
        self._shown_at = 0.0
        self.say(f"{test.name}: {self.state.position}")
        self.show(f"{test.name}: starting the load generator")

    def ticked(self, test: Test, collector: Collector) -> None:
        self.state.look(test, collector)
        moment = moment_of(self.state, test, collector)
        self.show(moment=moment)
        if collector.at_s - self._shown_at >= PLAIN_EVERY_S - 0.5:  # ticks are not quite on time
            self._shown_at = collector.at_s
            self.say(moment.line)

    def test_ended(self, test: Test, result: TestResult) -> None:
        self.say(f"{test.name}: {ended_text(result)}")
        self.show()

    def warning(self, text: str) -> None:
        self.say(f"warning: {text}", "yellow")

    def show(self, doing: str = "", moment: Moment | None = None) -> None:
        """What happens now, for watchers."""
        self.snapshot = now(doing, moment)
        self._board.show(self.snapshot)

    def say(self, text: str, style: str = "") -> None:
        page = Page(self.console.encoding, self.console.width)
        self.console.print(page.text((text, style)), soft_wrap=True)


class LiveView(PlainView):
    """The block is drawn anew at each event; what stays is printed above it."""

    def __init__(self, console: Console, plan: Plan, board: Board | None = None) -> None:
        super().__init__(console, plan, board)
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
        super().__exit__(kind, error, trace)
        if self._live is not None:
            self._live.stop()
            self._live = None

    def phase(self, text: str) -> None:
        self.show(text)

    def service_started(self, name: str, pid: int) -> None:
        self.show(f"waiting for service {name} (process {pid})")

    def hook_started(self, name: str, command: str) -> None:
        self.show(f"hook {name}: {command}")

    def test_started(self, test: Test, number: int, count: int) -> None:
        self.state.begin(test, number, count)
        self.show(f"{test.name}: starting the load generator")

    def ticked(self, test: Test, collector: Collector) -> None:
        self.state.look(test, collector)
        self.show(moment=moment_of(self.state, test, collector))

    def show(self, doing: str = "", moment: Moment | None = None) -> None:
        super().show(doing, moment)
        if self._live is not None:
            self._live.refresh()

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        yield from drawn(self.snapshot, console, options)


def drawn(
    snapshot: Snapshot, console: Console, options: ConsoleOptions
) -> Iterator[RenderableType]:
    """The block, as wide as can be read."""
    from rich.constrain import Constrain  # noqa: PLC0415  (only where there is a block)

    page = Page(console.encoding, min(options.max_width, WIDEST))
    for each in snapshot.block(page):
        yield Constrain(each, page.width)
