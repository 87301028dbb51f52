"""A finished run, told on GitHub in every place that the token reaches; each place by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from perfspec.publish.annotations import annotate, log_commands, path_in_repository
from perfspec.publish.api import Api
from perfspec.publish.check import write_check
from perfspec.publish.comment import (
    MOST_CHANGES,
    When,
    Written,
    comment_body,
    marker,
    write_comment,
)
from perfspec.publish.errors import PublishError
from perfspec.publish.files import append_summary
from perfspec.report.changes_view import changes_md
from perfspec.report.markdown import LARGEST, summary_md

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfspec.clock import Clock
    from perfspec.judge.model import Verdict
    from perfspec.measure.model import RunResult
    from perfspec.plan.changes import Change
    from perfspec.plan.model import Plan
    from perfspec.publish.annotations import Annotation
    from perfspec.publish.context import Context

FORMAT = "perfspec/published/1"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One place where a run was told; ``action`` is created, updated, unchanged or why not."""

    place: str
    action: str
    url: str = ""


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """``published.json``: what was written where, and what could not be (``problems``)."""

    format: str = FORMAT
    run_id: str
    places: tuple[Place, ...]
    problems: tuple[str, ...]


@dataclass(slots=True)
class _Publisher:
    context: Context
    plan: Plan
    result: RunResult
    verdict: Verdict
    changed: Sequence[Change]
    places: list[Place] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def attempt(self, place: str, work: Callable[[], Written]) -> None:
        """One place that fails leaves the others alone."""
        try:
            done = work()
        except PublishError as error:
            self.problems.append(f"{place}: {error}")
        else:
            self.places.append(Place(place=place, action=done.action, url=done.url))

    def summary(self) -> Written:
        if self.context.summary_file is None:
            return Written("there is none: GITHUB_STEP_SUMMARY is not set")
        spec = "\n".join(changes_md(self.changed, MOST_CHANGES))
        room = LARGEST - len(spec.encode()) - len("\n")
        text = summary_md(self.plan, self.result, self.verdict, largest=room)
        append_summary(self.context.summary_file, text + spec)
        return Written("created")

    def comment(self, api: Api, when: When) -> Written:
        number = self._number(api)
        if number is None:
            return Written("no open pull request is at this commit")
        body = comment_body(self.context, self.plan, self.result, self.verdict, self.changed)
        outcome, mark = self.verdict.outcome, marker(self.plan)
        return write_comment(api, number, body, outcome=outcome, mark=mark, when=when)

    def check(self, api: Api, found: list[Annotation]) -> Written:
        return write_check(api, self.context, self.plan, self.result, self.verdict, found)

    def _number(self, api: Api) -> int | None:
        """Of the pull request; asked for by its branch, and only if its head is our commit."""
        context = self.context
        if context.pull_request is not None or context.source is None:
            return context.pull_request
        head = f"{context.source.owner}:{context.source.name}"
        found = [
            int(each["number"])
            for each in api.pages("pulls", state="open", head=head)
            if (each.get("head") or {}).get("sha") == context.sha
        ]
        return found[0] if found else None


def publish(
    context: Context,
    plan: Plan,
    result: RunResult,
    verdict: Verdict,
    *,
    changed: Sequence[Change] = (),
    when: When,
    say: Callable[[str], None],
    clock: Clock,
) -> Published:
    """Summary, check run and comment; ``say`` prints annotations where no token may write them.

    What could not be published is in ``problems``; nothing is raised for it.
    """
    publisher = _Publisher(context, plan, result, verdict, changed)
    found = annotate(verdict, path_in_repository(plan, context.workspace))
    publisher.attempt("job summary", publisher.summary)
    if context.read_only:
        for line in log_commands(found):
            say(line)
        wait = Written("a pull request of a fork: the workflow that publishes will write it")
        publisher.attempt("check run", lambda: wait)
        publisher.attempt("comment", lambda: wait)
    elif not context.token:
        publisher.problems.append(
            "check run and comment: there is no token: pass `GITHUB_TOKEN: ${{ github.token }}`"
        )
    else:
        with Api(context, clock) as api:
            publisher.attempt("check run", lambda: publisher.check(api, found))
            publisher.attempt("comment", lambda: publisher.comment(api, when))
    return Published(
        run_id=verdict.run_id,
        places=tuple(publisher.places),
        problems=tuple(publisher.problems),
    )
