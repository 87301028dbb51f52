"""How a spec changed, in words: for a comment and a terminal, with what became looser marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfspec.judge.wording import amount
from perfspec.report.escape import markdown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfspec.plan.changes import Change

SIGNS = {"loosened": "⚠️", "removed": "⚠️", "changed": "✏️", "tightened": "✅", "added": "✅"}


def change_text(change: Change, arrow: str = "→") -> str:
    """``load: p95 of login loosened 300 ms → 500 ms (perfspec.yaml:44)``."""
    limit = change.limit
    if limit is None:
        text = f"{change.what} {change.kind}"
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
    where = f" ({change.place.file}:{change.place.line})" if change.place is not None else ""
    return f"{f'{change.test}: ' if change.test else ''}{text}{where}"


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
