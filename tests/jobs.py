"""Jobs of workflows, run step by step; the actions of others are played by what they do.

A checkout clones the repository that plays the remote, an artifact is a folder.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from tests.composite import run_step
from tests.expressions import evaluated, holds

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class JobEnded:
    """``said`` is what all steps printed; ``workspace`` and ``summary`` are what they left."""

    code: int
    said: str
    workspace: Path
    summary: str


@dataclass
class Runner:
    """A machine for jobs: a remote to clone, artifacts that outlive jobs, the runner's variables."""

    folder: Path
    remote: Path
    variables: dict[str, str]
    artifacts: dict[str, Path] = field(default_factory=dict)
    jobs: int = 0

    def run(
        self, workflow: Path, event: str, payload: dict[str, Any], *, ref: str, token: str
    ) -> JobEnded | None:
        """The one job of a workflow, None when its ``if`` says no; ``ref`` is what is checked out."""
        self.jobs += 1
        home = self.folder / f"job-{self.jobs}"
        workspace = home / "workspace"
        workspace.mkdir(parents=True)
        written = YAML(typ="safe", pure=True).load(workflow.read_text(encoding="utf-8"))
        [job] = written["jobs"].values()
        github = {
            "token": token,
            "event": payload,
            "repository": self.variables["GITHUB_REPOSITORY"],
        }
        contexts = {"github": github}
        if not holds(contexts, job.get("if", "true"), failed=False):
            return None
        (home / "event.json").write_text(json.dumps(payload), encoding="utf-8")
        variables = {
            **self.variables,
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(home / "event.json"),
            "GITHUB_SHA": self.git("rev-parse", ref),
            "GITHUB_REF_NAME": ref,
            "GITHUB_WORKSPACE": str(workspace),
            "GITHUB_STEP_SUMMARY": str(home / "summary"),
            "GITHUB_OUTPUT": str(home / "output"),
        }
        said, code = [], 0
        for step in job["steps"]:
            if not holds(contexts, step.get("if", "true"), failed=bool(code)):
                continue
            if "uses" in step:
                self._use(step["uses"], evaluated(contexts, step.get("with", {})), workspace, ref)
                continue
            done = run_step(step, contexts, workspace, variables)
            said.append(done.stdout)
            code = code or done.returncode
        summary = home / "summary"
        text = summary.read_text(encoding="utf-8") if summary.exists() else ""
        return JobEnded(code, "".join(said), workspace, text)

    def git(self, *words: str, where: Path | None = None) -> str:
        done = subprocess.run(
            ["git", *words], cwd=where or self.remote, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def _use(self, action: str, given: dict[str, str], workspace: Path, ref: str) -> None:
        match action.partition("@")[0]:
            case "actions/checkout":
                depth = given.get("fetch-depth", "1")
                self.git("init", "--quiet", where=workspace)
                self.git("remote", "add", "origin", self.remote.as_uri(), where=workspace)
                fetch = ("fetch", "--quiet", f"--depth={depth}", "origin", ref)
                self.git(*fetch, where=workspace)
                self.git("checkout", "--quiet", "--detach", "FETCH_HEAD", where=workspace)
            case "actions/upload-artifact":
                kept = self.folder / f"artifact-{self.jobs}"
                if (workspace / given["path"]).exists():  # without it, GitHub's own only warns
                    shutil.copytree(workspace / given["path"], kept, symlinks=True)
                    self.artifacts[given["name"]] = kept
            case "actions/download-artifact":
                found = self.artifacts[given["name"]]
                shutil.copytree(found, workspace / given["path"], symlinks=True)
            case "actions/setup-python":
                pass  # the machine has one
            case other:
                raise AssertionError(other)
