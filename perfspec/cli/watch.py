"""``perfspec watch``: a run that goes on in another terminal."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import click
import psutil

from perfspec import jsonio
from perfspec.cli.conclude import show
from perfspec.cli.live import PLAIN_EVERY_S, drawn, is_watched
from perfspec.cli.snapshot import Snapshot
from perfspec.clock import SystemClock
from perfspec.errors import RunError, UsageError
from perfspec.judge.model import Verdict
from perfspec.measure.model import RunResult
from perfspec.plan.model import Plan
from perfspec.run.folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions, RenderableType

LOOK_S: Final = 0.5


@click.command("watch")
@click.argument("run_dir", required=False, type=click.Path(path_type=Path))
def command(run_dir: Path | None) -> int:
    """Follow a run (the newest when none is named) that goes on in another terminal.

    It ends when the run does, with the same tables and the same exit code. Ctrl-C ends the
    watching alone.

    \b
    Examples:
      perfspec watch
      perfspec watch .perfspec/runs/2026-11-21T03-35-36Z-3f9c
    """  # noqa: D301
    from rich.console import Console  # noqa: PLC0415  (not for --help)

    folder = RunFolder.latest(Path()) if run_dir is None else RunFolder.open(run_dir)
    plan = jsonio.read_json(folder.plan, Plan)
    _follow(folder, Console(stderr=True, highlight=False))
    if not folder.verdict.is_file():
        msg = f"the run ended without a verdict: {folder.logs} may say why"
        raise RunError(msg)
    verdict = jsonio.read_json(folder.verdict, Verdict)
    show(plan, jsonio.read_json(folder.result, RunResult), verdict, as_json=False)
    click.echo(f"report: {folder.report}")
    return verdict.exit_code


def _follow(folder: RunFolder, console: Console) -> None:
    """Until it has ended and been judged, or its process is gone."""
    clock, seen_at, process = SystemClock(), 0.0, None
    with _screen(console) as screen:
        while True:
            snapshot = _read(folder)
            if snapshot is not None:
                seen_at, process = clock.now().timestamp(), snapshot.process
                screen.show(snapshot)
            elif process is None or _judged_since(folder, seen_at):
                return
            if not _alive(process):
                return
            clock.sleep(LOOK_S)


def _read(folder: RunFolder) -> Snapshot | None:
    """None when nothing runs any more."""
    if not folder.progress.is_file():
        return None
    try:
        return jsonio.read_json(folder.progress, Snapshot)
    except UsageError:
        return None  # it has ended in this very moment


def _alive(process: int) -> bool:
    """One that has ended, and was not asked for its exit code yet, is not."""
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _judged_since(folder: RunFolder, at_s: float) -> bool:
    """The verdict of a run that was resumed may be an old one."""
    return folder.verdict.is_file() and folder.verdict.stat().st_mtime >= at_s


def _screen(console: Console) -> _Lines:
    return _Block(console) if is_watched(console, os.environ) else _Lines(console)


class _Lines:
    """A line for what is new, and every 10 s of a test."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._said = ""
        self._at_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held."""

    def show(self, snapshot: Snapshot) -> None:
        moment = snapshot.moment
        key = snapshot.doing if moment is None else moment.test
        at_s = 0.0 if moment is None else moment.at_s
        if key and (key != self._said or at_s - self._at_s >= PLAIN_EVERY_S - LOOK_S):
            self._said, self._at_s = key, at_s
            self.console.print(snapshot.doing if moment is None else moment.line, soft_wrap=True)


class _Block(_Lines):
    """The live block of the run itself."""

    def __init__(self, console: Console) -> None:
        from rich.live import Live  # noqa: PLC0415  (only where there is a block)

        super().__init__(console)
        self._snapshot = Snapshot(process=0)
        self._live = Live(self, console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the block away and give the cursor back."""
        self._live.stop()

    def show(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._live.refresh()

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        yield from drawn(self._snapshot, console, options)
