"""Protected environments: what must be said and kept before load is sent to them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from perfspec.spec.base import Name, Strict, Text, Users
from perfspec.spec.limits import Slo

WINDOW_PATTERN = (
    r"^(daily|weekdays|weekend|(Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
    r"((,|-)(Mon|Tue|Wed|Thu|Fri|Sat|Sun))*) "
    r"([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-4]):[0-5][0-9] [A-Za-z_]+(/[A-Za-z_]+)*$"
)
TimeWindow = Annotated[
    str,
    Field(
        pattern=WINDOW_PATTERN,
        json_schema_extra={
            "patternErrorMessage": "Write days, times and a zone, such as Sun 02:00-05:00 UTC"
        },
    ),
]


class Protected(Strict):
    """Needs --confirm NAME, and is refused on pull requests."""

    max_users: Users | None = Field(
        None, description="No test may have more users. Example: `max_users: 60`"
    )
    tests: list[Name] | None = Field(
        None, min_length=1, description="The only tests that may run. Example: `tests: [smoke]`"
    )
    window: TimeWindow | None = Field(
        None,
        description="When tests may run. Example: `window: Sun 02:00-05:00 UTC`",
    )
    checklist: list[Text] | None = Field(
        None,
        description="Shown before a run, for people. Example: `checklist: [Providers told]`",
    )
    abort: Slo | None = Field(
        None,
        description="Limits that end any test here and fail it. "
        "Example: `abort: { error_rate: 10% }`",
    )
