"""Runs that are told to a double of GitHub, and what it was told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from perfspec.judge.verdict import judge_run
from perfspec.publish.context import Context
from perfspec.publish.identity import step_marker
from perfspec.publish.publish import publish
from perfspec.publish.unmeasured import tell_unmeasured
from perfspec.publish.wanted import Wanted
from tests.github_double import REPOSITORY, TOKEN, GitHub, running_github
from tests.results import latencies, limit, make_plan, make_run, make_test, measure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from perfspec.measure.model import RunResult
    from perfspec.plan.limits import Objective
    from perfspec.plan.model import Plan
    from perfspec.publish.places import Attempts, Published

SHA = "5f2d1c0b9a8e7d6c5b4a39281706f5e4d3c2b1a0"
NEWER = "6" * 40
STEP = step_marker("perfspec.yaml", None, None)


class Clock:
    """Sleeping takes no time; ``slept`` says how long it was meant to be."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 11, 21, tzinfo=UTC) + timedelta(seconds=sum(self.slept))

    def monotonic(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class Told:
    """Publishes runs to one double; ``said`` is what it printed."""

    def __init__(self, github: GitHub, folder: Path) -> None:
        self.github = github
        self.clock = Clock()
        self.said: list[str] = []
        self.summary = folder / "summary"
        github.open_pull(12, "acme:topic", SHA)

    def __call__(
        self,
        run: tuple[Plan, RunResult],
        when: Any = "always",  # noqa: ANN401
        fail_on: Any = "inconclusive",  # noqa: ANN401
        **changes: Any,  # noqa: ANN401
    ) -> Published:
        plan, result = run
        context = self.context(**changes)
        verdict = judge_run(plan, result)
        wanted = Wanted(comment=when, fail_on=fail_on, step=STEP)
        return publish(
            context, plan, result, verdict, wanted=wanted, say=self.said.append, clock=self.clock
        )

    def unmeasured(self, reasons: str, step: str | None = STEP, **changes: Any) -> Attempts:  # noqa: ANN401
        return tell_unmeasured(self.context(**changes), reasons, step=step, clock=self.clock)

    def context(self, **changes: Any) -> Context:  # noqa: ANN401
        fields: dict[str, Any] = {
            "repository": REPOSITORY,
            "sha": SHA,
            "event": "pull_request",
            "token": TOKEN,
            "api_url": self.github.url,
            "graphql_url": f"{self.github.url}/graphql",
            "run_url": f"{self.github.url}/{REPOSITORY}/actions/runs/7",
            "pull_request": 12,
            "summary_file": self.summary,
        }
        return Context(**(fields | changes))

    def action(self, published: Published | Attempts, place: str) -> str:
        [found] = [each for each in published.places if each.place == place]
        return found.action


@pytest.fixture
def github() -> Iterator[GitHub]:
    with running_github() as github:
        yield github


@pytest.fixture
def tell(github: GitHub, tmp_path: Path) -> Told:
    return Told(github, tmp_path)


def run_of(bound: float, **rest: Any) -> tuple[Plan, RunResult]:  # noqa: ANN401
    """A run whose p95 is some 0.3 s."""
    return run_with(limit("p95", bound, line=44), **rest)


def run_with(objective: Objective, **rest: Any) -> tuple[Plan, RunResult]:  # noqa: ANN401
    test = make_test(objective)
    plan = make_plan(test)
    return plan, make_run(plan, measure(test, {"login": latencies(2000, 0.3)}), **rest)
