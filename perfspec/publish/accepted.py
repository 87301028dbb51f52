"""The label by which people accept that a pull request is slower, and what it means once merged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from perfspec.report.escape import one_line

if TYPE_CHECKING:
    from perfspec.publish.api import Api

LABEL: Final = "perf-accepted"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A merged pull request with the label: when it was merged (ISO 8601), who gave the label."""

    time: str
    by: str
    reason: str


def accepted_by_label(api: Api, sha: str) -> Accepted | None:
    """Whether a commit came by a pull request that has the label. Raises PublishError."""
    for each in api.pages(f"commits/{sha}/pulls"):
        labels = {str(label["name"]) for label in each.get("labels") or ()}
        merged = each.get("merged_at")
        if merged and LABEL in labels:
            number = int(each["number"])
            time = datetime.fromisoformat(str(merged)).isoformat()
            reason = f"{LABEL} on #{number}: {one_line(str(each.get('title', '')))}"
            return Accepted(time=time, by=_labelled_by(api, number), reason=reason)
    return None


def _labelled_by(api: Api, number: int) -> str:
    who = "somebody"
    for each in api.pages(f"issues/{number}/events"):
        if each.get("event") == "labeled" and (each.get("label") or {}).get("name") == LABEL:
            who = str((each.get("actor") or {}).get("login") or who)
    return who
