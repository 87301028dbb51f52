"""What GitHub's runner does with steps: those of a composite action, and ``run`` anywhere."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from tests.expressions import evaluated, outputs_in

if TYPE_CHECKING:
    from collections.abc import Mapping

PATIENCE_S = 300


@dataclass(frozen=True)
class Ended:
    """The action at its end; ``said`` is what all of its steps printed."""

    code: int
    outputs: dict[str, str]
    said: str


def run_action(
    action: Path,
    inputs: Mapping[str, str],
    *,
    workspace: Path,
    temporary: Path,
    variables: Mapping[str, str],
) -> Ended:
    """Run it until a step fails; ``variables`` are the runner's environment.

    Steps that use another action are left out: they cannot be had here.
    """
    document = YAML(typ="safe", pure=True).load((action / "action.yml").read_text(encoding="utf-8"))
    assert document["runs"]["using"] == "composite"
    assert not set(inputs) - set(document["inputs"])
    github = {"github": {"token": variables["RUNNER_TOKEN"]}}
    defaults = evaluated(
        github, {name: each["default"] for name, each in document["inputs"].items()}
    )
    steps: dict[str, Any] = {}
    contexts = {**github, "inputs": {**defaults, **inputs}, "steps": steps}
    said, code = [], 0
    for number, step in enumerate(document["runs"]["steps"]):
        if "uses" in step:
            continue
        assert step["shell"] == "bash"
        output = temporary / f"output-{number}"
        there = evaluated(contexts, {"folder": step.get("working-directory", ".")})["folder"]
        runner = {**variables, "GITHUB_ACTION_PATH": str(action), "GITHUB_OUTPUT": str(output)}
        done = run_step(step, contexts, workspace / there, runner)
        said.append(done.stdout)
        code = done.returncode
        steps[step.get("id", "")] = {"outputs": outputs_in(output.read_text(encoding="utf-8"))}
        if code:
            break
    outputs = {name: each["value"] for name, each in document["outputs"].items()}
    return Ended(code, evaluated(contexts, outputs), "".join(said))


def run_step(
    step: Mapping[str, Any], contexts: Mapping[str, Any], folder: Path, variables: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """One ``run`` step as ``shell: bash`` runs it; both streams are one."""
    assert "${{" not in step["run"], "inputs reach the shell through the environment only"
    Path(variables["GITHUB_OUTPUT"]).touch()
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=folder,
        env={**variables, **evaluated(contexts, step.get("env", {}))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=PATIENCE_S,
        check=False,
    )
