"""What a run is given and whom it tells: options, a referee who judges, an observer who shows."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from perfspec.errors import RunError
from perfspec.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfspec.measure.collect import Collector
    from perfspec.measure.model import AbortHit, RunResult, TestResult
    from perfspec.measure.monitored import Monitored
    from perfspec.plan.load import Span
    from perfspec.plan.model import Test
    from perfspec.run.join import Address

DRIVER = (sys.executable, "-m", "perfspec.run.driver")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """Seconds that a process may take before it is ended."""

    start: float = 60.0  # a load process: until its test's clock begins
    silence: float = 15.0  # between two of its messages
    end: float = 30.0  # beyond the test's own duration, or being told to stop, and users' grace
    leave: float = 10.0  # from its last message to its end
    dead_service: float = 5.0  # for what is under way after a service of ours has died
    stop: float = 10.0  # a service or hook: from SIGTERM to SIGKILL


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """Workers of other machines: where they come, for how long they may take, and the shared key.

    Plan, data and variables travel to them sealed with ``key``.
    """

    bind: Address
    wait_s: float
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What the command line decides. ``variables`` are those of the environment.

    The ``workers`` are processes of this machine, unless ``remote`` is given. ``web`` is the port
    of Locust's web UI, on this machine. ``redactor`` learns the secrets as they become known;
    whoever prints goes through it too.
    """

    confirm: str | None = None
    workers: int = 1
    remote: Remote | None = None
    web: int | None = None
    variables: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    redactor: Redactor = field(default_factory=Redactor)
    deadlines: Deadlines = Deadlines()
    driver: tuple[str, ...] = DRIVER


class Referee(Protocol):
    """Judges while the run goes on; the command line brings it, so that a run knows no judge."""

    def should_abort(self, test: Test, collector: Collector) -> AbortHit | None:
        """Asked after every tick; an answer ends the test and fails it."""
        ...

    def should_stop(self, test: Test, collector: Collector) -> AbortHit | None:
        """Asked after every tick; an answer ends the test, which has found out what it should.

        Of a search it ends the level that is held.
        """
        ...

    def kept(self, test: Test, result: TestResult, span: Span) -> bool | None:
        """Whether ``stop_when`` was kept in ``span``: asked for each level of a search."""
        ...

    def passed(self, test: Test, run: RunResult) -> bool:
        """Whether a test is ``pass`` or ``warn``, its budgets included.

        Asked for ``on_fail: stop`` and ``needs``; ``run`` is what there is so far.
        """
        ...

    def decided(self, test: Test, result: TestResult) -> bool:
        """Whether a duet needs no more blocks: asked at each of its looks."""
        ...

    def doubt(self, test: Test, run: RunResult) -> str | None:
        """Why a test that has ended is to run once more before it is decided; None if it is not."""
        ...


class Watch(Protocol):
    """What monitors have read while a test goes on."""

    def __call__(self, started: str, span: Span) -> list[Monitored]:
        """In some seconds of the test that began at ``started`` (ISO 8601)."""
        ...


class Observer:
    """Shows what happens; who inherits from it overrides what is of interest. Texts are masked."""

    def phase(self, text: str) -> None:
        """What begins now, in a few words."""

    def service_started(self, name: str, pid: int) -> None:
        """The process runs; it may not answer yet."""

    def service_ready(self, name: str, seconds: float) -> None:
        """It answers; ``seconds`` since its start."""

    def hook_started(self, name: str, command: str) -> None:
        """``name`` is before or after."""

    def hook_ended(self, name: str, seconds: float) -> None:
        """It succeeded."""

    def test_started(self, test: Test, number: int, count: int) -> None:
        """``number`` counts from 1; the load process is being started."""

    def ticked(self, test: Test, collector: Collector) -> None:
        """A second has passed and is in ``collector``."""

    def test_ended(self, test: Test, result: TestResult) -> None:
        """Also for a skipped test."""

    def warning(self, text: str) -> None:
        """A sentence that the user should read."""


class StepError(RunError):
    """A step of the run failed: a sentence, and lines (of a log) that show why."""

    def __init__(self, sentence: str, details: str = "") -> None:
        self.sentence = sentence
        self.details = details
        super().__init__(f"{sentence}\n{details}" if details else sentence)


class ServiceError(StepError):
    """A service of the plan has ended by itself."""


class BrokenRunError(RunError):
    """The run broke. ``result`` is what was measured all the same, as written to the run folder."""

    def __init__(self, message: str, result: RunResult) -> None:
        self.result = result
        super().__init__(message)
