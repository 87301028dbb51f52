"""Sequences: which tests run, in which order, and what then."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag

from perfspec.spec.base import Name, Share, Strict, by_shape
from perfspec.spec.budget import Compare
from perfspec.spec.limits import Names


class EntryOptions(Strict):
    """How a test runs in this sequence."""

    needs: Names | None = Field(
        None,
        description="Runs only if these earlier tests passed, with a warning at most; `all` means "
        "every one before it. Example: `needs: [smoke, load]`",
    )
    on_fail: Literal["continue", "stop"] = Field(
        "continue",
        description="What becomes of the rest when this test fails, continue when left out. "
        "Example: `on_fail: stop`",
        json_schema_extra={
            "markdownEnumDescriptions": ["The next test runs", "The rest is skipped"]
        },
    )
    compare: Compare | None = Field(
        None,
        description="Replaces what the test says. Example: `compare: none`",
    )
    record: bool | None = Field(
        None,
        description="Whether a valid run enters the baseline; when left out, one of full length "
        "does. Example: `record: true`",
    )
    time_scale: Share | None = Field(
        None,
        description="Shortens ramp, hold, warm_up and jitter to this. Example: `time_scale: 10%`",
    )


Entry = Annotated[
    Annotated[Name, Tag("<text>")]
    | Annotated[dict[Name, EntryOptions], Field(min_length=1, max_length=1), Tag("<map>")],
    by_shape("a test's name, or NAME: { on_fail: stop }"),
]
Entries = Annotated[list[Entry], Field(min_length=1)]


class SequenceOptions(Strict):
    """Tests in an environment of their own."""

    environment: Name | None = Field(
        None,
        description="Where these tests run, unless --env says otherwise. "
        "Example: `environment: production`",
    )
    tests: Entries = Field(description="What runs, in order. Example: `tests: [smoke, load]`")


Sequence = Annotated[
    Annotated[Entries, Tag("<list>")] | Annotated[SequenceOptions, Tag("<map>")],
    by_shape("a list of tests, or { environment: NAME, tests: [...] }"),
]
