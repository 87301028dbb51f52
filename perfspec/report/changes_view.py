"""How a spec changed, in words: for a comment and a terminal, with what became looser marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.judge.wording import amount
from perfspec.report.changes import allowed_amount
from perfspec.report.escape import markdown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfspec.plan.budget import Budget
    from perfspec.plan.changes import Change

SIGNS = {"loosened": "⚠️", "removed": "⚠️", "changed": "✏️", "tightened": "✅", "added": "✅"}


def change_text(change: Change, arrow: str = "→") -> str:
    """``load: p95 of login loosened 300 ms → 500 ms, in staging (perfspec.yaml:44)``."""
    limit = change.limit
    if change.budget is not None:
        text = _of_budget(change, change.budget, arrow)
    elif limit is None:
        text = f"{change.what} {change.kind}{f': {change.note}' if change.note else ''}"
    elif change.level is None:
        text = f"{change.what} {limit.metric.name} of {limit.subject} {change.kind}"
    else:
        before, after = (
            "none" if each is None else amount(limit.metric, each)
            for each in (change.before, change.after)
        )
        level = " (warning)" if change.level == "warn" else ""
        text = (
            f"{limit.metric.name} of {limit.subject}{level} {change.kind} {before} {arrow} {after}"
        )
    only = f", in {' and '.join(change.environments)}" if change.environments else ""
    where = f" ({change.place.file}:{change.place.line})" if change.place is not None else ""
    return f"{f'{change.test}: ' if change.test else ''}{text}{only}{where}"


def _of_budget(change: Change, budget: Budget, arrow: str) -> str:
    """``p95 budget of login and 3 more loosened +10% → +20%``."""
    more = f" and {change.others} more" if change.others else ""
    if change.level is None:
        return f"{change.what} {budget.metric.name} of {budget.subject}{more} {change.kind}"
    before, after = (
        "none" if each is None else allowed_amount(budget.metric, each)
        for each in (change.before, change.after)
    )
    level = " (warning)" if change.level == "warn" else ""
    who = f"{budget.metric.name} budget of {budget.subject}{more}{level}"
    return f"{who} {change.kind} {before} {arrow} {after}"


def changes_md(found: Sequence[Change], most: int) -> Iterator[str]:
    """A list for GitHub of at most ``most`` lines; nothing for nothing."""
    if not found:
        return
    yield "**How the spec changed**"
    yield ""
    yield from (f"- {SIGNS[each.kind]} {markdown(change_text(each))}" for each in found[:most])
    if found[most:]:
        yield f"- … and {len(found) - most} more (`perfspec plan --base`)"
    yield ""
