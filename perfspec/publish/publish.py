"""A finished run, told on GitHub in every place that the token reaches; each place by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfspec.publish.annotations import annotate, log_commands, path_in_repository
from perfspec.publish.api import Api
from perfspec.publish.check import write_check
from perfspec.publish.comment import MOST_CHANGES, comment_body, write_comment
from perfspec.publish.files import append_summary
from perfspec.publish.places import Attempts, Published, Written
from perfspec.publish.pulls import pull_request_at
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
    from perfspec.publish.wanted import Wanted


@dataclass(frozen=True, slots=True)
class _Publisher:
    context: Context
    plan: Plan
    result: RunResult
    verdict: Verdict
    changed: Sequence[Change]
    wanted: Wanted

    def summary(self) -> Written:
        if self.context.summary_file is None:
            return Written("there is none: GITHUB_STEP_SUMMARY is not set")
        spec = "\n".join(changes_md(self.changed, MOST_CHANGES))
        room = LARGEST - len(spec.encode()) - len("\n")
        text = summary_md(self.plan, self.result, self.verdict, largest=room)
        append_summary(self.context.summary_file, text + spec)
        return Written("created")

    def check(self, api: Api, found: list[Annotation]) -> Written:
        run = self.plan, self.result, self.verdict
        return write_check(api, self.context, *run, found=found, wanted=self.wanted)

    def comment(self, api: Api) -> Written:
        if self.wanted.comment == "off":
            return Written("not wanted")
        number = pull_request_at(api, self.context)
        if isinstance(number, Written):
            return number
        run = self.plan, self.result, self.verdict
        body = comment_body(self.context, *run, self.changed, self.wanted.step)
        outcome, when = self.verdict.outcome, self.wanted.comment
        return write_comment(api, number, body, outcome=outcome, when=when)


def publish(
    context: Context,
    plan: Plan,
    result: RunResult,
    verdict: Verdict,
    *,
    changed: Sequence[Change] = (),
    wanted: Wanted,
    say: Callable[[str], None],
    clock: Clock,
) -> Published:
    """Summary, check run and comment; ``say`` prints annotations where no token may write them.

    What could not be published is in ``problems``; nothing is raised for it.
    """
    publisher = _Publisher(context, plan, result, verdict, changed, wanted)
    done = Attempts()
    found = annotate(verdict, path_in_repository(plan, context.workspace))
    done.attempt("job summary", publisher.summary)
    if context.read_only:
        for line in log_commands(found):
            say(line)
        wait = Written("a pull request of a fork: the workflow that publishes will write it")
        done.attempt("check run", lambda: wait)
        done.attempt("comment", lambda: wait)
    elif not context.token:
        done.problems.append(
            "check run and comment: there is no token: pass `GITHUB_TOKEN: ${{ github.token }}`"
        )
    else:
        with Api(context, clock) as api:
            done.attempt("check run", lambda: publisher.check(api, found))
            done.attempt("comment", lambda: publisher.comment(api))
    return Published(
        run_id=verdict.run_id, places=tuple(done.places), problems=tuple(done.problems)
    )
