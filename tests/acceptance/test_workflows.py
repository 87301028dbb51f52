"""The workflows that ``perfspec init`` writes, run for real: pull requests, the main branch, forks."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from markdown_it import MarkdownIt

from tests.commands import perfspec, surroundings, write_spec
from tests.demo_target import running_demo
from tests.github_double import REPOSITORY, TOKEN, running_github
from tests.jobs import Runner
from tests.unit.baseline.conftest import git

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.demo_target import Demo
    from tests.github_double import GitHub
    from tests.jobs import JobEnded

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("action")]

SECRET = "planted-7f3b-secret"
FORKS_TOKEN = "ghs_may-write-nothing"
SPEC = """\
perfspec: 1
name: shop
environments: { local: { url: "<url>" } }
secrets: [SHOP_KEY]
endpoints:
  health: { request: GET /health }
  books: { request: GET /books, headers: { X-Key: "${SHOP_KEY}" } }
personas: { reader: { think: 20ms, journey: [health, books] } }
budget: { throughput: -60% }
baseline: { store: git:perf-runs }
tests: { load: { users: 3, duration: 3s, slo: { <limit> } } }
"""
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
KEPT, BROKEN = "error_rate: 0%", "throughput: 90000/s"


@pytest.fixture(scope="module")
def shop() -> Iterator[Demo]:
    with running_demo("--speed=inf") as shop:
        yield shop


class Project:
    """A repository with the three workflows, its remote, and GitHub beside it."""

    def __init__(self, folder: Path, shop: Demo, github: GitHub) -> None:
        self.shop, self.github = shop, github
        self.work = folder / "work"
        remote = folder / "remote.git"
        git(folder, "init", "--quiet", "--bare", str(remote))
        git(remote, "config", "uploadpack.allowAnySHA1InWant", "true")
        git(folder, "clone", "--quiet", str(remote), str(self.work))
        write_spec(self.work, SPEC, url=shop.url, limit=KEPT)
        done = perfspec(self.work, "init", "--url", shop.url)
        assert done.code == 0, done.all
        (self.work / ".gitignore").write_text(".perfspec\n", encoding="utf-8")
        self.commit(KEPT)
        git(self.work, "push", "--quiet", "origin", "HEAD:main")
        variables = surroundings(
            PIP_NO_INDEX="1",  # what is wanted is there already
            CI="true",
            SHOP_KEY=SECRET,
            GITHUB_REPOSITORY=REPOSITORY,
            GITHUB_RUN_ID="7",
            GITHUB_API_URL=github.url,
            GITHUB_GRAPHQL_URL=f"{github.url}/graphql",
            GITHUB_SERVER_URL=github.url,
            GIT_AUTHOR_NAME="t", GIT_AUTHOR_EMAIL="t@localhost",
            GIT_COMMITTER_NAME="t", GIT_COMMITTER_EMAIL="t@localhost",
        )  # fmt: skip
        self.runner = Runner(folder, remote, variables)

    def commit(self, limit: str) -> str:
        write_spec(self.work, SPEC, url=self.shop.url, limit=limit)
        git(self.work, "add", ".")
        git(self.work, "commit", "--quiet", "--allow-empty", "-m", limit)
        return git(self.work, "rev-parse", "HEAD")

    def workflow(self, name: str) -> Path:
        return self.work / ".github" / "workflows" / name

    def push(self) -> JobEnded:
        return self.ran("perfspec-baseline.yml", "push", {}, ref="main")

    def pull_request(
        self, limit: str, *, repository: str = REPOSITORY, token: str = TOKEN
    ) -> tuple[str, JobEnded]:
        """A commit on a branch of its own and the gate's job on it."""
        base = git(self.work, "rev-parse", "HEAD")
        sha = self.commit(limit)
        git(self.work, "push", "--quiet", "--force", "origin", "HEAD:refs/heads/topic")
        pull = {
            "number": 12,
            "head": {"sha": sha, "repo": {"full_name": repository}},
            "base": {"sha": base},
            "labels": [],
        }
        self.github.open_pull(12, f"{repository.partition('/')[0]}:topic", sha)
        payload = {"pull_request": pull}
        ended = self.ran("perfspec.yml", "pull_request", payload, ref="topic", token=token)
        git(self.work, "reset", "--quiet", "--hard", base)
        return sha, ended

    def ran(
        self, name: str, event: str, payload: dict[str, Any], *, ref: str, token: str = TOKEN
    ) -> JobEnded:
        ended = self.runner.run(self.workflow(name), event, payload, ref=ref, token=token)
        assert ended is not None
        return ended

    def after(self, sha: str, repository: str) -> dict[str, Any]:
        """What GitHub tells the workflow that runs when the gate's has ended."""
        run = {
            "id": 7,
            "event": "pull_request",
            "head_sha": sha,
            "head_branch": "topic",
            "head_repository": {"full_name": repository},
        }
        return {"workflow_run": run}


@pytest.fixture
def project(tmp_path: Path, shop: Demo) -> Iterator[Project]:
    with running_github() as github:
        github.tokens[FORKS_TOKEN] = {}
        yield Project(tmp_path, shop, github)


def test_a_first_pull_request_a_baseline_and_the_next_ones(
    project: Project, tmp_path: Path
) -> None:
    github = project.github
    _, first = project.pull_request(KEPT)
    assert first.code == 0, first.said
    assert "no run to compare with yet" in github.comments[0]["body"]

    merged = project.push()
    assert merged.code == 0, merged.said
    assert "recorded in the baseline (git branch perf-runs): load" in merged.said
    [_] = project.runner.git("ls-tree", "-r", "--name-only", "perf-runs").splitlines()

    head, broken = project.pull_request(BROKEN)  # a force push: another commit, the same branch
    assert broken.code == 1, broken.said
    [comment] = github.comments
    assert "compared with 1 run of the baseline" in comment["body"]
    assert "loosened" in comment["body"] or "removed" in comment["body"]
    assert [each["conclusion"] for each in github.checks] == ["neutral", "neutral", "failure"]
    assert github.checks[-1]["head_sha"] == head
    assert "fail" in broken.summary
    assert project.runner.git("rev-list", "--count", "perf-runs") == "1"

    assert all(SECRET not in each.body for each in github.calls)
    assert all(TOKEN not in each.body for each in github.calls)
    told = [each for each in tmp_path.rglob("*") if each.is_file() and ".git" not in each.parts]
    assert [each for each in told if SECRET.encode() in each.read_bytes()] == []


def test_a_fork_in_two_halves_with_a_hostile_artifact(project: Project, tmp_path: Path) -> None:
    github, fork = project.github, "mallory/shop"
    sha, gate = project.pull_request(BROKEN, repository=fork, token=FORKS_TOKEN)
    assert gate.code == 1, gate.said
    assert github.writes() == []
    assert "::error file=perfspec.yaml,line=" in gate.said

    github.open_pull(99, "mallory:other", "e" * 40)
    artifact = project.runner.artifacts["perfspec"]
    [run] = artifact.iterdir()
    outside = tmp_path / "outside"
    outside.write_text("kept", encoding="utf-8")
    for name in ("plan.json", "result.json", "verdict.json"):
        text = (run / name).read_text(encoding="utf-8")
        evil = "<img src=x onerror=alert(1)> @everyone [x](http://evil.example)"
        (run / name).write_text(text.replace('"books"', json.dumps(evil)), encoding="utf-8")
    (run / "published.json").write_text('{"pull_request": 99}', encoding="utf-8")
    (run / "report" / "summary.md").write_text("MALLORY WAS HERE", encoding="utf-8")
    with (run / "report" / "large.bin").open("wb") as file:
        file.truncate(100 << 20)
    (run / "report" / "link").symlink_to(outside)

    payload = project.after(sha, fork)
    told = project.ran("perfspec-publish.yml", "workflow_run", payload, ref="main")
    assert told.code == 0, told.said
    [comment] = github.comments
    assert comment["issue"] == 12
    assert "MALLORY" not in comment["body"]
    shown = MARKDOWN.render(comment["body"])
    assert "<img" not in shown
    assert 'href="http://evil.example' not in shown
    assert "@everyone" not in re.sub(r"<code>.*?</code>", "", shown)
    assert github.checks[0]["head_sha"] == sha
    assert outside.read_text(encoding="utf-8") == "kept"
    assert not (told.workspace / "perfspec.yaml").exists(), "nothing was checked out"

    (run / "plan.json").write_text('{"format": "perfspec/plan/9"}', encoding="utf-8")
    refused = project.ran("perfspec-publish.yml", "workflow_run", payload, ref="main")
    assert refused.code == 2, refused.said
    assert "not a Plan of this version" in refused.said
    assert len(github.comments) == 1


def test_what_is_no_fork_is_not_published_twice(project: Project) -> None:
    payload = project.after("b" * 40, REPOSITORY)
    workflow = project.workflow("perfspec-publish.yml")
    assert project.runner.run(workflow, "workflow_run", payload, ref="main", token=TOKEN) is None
