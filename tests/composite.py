"""What GitHub's runner does with the ``run`` steps of a composite action, for ``shell: bash``.

Steps that use another action are left out: they cannot be had here. Expressions are those of our
own ``action.yml``: one name with dots.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = re.compile(r"\$\{\{ *([\w.-]+) *\}\}")
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
    """Run it until a step fails; ``variables`` are the runner's environment."""
    document = YAML(typ="safe", pure=True).load((action / "action.yml").read_text(encoding="utf-8"))
    assert document["runs"]["using"] == "composite"
    assert not set(inputs) - set(document["inputs"])
    known = {"github.token": variables["RUNNER_TOKEN"]}
    for name, each in document["inputs"].items():
        known[f"inputs.{name}"] = inputs.get(name, replaced(each["default"], known))
    said, code = [], 0
    for number, step in enumerate(document["runs"]["steps"]):
        if "uses" in step:
            continue
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "inputs reach the shell through the environment only"
        output = temporary / f"output-{number}"
        output.touch()
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=workspace / replaced(step.get("working-directory", "."), known),
            env={
                **variables,
                "GITHUB_ACTION_PATH": str(action),
                "GITHUB_OUTPUT": str(output),
                **{name: replaced(each, known) for name, each in step.get("env", {}).items()},
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=PATIENCE_S,
            check=False,
        )
        said.append(done.stdout)
        code = done.returncode
        for name, value in outputs_in(output.read_text(encoding="utf-8")).items():
            known[f"steps.{step['id']}.outputs.{name}"] = value
        if code:
            break
    outputs = {name: replaced(each["value"], known) for name, each in document["outputs"].items()}
    return Ended(code, outputs, "".join(said))


def replaced(text: Any, known: Mapping[str, str]) -> str:  # noqa: ANN401  (YAML)
    """An expression that names nothing is empty, as on GitHub."""
    return NAME.sub(lambda found: known.get(found[1], ""), str(text))


def outputs_in(text: str) -> dict[str, str]:
    """``NAME=VALUE``, or ``NAME<<FENCE``, lines and the fence."""
    found, lines = {}, iter(text.splitlines())
    for line in lines:
        name, fenced, fence = line.partition("<<")
        if not fenced:
            name, _, found[name] = line.partition("=")
            continue
        value: list[str] = []
        for each in lines:
            if each == fence:
                break
            value.append(each)
        found[name] = "\n".join(value)
    return found
