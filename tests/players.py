"""Virtual users in the test's own process: their steps one by one, against a real target."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfspec.measure.model import Window
from perfspec.run.driver.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.measure.errors import ErrorClass
    from perfspec.plan.model import Plan
    from perfspec.run.driver.life import VirtualUser
    from perfspec.run.driver.recorder import Folded


@dataclass
class Stage:
    """An engine that is ready, and the first persona's first user."""

    engine: Engine
    user: VirtualUser

    def fold(self) -> Folded:
        return self.engine.recorder.fold()

    def samples(self, kind: str = "request") -> dict[str, Window]:
        """What was recorded since the last look, by name (and ``/`` file class)."""
        return named(self.fold(), kind)


def named(folded: Folded, kind: str = "request") -> dict[str, Window]:
    found: dict[str, Window] = {}
    for series in folded.series:
        if series.key.kind == kind:
            suffix = f"/{series.key.file_class}" if series.key.file_class else ""
            total = found.setdefault(series.key.name + suffix, Window(index=-1))
            for window in series.windows:
                total.merge(window)
    return found


def errors(folded: Folded) -> dict[str, tuple[ErrorClass, str]]:
    """Class and message of the first error of each series."""
    return {each.key.name: (each.error, each.message) for each in reversed(folded.errors)}


@contextmanager
def on_stage(plan: Plan) -> Iterator[Stage]:
    """The plan's only test, prepared; nobody plays before the test says so."""
    engine = Engine(plan, plan.tests[0])
    try:
        engine.prepare()
        engine.begin()
        user = engine.user(plan.tests[0].personas[0].name)
        yield Stage(engine, user)
        user.let_go()
    finally:
        engine.close()


def play(plan: Plan, journeys: int = 1) -> Folded:
    """What one user leaves behind who starts and takes so many journeys."""
    with on_stage(plan) as stage:
        if stage.user.start():
            for _ in range(journeys):
                stage.user.journey()
        return stage.fold()
