"""The check run of the measured commit: begun before anything is told, and always concluded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from perfspec.judge.model import Outcome
from perfspec.publish.errors import PublishError
from perfspec.publish.identity import Identity
from perfspec.publish.places import Written
from perfspec.report.escape import one_line
from perfspec.report.markdown import summary_md
from perfspec.report.tables import headline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfspec.judge.model import Verdict
    from perfspec.measure.model import RunResult
    from perfspec.plan.model import Plan
    from perfspec.publish.annotations import Annotation
    from perfspec.publish.api import Api
    from perfspec.publish.context import Context
    from perfspec.publish.wanted import Wanted

BATCH: Final = 50  # annotations that GitHub takes at once
LONGEST: Final = 65_535  # of its summary, in characters


def write_check(
    api: Api,
    context: Context,
    plan: Plan,
    result: RunResult,
    verdict: Verdict,
    *,
    found: Sequence[Annotation],
    wanted: Wanted,
) -> Written:
    """Publish a run once: a check of the same run is left as it is. Raises PublishError."""
    name = Identity.of(plan, context.workspace).check
    check = api.persistently(lambda: _begin(api, context, name, verdict.run_id))
    url = str(check.get("html_url", ""))
    if check.get("status") == "completed":
        return Written("unchanged", url)
    conclusion = _conclusion(result, verdict, wanted)
    _conclude(api, check["id"], _output(plan, result, verdict), found, conclusion)
    return Written("created", url)


def _conclusion(result: RunResult, verdict: Verdict, wanted: Wanted) -> str:
    """What fails the step fails the check: neutral satisfies a rule that requires it."""
    if result.interrupted:
        return "cancelled"
    if wanted.fails(verdict.outcome):
        return "failure"
    return "success" if verdict.outcome is Outcome.PASS else "neutral"


def _begin(api: Api, context: Context, name: str, run_id: str) -> dict[str, Any]:
    """The check of this run: the one that is there, or a new one in progress."""
    path = f"commits/{context.sha}/check-runs"
    for each in api.pages(path, "check_runs", check_name=name, filter="all"):
        if each.get("external_id") == run_id:
            return each
    content = {
        "name": name,
        "head_sha": context.sha,
        "status": "in_progress",
        "external_id": run_id,
        "details_url": context.run_url,
    }
    return api.post("check-runs", content, what="begin the check run")


def _conclude(
    api: Api,
    number: int,
    output: dict[str, Any],
    found: Sequence[Annotation],
    conclusion: str,
) -> None:
    """All batches, the last with the conclusion; a batch that is refused does not keep it open."""
    address, what = f"check-runs/{number}", "conclude the check run"
    concluded = {"status": "completed", "conclusion": conclusion}
    batches = [found[at : at + BATCH] for at in range(0, len(found), BATCH)] or [()]
    try:
        for index, batch in enumerate(batches):
            content = {"output": {**output, "annotations": [_content(each) for each in batch]}}
            last = index == len(batches) - 1
            api.patch(address, content | (concluded if last else {}), what=what)
    except PublishError:
        api.patch(address, {"output": output} | concluded, what=what)
        raise


def _output(plan: Plan, result: RunResult, verdict: Verdict) -> dict[str, Any]:
    said = "interrupted" if result.interrupted else verdict.outcome
    return {
        "title": one_line(f"{headline(plan)}: {said}", 250),
        "summary": summary_md(plan, result, verdict, largest=LONGEST),
    }


def _content(annotation: Annotation) -> dict[str, Any]:
    return {
        "path": annotation.path,
        "start_line": annotation.line,
        "end_line": annotation.line,
        "start_column": annotation.column,
        "end_column": annotation.column,
        "annotation_level": annotation.level,
        "title": annotation.title,
        "message": annotation.message,
    }
