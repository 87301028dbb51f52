"""A checkout in which ``perfspec ci`` runs as the step of a workflow."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from tests.commands import perfspec, write_spec
from tests.github_double import REPOSITORY, TOKEN, GitHub

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands import Done

HEAD = "b" * 40


class Checkout:
    """A repository, and the steps of a workflow in it; the spec has a ``<url>`` and a ``<limit>``."""

    def __init__(self, folder: Path, spec: str, url: str, github: GitHub) -> None:
        self.folder, self.spec, self.url, self.github = folder / "shop", spec, url, github
        self.summary, self.output = folder / "summary", folder / "output"
        self.event: dict[str, Any] = {}
        self.folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *words: str) -> str:
        who = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
        done = subprocess.run(
            ["git", *who, *words], cwd=self.folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, limit: str) -> str:
        write_spec(self.folder, self.spec, url=self.url, limit=limit)
        self.git("add", "perfspec.yaml")
        self.git("commit", "--quiet", "--allow-empty", "-m", limit)
        return self.git("rev-parse", "HEAD")

    def pull_request(
        self, base: str, repository: str = REPOSITORY, *labels: str, head: str = HEAD
    ) -> None:
        source = {"sha": head, "repo": {"full_name": repository}}
        given = [{"name": each} for each in labels]
        pull = {"number": 12, "head": source, "base": {"sha": base}, "labels": given}
        self.event = {"pull_request": pull}
        self.github.open_pull(12, f"{repository.partition('/')[0]}:topic", head, *labels)

    def merge_group(self, head: str, base: str) -> None:
        """The turn of pull request 12 in the merge queue."""
        queued = f"refs/heads/gh-readonly-queue/main/pr-12-{base}"
        self.event = {"merge_group": {"head_sha": head, "base_sha": base, "head_ref": queued}}

    def ci(self, *words: str, **variables: str) -> Done:
        event = self.folder.parent / "event.json"
        event.write_text(json.dumps(self.event), encoding="utf-8")
        step = {
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_SHA": "a" * 40,
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_RUN_ID": "7",
            "GITHUB_API_URL": self.github.url,
            "GITHUB_GRAPHQL_URL": f"{self.github.url}/graphql",
            "GITHUB_SERVER_URL": self.github.url,
            "GITHUB_WORKSPACE": str(self.folder),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_TOKEN": TOKEN,
        }
        return perfspec(self.folder, "ci", *words, **(step | variables))
