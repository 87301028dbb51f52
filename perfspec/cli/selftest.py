"""``perfspec selftest``: the gate tried on the runs of one's own baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from perfspec.baseline.archive import Comparable
from perfspec.cli.compare import archive_of
from perfspec.cli.specs import choice_options, read_plan, spec_argument
from perfspec.clock import SystemClock
from perfspec.errors import Exit, UsageError
from perfspec.plan.budget import BaselineRule
from perfspec.units import counted, format_count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.baseline.record import Record
    from perfspec.judge.power import SelfTest
    from perfspec.plan.model import Plan, Test


@click.command("selftest")
@spec_argument
@choice_options
def command(file: str, **choice: Any) -> int:  # noqa: ANN401  (choice_options)
    """Judge each run of the baseline by the others, and say how often one would have failed.

    Every run of the branch is as good as it was meant to be, so one that fails is a false alarm (or
    a regression that was merged). Also said: the smallest slowdown that the newest run would have
    found. Nothing is run and nothing is written. Exit code 4 where no test has enough runs.

    \b
    Examples:
      perfspec selftest
      perfspec selftest --sequence nightly --env staging
    """  # noqa: D301
    from perfspec.judge.change import Question  # noqa: PLC0415  (numpy and scipy)
    from perfspec.judge.power import self_test  # noqa: PLC0415

    plan = read_plan(file, **choice)
    enough = False
    for test, records in baselines(plan):
        question = Question(test.budgets, plan.baseline or BaselineRule(), plan.waivers)
        found = self_test(question, records)
        enough = enough or bool(found.smallest)
        for line in _lines(test, found):
            click.echo(line)
    return Exit.OK if enough else Exit.NO_VERDICT


def baselines(plan: Plan) -> Iterator[tuple[Test, tuple[Record, ...]]]:
    """Each test with budgets and its records as they are now. Raises UsageError without one."""
    from perfspec.judge.record import comparable_fingerprint  # noqa: PLC0415  (as above)

    tests = [each for each in plan.tests if each.budgets]
    if not tests:
        msg = "no test of this sequence has budgets: write one, such as `budget: { p95: +10% }`"
        raise UsageError(msg)
    clock = SystemClock()
    archive, now = archive_of(plan, clock), clock.now().isoformat()
    rule = plan.baseline or BaselineRule()
    for test in tests:
        fingerprint = comparable_fingerprint(test, plan.tool)
        key = Comparable(test.name, plan.environment.name, fingerprint)
        past = archive.past(key, rule.compare_with, rule.most, before=now, run_id="")
        for each in past.left_out:
            click.echo(f"left out: {each}", err=True)
        yield test, past.records


def _lines(test: Test, found: SelfTest) -> Iterator[str]:
    from perfspec.judge.power import FEWEST  # noqa: PLC0415  (as above)
    from perfspec.report.changes import NOTHING, change_rows  # noqa: PLC0415

    if found.runs < FEWEST:
        have = counted(found.runs, "comparable run")
        yield f"{test.name}: the baseline has {have}, {FEWEST} are needed"
        return
    failed = format_count(len(found.failed))
    names = f": {', '.join(found.failed)}" if found.failed else ""
    yield f"{test.name}: of the last {counted(found.runs, 'run')} {failed} would have failed{names}"
    for row in change_rows(found.smallest):
        said = row.reason if row.detectable == NOTHING else f"{row.detectable} is found with 95 %"
        if row.metric != "error_rate":
            yield f"  {row.subject} {row.metric}: {said}"
