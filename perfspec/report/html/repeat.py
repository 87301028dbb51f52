"""The command that repeats a run."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from perfspec.units import format_share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.measure.model import RunResult
    from perfspec.plan.model import Plan

ALL_TESTS = "all tests"  # what a plan without a sequence is called


def repeat_command(plan: Plan, result: RunResult) -> str:
    """``perfspec run …`` with every choice written out, quoted for a shell."""
    return shlex.join(["perfspec", "run", *_options(plan, result), plan.file])


def _options(plan: Plan, result: RunResult) -> Iterator[str]:
    yield from ("--env", plan.environment.name)
    if plan.sequence != ALL_TESTS:
        yield from ("--sequence", plan.sequence)
    names = [each.name for each in plan.tests]
    if names != [plan.sequence]:
        for name in names:
            yield from ("--only", name)
    for tag in dict.fromkeys(tag for test in plan.tests for tag in test.tags):
        yield from ("--tags", tag)
    scales = {each.time_scale for each in plan.tests}
    if len(scales) == 1 and scales != {1.0}:  # different ones are the spec's own
        yield from ("--time-scale", format_share(scales.pop()))
    if plan.seed != 1:
        yield from ("--seed", str(plan.seed))
    if result.machine.workers > 1:
        yield from ("--workers", str(result.machine.workers))
    if plan.environment.protected is not None:
        yield from ("--confirm", plan.environment.name)
