"""The label by which a slowdown is accepted, where the event does not say whether it was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfspec.cli.accepted import accepted_here
from perfspec.publish.context import Context
from tests.github_double import REPOSITORY, TOKEN, GitHub, running_github

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = "b" * 40


@pytest.fixture
def github() -> Iterator[GitHub]:
    with running_github() as github:
        yield github


def queued(github: GitHub) -> Context:
    return Context(
        repository=REPOSITORY,
        sha="c" * 40,
        event="merge_group",
        token=TOKEN,
        api_url=github.url,
        graphql_url=f"{github.url}/graphql",
        run_url="",
        queued=12,
    )


def test_in_a_merge_queue_the_label_of_the_pull_request_counts(github: GitHub) -> None:
    github.open_pull(12, "acme:topic", HEAD, "bug", "perf-accepted")
    assert accepted_here(queued(github)) == "perf-accepted on #12"
    github.open_pull(12, "acme:topic", HEAD, "bug")
    assert accepted_here(queued(github)) is None


def test_a_label_that_cannot_be_asked_for_is_not_taken_as_given(
    github: GitHub, capsys: pytest.CaptureFixture[str]
) -> None:
    assert accepted_here(queued(github)) is None
    assert capsys.readouterr().err == (
        "warning: whether perf-accepted was given is not known: cannot read pull request #12: 404:"
        " it is not there, or the token may not see it\n"
    )
