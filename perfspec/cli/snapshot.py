"""One moment of a run, small enough to be told every second: what this and other terminals show."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from perfspec import jsonio
from perfspec.cli.progress import errors_text, limits_text, load_parts, time_text
from perfspec.judge.model import Outcome
from perfspec.plan.base import Value
from perfspec.plan.load import duration_s
from perfspec.report.tables import finding_rows, headline
from perfspec.report.terminal import INDENT, STYLES, Page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.console import RenderableType

    from perfspec.cli.progress import State
    from perfspec.measure.collect import Collector
    from perfspec.plan.model import Test

BAR = 24


class Moment(Value, frozen=True, kw_only=True):
    """A test while it runs, in words. ``broken`` are limits that are not kept so far."""

    test: str
    about: str
    at_s: float
    whole_s: float
    time: str
    load: str
    errors: str
    failing: bool
    limits: str
    broken: tuple[tuple[Outcome, str], ...] = ()

    @property
    def line(self) -> str:
        return f"{self.test}: {self.time}, {self.load}, {self.errors}; {self.limits}"


class Snapshot(Value, frozen=True, kw_only=True):
    """What is done by the process that runs it, or the test that runs (``doing`` is empty then)."""

    process: int
    doing: str = ""
    moment: Moment | None = None

    def block(self, page: Page) -> Iterator[RenderableType]:
        """As lines of a terminal."""
        if self.moment is None:
            yield page.text((self.doing, "dim"))
        else:
            yield from _block(page, self.moment)


def moment_of(state: State, test: Test, collector: Collector) -> Moment:
    """The test that runs now."""
    rows = finding_rows(state.findings)
    return Moment(
        test=test.name,
        about=f"{headline(state.plan)}, {state.position}",
        at_s=collector.at_s,
        whole_s=duration_s(test.stages),
        time=time_text(test, collector),
        load=", ".join(load_parts(collector)),
        errors=errors_text(state),
        failing=bool(state.errors),
        limits=limits_text(state.findings),
        broken=tuple(
            (each.outcome, f"{each.subject}: {each.metric} is {each.value}, {each.limit}")
            for each in rows
            if each.outcome in {Outcome.FAIL, Outcome.WARN}
        ),
    )


class Board:
    """The file in which other terminals read the present; nothing of it is kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def show(self, snapshot: Snapshot) -> None:
        """A full disk is the business of those whose files matter."""
        if self._path is not None:
            with suppress(OSError):
                jsonio.write_json(self._path, snapshot)

    def clear(self) -> None:
        """The run has ended, for watchers."""
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)


def now(doing: str = "", moment: Moment | None = None) -> Snapshot:
    """Of this process."""
    return Snapshot(process=os.getpid(), doing=doing, moment=moment)


def _block(page: Page, moment: Moment) -> Iterator[RenderableType]:
    """Where the test is, its load, its errors, its limits so far."""
    from rich.progress_bar import ProgressBar  # noqa: PLC0415  (only where there is a block)

    yield page.text((moment.test, "bold"), f"  {moment.about}")
    done, width = min(moment.at_s, moment.whole_s), min(BAR, page.width - INDENT)
    yield page.indented(ProgressBar(total=moment.whole_s, completed=done, width=width))
    yield page.indented(page.text(moment.time))
    yield page.indented(page.text(moment.load))
    yield page.indented(page.text((moment.errors, "red" if moment.failing else "dim")))
    yield page.indented(page.text(moment.limits))
    for outcome, text in moment.broken:
        yield page.indented(page.text((f"  {outcome}", STYLES[outcome]), f"  {text}"))
