"""The pull request that a commit belongs to, as long as it is the newest of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perfspec.publish.places import Written
from perfspec.report.escape import one_line

if TYPE_CHECKING:
    from perfspec.publish.api import Api
    from perfspec.publish.context import Context


def pull_request_at(api: Api, context: Context) -> int | Written:
    """Its number, or why there is none to write to. Raises PublishError.

    The event's own number is asked about, too: a workflow of an older commit that runs again has
    the event of then.
    """
    if context.pull_request is not None:
        return _unless_gone_on(api, context, context.pull_request)
    if context.source is not None:
        head = f"{context.source.owner}:{context.source.name}"
        for each in api.pages("pulls", state="open", head=head):
            if _head(each) == context.sha:
                return int(each["number"])
    return Written("no open pull request is at this commit")


def labels_of(api: Api, number: int) -> frozenset[str]:
    """Those that a pull request has now. Raises PublishError."""
    return frozenset(str(each["name"]) for each in _read(api, number).get("labels") or ())


def _unless_gone_on(api: Api, context: Context, number: int) -> int | Written:
    head = _head(_read(api, number))
    if head == context.sha:
        return number
    return Written(
        f"not written: #{number} has gone on to {one_line(head)[:12]}, and this is about"
        f" {context.sha[:12]}"
    )


def _read(api: Api, number: int) -> dict[str, Any]:
    return api.get(f"pulls/{number}", what=f"read pull request #{number}")


def _head(pull_request: dict[str, Any]) -> str:
    return str((pull_request.get("head") or {}).get("sha", ""))
