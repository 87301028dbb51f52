"""``perfspec plan --detect 10%``: what it takes to find a slowdown of that size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perfspec.cli.selftest import baselines
from perfspec.judge.power import FEWEST, needs
from perfspec.plan.budget import BaselineRule
from perfspec.report.changes import percent
from perfspec.units import counted, format_duration

if TYPE_CHECKING:
    from perfspec.judge.power import Need
    from perfspec.plan.model import Plan


def show_needs(plan: Plan, detect: float) -> None:
    """Print it for each budget on a latency, from how much the runs of the baseline vary."""
    most = (plan.baseline or BaselineRule()).most
    for test, records in baselines(plan):
        goal = f"find {percent(detect)} in 95 of 100 runs, with a budget of {percent(detect / 2)}"
        have = counted(len(records), "comparable run")
        click.echo(f"{test.name}: {have}; what it takes to {goal}")
        if len(records) < FEWEST:
            click.echo(f"  how much runs vary is not known before {FEWEST} of them are recorded")
        for each in needs(test.budgets, records, detect, most):
            who = f"{each.budget.subject} {each.budget.metric.name}"
            click.echo(f"  {who}: {_said(each, len(records) - 1)}")


def _said(need: Need, runs: int) -> str:
    today = f"finds {percent(need.finds)} today"
    if need.runs is not None:
        more = f"{today}; {counted(need.runs, 'run')} would do"
        return f"{today}: enough" if need.runs <= runs else more
    if need.seconds is not None:
        return f"{today}; a judged time of {format_duration(need.seconds)} would do"
    return f"{today}; runs differ too much: compare both commits at once (perfspec duet)"
