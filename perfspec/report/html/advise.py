"""What a reader can do next, by how a run ended. Words only: the verdict has decided already."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from perfspec.judge.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.judge.model import Verdict
    from perfspec.plan.model import Plan

RUNS = ".perfspec/runs"  # seen from where the spec is


@dataclass(frozen=True, slots=True)
class Step:
    """A sentence, and a command to copy where there is one."""

    text: str
    command: str = ""


def steps(plan: Plan, verdict: Verdict) -> list[Step]:
    """At least one; what the spec's author says comes first."""
    found = [
        Step(f"{each.name}: {said}")
        for each in verdict.tests
        for said in (each.say, "; ".join(each.advice))
        if said
    ]
    found += [
        Step(f"{test.name}: {each.cause} Try: {each.advice}.")
        for test in verdict.tests
        for each in test.diagnoses
    ]
    return found + list(_by_outcome(plan, verdict))


def _by_outcome(plan: Plan, verdict: Verdict) -> Iterator[Step]:
    match verdict.outcome:
        case Outcome.PASS:
            yield Step("Nothing: every limit was kept.")
        case Outcome.WARN:
            yield Step("Nothing is blocked. Look at the limits below before they break.")
        case Outcome.FAIL:
            yield Step("Look at the limits that broke, and at what else moved with them in time.")
            yield Step(
                "Is a limit wrong? Change it and judge this run again, without new load:",
                f"perfspec judge {RUNS}/{verdict.run_id} --spec {shlex.quote(plan.file)}",
            )
        case Outcome.INCONCLUSIVE:
            yield from _undecided(verdict)
        case Outcome.ERROR:
            yield Step("Read logs/ in the run's folder: what services, hooks and generator said.")
        case Outcome.SKIPPED:
            yield Step("Nothing ran, so nothing was judged: see why the tests were skipped.")
        case _:
            assert_never(verdict.outcome)


def _undecided(verdict: Verdict) -> Iterator[Step]:
    if any(each.invalid for each in verdict.tests):
        yield Step(
            "The load was not what the plan says, so its numbers say nothing about the target:"
            " give the generator more cores or less work, then run again."
        )
    else:
        yield Step("Run again for longer or with more load, until the limits have enough samples.")
