"""What was measured, as CI and git tell it together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfspec.baseline.origin import origin_of
from tests.unit.baseline.conftest import git

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("commit", "branch"),
    [("GITHUB_SHA", "GITHUB_REF_NAME"), ("CI_COMMIT_SHA", "CI_COMMIT_BRANCH")],
)
def test_the_branch_of_a_workflow_is_not_that_of_another_commit_that_it_checks_out(
    tmp_path: Path, commit: str, branch: str
) -> None:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "-m", "main")
    git(tmp_path, "checkout", "--quiet", "--detach")
    variables = {commit: git(tmp_path, "rev-parse", "HEAD").strip(), branch: "main"}
    assert origin_of(tmp_path, variables).branch == "main"
    git(tmp_path, "commit", "--quiet", "--allow-empty", "-m", "proposed")
    assert origin_of(tmp_path, variables).branch is None
    assert origin_of(tmp_path, {branch: "main"}).branch == "main"
