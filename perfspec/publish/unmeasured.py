"""A commit of which there is no run: why, and no more what was known of an older one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perfspec.publish.api import Api
from perfspec.publish.comment import withdraw_comments
from perfspec.publish.files import append_summary
from perfspec.publish.places import Attempts, Written
from perfspec.publish.pulls import pull_request_at
from perfspec.report.escape import markdown

if TYPE_CHECKING:
    from pathlib import Path

    from perfspec.clock import Clock
    from perfspec.publish.context import Context

MOST_REASONS: Final = 50  # of at most 900 characters: below GitHub's limit of a comment


def tell_unmeasured(context: Context, reasons: str, *, step: str | None, clock: Clock) -> Attempts:
    """``reasons`` are lines; ``step`` marks the comments to change, None leaves all as they are.

    A check is not made: where one is required, its absence keeps the commit from being merged.
    """
    text = _text(reasons.splitlines())
    done = Attempts()
    if context.summary_file is not None:
        file = context.summary_file
        done.attempt("job summary", lambda: _summary(file, text))
    if step is not None and context.token and not context.read_only:
        with Api(context, clock) as api:
            done.attempt("comment", lambda: _comment(api, context, step, text))
    return done


def _text(reasons: list[str]) -> str:
    lines = [f"- {markdown(each)}" for each in reasons[:MOST_REASONS]]
    if len(reasons) > MOST_REASONS:
        lines.append(f"- and {len(reasons) - MOST_REASONS} more: see the log")
    return "\n".join(["# 💥 perfspec has not run", "", *lines, ""])


def _summary(file: Path, text: str) -> Written:
    append_summary(file, text)
    return Written("created")


def _comment(api: Api, context: Context, step: str, text: str) -> Written:
    number = pull_request_at(api, context)
    if isinstance(number, Written):
        return number
    return withdraw_comments(api, context, number, step, text)
