"""The one comment of a spec and sequence on a pull request: found, and changed in place."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Literal

from perfspec import jsonio
from perfspec.judge.model import Outcome
from perfspec.report.changes_view import changes_md
from perfspec.report.markdown import summary_md

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.judge.model import Verdict
    from perfspec.measure.model import RunResult
    from perfspec.plan.changes import Change
    from perfspec.plan.model import Plan
    from perfspec.publish.api import Api
    from perfspec.publish.context import Context

When = Literal["always", "changes", "failures", "off"]
LONGEST: Final = 65_536  # what GitHub takes, in characters
MOST_CHANGES: Final = 50
_ROOM: Final = 2_000  # for the markers and the link
_GRAVE: Final = frozenset({Outcome.FAIL, Outcome.ERROR, Outcome.INCONCLUSIVE})


@dataclass(frozen=True, slots=True)
class Written:
    """What happened to it: ``created``, ``updated``, ``unchanged`` or ``not wanted``."""

    action: str
    url: str = ""


def comment_body(
    context: Context,
    plan: Plan,
    result: RunResult,
    verdict: Verdict,
    changed: Sequence[Change] = (),
) -> str:
    """Markdown for GitHub below its limit of length, with the marker by which it is found again."""
    spec = "\n".join(changes_md(changed, MOST_CHANGES))
    room = LONGEST - _ROOM - len(spec)
    text = summary_md(plan, result, verdict, largest=room) + spec
    link = f"[Run, report and logs]({context.run_url}) · commit {context.sha[:12]}"
    return f"{marker(plan)}\n{_outcome_mark(verdict.outcome)}\n{text}\n{link}\n"


def marker(plan: Plan) -> str:
    """Hidden, the same for every run of this spec, sequence and environment."""
    identity = jsonio.encode([plan.name, plan.sequence, plan.environment.name])
    return f"<!-- perfspec:{sha256(identity).hexdigest()[:20]} -->"


def write_comment(
    api: Api, number: int, body: str, *, outcome: Outcome, mark: str, when: When
) -> Written:
    """Create or change it. A comment with our marker that another account wrote is not ours.

    ``changes`` writes when the outcome is another than the comment says (none says pass);
    ``failures`` makes no new comment for pass and warn. Raises PublishError.
    """
    if when == "off":
        return Written("not wanted")
    return api.persistently(lambda: _write(api, number, body, outcome, mark, when))


def _write(api: Api, number: int, body: str, outcome: Outcome, mark: str, when: When) -> Written:
    found = _find(api, number, mark)
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
    if found["body"] == body or (when == "changes" and _outcome_mark(outcome) in found["body"]):
        return Written("unchanged", url)
    api.patch(f"issues/comments/{found['id']}", {"body": body}, what="change the comment")
    return Written("updated", url)


def _find(api: Api, number: int, mark: str) -> dict[str, Any] | None:
    """Ours is asked for only when a comment has the marker: most have none."""
    marked = [
        each
        for each in api.pages(f"issues/{number}/comments")
        if (each.get("body") or "").startswith(mark)
    ]
    if not marked:
        return None
    login = api.login()
    return next((each for each in marked if (each.get("user") or {}).get("login") == login), None)


def _outcome_mark(outcome: Outcome) -> str:
    return f"<!-- perfspec:outcome:{outcome} -->"
