"""The baseline of a run: read before its verdict, added to after it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from perfspec.baseline.archive import Archive, Comparable, Past
from perfspec.baseline.origin import origin_of
from perfspec.baseline.store import StoreError, open_store
from perfspec.clock import SystemClock
from perfspec.judge.model import Outcome
from perfspec.plan.budget import BaselineRule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfspec.baseline.origin import Origin
    from perfspec.baseline.record import Record
    from perfspec.clock import Clock
    from perfspec.judge.model import Comparison, Verdict
    from perfspec.measure.model import RunResult, TestResult
    from perfspec.plan.model import Plan, Test


def archive_of(plan: Plan, clock: Clock, store: str | None = None) -> Archive:
    """The records that a plan names, or those of another store."""
    rule = plan.baseline or BaselineRule()
    return Archive(open_store(store or rule.store, Path(plan.directory), clock))


def comparisons(plan: Plan, result: RunResult, clock: Clock) -> dict[str, Comparison]:
    """What the baseline says of each test that has budgets and was measured.

    A baseline that cannot be read leaves the budgets undecided and the limits judged: the run is
    over, and its numbers are not to be lost.
    """
    found = ((each.name, comparison_of(plan, each, result, clock)) for each in plan.tests)
    return {name: each for name, each in found if each is not None}


def comparison_of(plan: Plan, test: Test, result: RunResult, clock: Clock) -> Comparison | None:
    """What the baseline says of one test; None where it has no budgets or was not measured.

    Compared with are runs from before this one, however late it is judged.
    """
    measured = _result_of(result, test)
    if measured is None or not test.budgets:
        return None
    if test.duet is not None:
        return compare_commits(plan, test, measured)
    from perfspec.judge.change import Question  # noqa: PLC0415  (numpy, scipy)
    from perfspec.judge.confirmation import (  # noqa: PLC0415  (as above)
        Again,
        compare_again,
        why_unusable,
    )

    rule = plan.baseline or BaselineRule()
    head = _record(plan, result, test, measured)
    past, problem = Past(), None
    try:
        key = Comparable(test.name, head.environment, head.fingerprint)
        archive = archive_of(plan, clock)
        past = archive.past(key, rule.compare_with, rule.most, head.time, head.run_id)
    except StoreError as error:
        problem = f"the baseline cannot be read: {error}"
    question = Question(test.budgets, rule, plan.waivers, plan.accepted, problem)
    again = [
        Again(_record(plan, result, test, each), why_unusable(test, each))
        for each in measured.repeats
    ]
    return compare_again(question, head, again, past)


def compare_commits(plan: Plan, test: Test, result: TestResult) -> Comparison | None:
    """What a duet says of its budgets; None for a test that is none."""
    if test.duet is None:
        return None
    from perfspec.judge.change import Question  # noqa: PLC0415  (numpy, scipy)
    from perfspec.judge.duet import compare_sides  # noqa: PLC0415  (as above)

    rule = plan.baseline or BaselineRule()
    question = Question(test.budgets, rule, plan.waivers, plan.accepted)
    return compare_sides(question, test.duet, result)


def valid_records(plan: Plan, result: RunResult, verdict: Verdict, origin: Origin) -> list[Record]:
    """Records of the tests that may enter a baseline: measured to their end, and validly.

    A test that failed may: what is slow on the branch itself is what others are compared with. One
    that only a part of its users took part in may not.
    """
    from perfspec.judge.validity import unready  # noqa: PLC0415  (not for `perfspec --help`)

    judged = {each.name: each for each in verdict.tests}
    found = []
    for test in plan.tests:
        measured = _result_of(result, test)
        sound = judged[test.name].invalid is None and judged[test.name].outcome is not Outcome.ERROR
        if not (test.record and measured and measured.status == "complete" and sound):
            continue
        if unready(test, measured, judged[test.name].judged) is None:
            found.append(_record(plan, result, test, measured, origin))
    return found


def why_not_recorded(plan: Plan, origin: Origin, variables: Mapping[str, str]) -> str | None:
    """Why a run does not enter the baseline by itself; None where it does.

    What is compared with must be what the branch holds: no pull request, no other branch, nothing
    that is not committed. And nobody's laptop adds to what all others are judged by.
    """
    rule = plan.baseline or BaselineRule()
    if origin.pull_request:
        return "runs of pull requests are no baseline"
    if origin.branch != rule.compare_with:
        return f"this is {origin.branch or 'no branch'}, not {rule.compare_with}"
    if not origin.clean:
        return "there are uncommitted changes"
    if not rule.store.startswith("dir:") and not variables.get("CI"):
        return "only CI adds to a shared baseline by itself; see `perfspec baseline record`"
    return None


def record_run(plan: Plan, result: RunResult, verdict: Verdict) -> bool:
    """Add a run to its baseline if it is one of the branch's; False where that did not work.

    Of a test that ran more than once the first run is recorded: were it the better one of them, the
    baseline would be better than the branch.
    """
    origin = origin_of(Path(plan.directory), os.environ)
    why = why_not_recorded(plan, origin, os.environ)
    records = valid_records(plan, result, verdict, origin)
    if why is None and not records:
        why = "no test is valid, whole and of full length"
    if why is not None:
        click.echo(f"not recorded in the baseline: {why}", err=True)
        return True
    archive = archive_of(plan, SystemClock())
    try:
        archive.add(records)
    except StoreError as error:
        click.echo(f"Error: not recorded in the baseline: {error}", err=True)
        return False
    names = ", ".join(each.test for each in records)
    click.echo(f"recorded in the baseline ({archive.store}): {names}", err=True)
    return True


def _record(
    plan: Plan, result: RunResult, test: Test, measured: TestResult, origin: Origin | None = None
) -> Record:
    from perfspec.judge.record import record_of  # noqa: PLC0415  (numpy, scipy)

    commit, branch = (origin.commit, origin.branch) if origin else (None, None)
    return record_of(plan, test, result, measured, commit=commit, branch=branch)


def _result_of(result: RunResult, test: Test) -> TestResult | None:
    """What a test has measured; None for one that did not run."""
    found = next((each for each in result.tests if each.name == test.name), None)
    return None if found is None or found.status == "skipped" else found
