"""The one comment of a spec, sequence and environment on a pull request: changed in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from perfspec.judge.model import Outcome
from perfspec.publish.identity import Identity
from perfspec.publish.places import Written
from perfspec.report.changes_view import changes_md
from perfspec.report.markdown import summary_md

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perfspec.judge.model import Verdict
    from perfspec.measure.model import RunResult
    from perfspec.plan.changes import Change
    from perfspec.plan.model import Plan
    from perfspec.publish.api import Api
    from perfspec.publish.context import Context
    from perfspec.publish.wanted import When

LONGEST: Final = 65_536  # what GitHub takes, in characters
MOST_CHANGES: Final = 50
_ROOM: Final = 2_000  # for the markers and the link
_MARKS: Final = 3  # lines of a comment that are hidden marks
_GRAVE: Final = frozenset({Outcome.FAIL, Outcome.ERROR, Outcome.INCONCLUSIVE})


def comment_body(
    context: Context,
    plan: Plan,
    result: RunResult,
    verdict: Verdict,
    changed: Sequence[Change] = (),
    step: str | None = None,
) -> str:
    """Markdown for GitHub below its limit of length, with the marks by which it is found again."""
    spec = "\n".join(changes_md(changed, MOST_CHANGES))
    room = LONGEST - _ROOM - len(spec)
    text = summary_md(plan, result, verdict, largest=room) + spec
    link = f"[Run, report and logs]({context.run_url}) · commit {context.sha[:12]}"
    mark = Identity.of(plan, context.workspace).marker
    return _body(mark, _outcome_mark(verdict.outcome), step, text, link)


def write_comment(api: Api, number: int, body: str, *, outcome: Outcome, when: When) -> Written:
    """Create or change it. A comment with our marker that another account wrote is not ours.

    ``changes`` writes when the outcome is another than the comment says (none says pass);
    ``failures`` makes no new comment for pass and warn. Raises PublishError.
    """
    return api.persistently(lambda: _write(api, number, body, outcome, when))


def withdraw_comments(api: Api, context: Context, number: int, step: str, text: str) -> Written:
    """Change all that a step wrote about an older commit; none is made. Raises PublishError."""
    return api.persistently(lambda: _withdraw(api, context, number, step, text))


def _write(api: Api, number: int, body: str, outcome: Outcome, when: When) -> Written:
    mark = body.partition("\n")[0]
    found = next(_ours(api, number, lambda marks: marks[:1] == [mark]), None)
    if found is None:
        wanted = {
            "always": True,
            "changes": outcome is not Outcome.PASS,
            "failures": outcome in _GRAVE,
        }[when]
        if not wanted:
            return Written("not wanted")
        made = api.post(f"issues/{number}/comments", {"body": body}, what="write the comment")
        return Written("created", str(made.get("html_url", "")))
    url = str(found.get("html_url", ""))
    if found["body"] == body or (
        when == "changes" and _outcome_mark(outcome) in _marks(found["body"])
    ):
        return Written("unchanged", url)
    api.patch(f"issues/comments/{found['id']}", {"body": body}, what="change the comment")
    return Written("updated", url)


def _withdraw(api: Api, context: Context, number: int, step: str, text: str) -> Written:
    link = f"[Run and logs]({context.run_url}) · commit {context.sha[:12]}"
    done = Written("there is none to change")
    for each in _ours(api, number, lambda marks: step in marks):
        url = str(each.get("html_url", ""))
        body = _body(_marks(each["body"])[0], _outcome_mark("none"), step, text, link)
        if each["body"] == body:
            done = Written("unchanged", url)
        else:
            api.patch(f"issues/comments/{each['id']}", {"body": body}, what="change the comment")
            done = Written("updated", url)
    return done


def _ours(api: Api, number: int, wanted: Callable[[list[str]], bool]) -> Iterator[dict[str, Any]]:
    """Those with marks that are wanted. Who we are is asked only for these: most have none."""
    comments = api.pages(f"issues/{number}/comments")
    marked = [each for each in comments if wanted(_marks(each.get("body") or ""))]
    login = api.login() if marked else ""
    return (each for each in marked if (each.get("user") or {}).get("login") == login)


def _body(mark: str, outcome: str, step: str | None, *rest: str) -> str:
    return "".join(f"{each}\n" for each in (mark, outcome, step, *rest) if each is not None)


def _marks(body: str) -> list[str]:
    return body.splitlines()[:_MARKS]


def _outcome_mark(outcome: Outcome | Literal["none"]) -> str:
    return f"<!-- perfspec:outcome:{outcome} -->"
