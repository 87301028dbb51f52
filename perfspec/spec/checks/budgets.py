"""Budgets and waivers: levels in their order, waivers that still hold and are of something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.clock import SystemClock
from perfspec.spec.checks.walk import written_steps
from perfspec.spec.persona import GroupStep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfspec.spec.budget import Budget
    from perfspec.spec.checks.context import Context
    from perfspec.spec.tree import Path


def check_budgets(context: Context) -> None:
    """Levels of budgets, and every waiver."""
    for path, budget in _written(context):
        for metric in budget.model_fields_set:
            _order(context, getattr(budget, metric), (*path, metric))
    today = SystemClock().now().date().isoformat()
    for index, waiver in enumerate(context.spec.waivers):
        path = ("waivers", index)
        context.expect("endpoint", waiver.endpoint, (*path, "endpoint"))
        if waiver.until < today:
            message = f"this waiver ended on {waiver.until}"
            hint = f"mend it, or ask {waiver.owner} for a new day and reason"
            context.findings.error(context.value((*path, "until")), "PS351", message, hint)


def _written(context: Context) -> Iterator[tuple[Path, Budget]]:
    spec = context.spec
    found: list[tuple[Path, Budget | None]] = [(("budget",), spec.budget)]
    for name, endpoint in spec.endpoints.items():
        found.append((("endpoints", name, "budget"), endpoint.budget))
        poll = endpoint.poll
        found.append((("endpoints", name, "poll", "budget"), poll.budget if poll else None))
    found += [(("tests", name, "budget"), test.budget) for name, test in spec.tests.items()]
    found += [
        ((*path, "budget"), step.budget)
        for path, step in written_steps(spec)
        if isinstance(step, GroupStep)
    ]
    found += [
        (("objectives", name, "budget"), each.budget) for name, each in spec.objectives.items()
    ]
    yield from ((path, each) for path, each in found if each is not None)


def _order(context: Context, levels: object, path: Path) -> None:
    warn, fail = getattr(levels, "warn", None), getattr(levels, "fail", None)
    if warn is None or fail is None or warn < fail or not context.complete(*path):
        return
    message = "warn would never be reached before fail: a budget is how much worse is allowed"
    hint = "write warn nearer to 0 than fail"
    context.findings.error(context.key((*path, "warn")), "PS328", message, hint)
