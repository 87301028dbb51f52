"""``action.yml``: its steps run as GitHub's runner runs them, in a machine of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.commands import surroundings, write_spec
from tests.composite import run_action
from tests.demo_target import running_demo
from tests.expressions import outputs_in
from tests.github_double import REPOSITORY, TOKEN, running_github

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.composite import Ended
    from tests.github_double import GitHub

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("action")]

ROOT = Path(__file__).parents[2]
SPEC = """\
perfspec: 1
name: shop
environments: { local: { url: "<url>" }, other: { url: "<url>" } }
endpoints: { books: { request: GET /books } }
personas: { reader: { think: 20ms, journey: [books] } }
tests:
  load: { users: 3, duration: 3s, slo: { error_rate: 0% } }
  gated: { users: 3, duration: 3s, budget: { p50: +90% } }
  broken: { users: 3, duration: 3s, slo: { throughput: 90000/s } }
sequences: { default: [load] }
"""
HEAD = "b" * 40


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python without perfspec that knows the packages that perfspec needs."""
    folder = tmp_path_factory.mktemp("python")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    ours = sysconfig.get_path("purelib")
    [site] = folder.glob("lib/python*/site-packages")
    (site / "needed.pth").write_text(ours + "\n", encoding="utf-8")
    return folder / "bin"


@pytest.fixture
def github() -> Iterator[GitHub]:
    with running_github() as github:
        github.open_pull(12, "acme:topic", HEAD)
        yield github


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("workspace")
    with running_demo("--speed=inf") as shop:
        (folder / "apps").mkdir()
        write_spec(folder / "apps", SPEC, url=shop.url)
        yield folder


def act(github: GitHub, workspace: Path, tmp_path: Path, python: Path, **inputs: str) -> Ended:
    event = tmp_path / "event.json"
    head = {"sha": HEAD, "repo": {"full_name": REPOSITORY}}
    event.write_text(json.dumps({"pull_request": {"number": 12, "head": head}}), encoding="utf-8")
    variables = surroundings(
        PATH=f"{python}{os.pathsep}{os.environ['PATH']}",
        RUNNER_TOKEN=TOKEN,
        GITHUB_REPOSITORY=REPOSITORY,
        GITHUB_SHA="a" * 40,
        GITHUB_EVENT_NAME="pull_request",
        GITHUB_EVENT_PATH=str(event),
        GITHUB_RUN_ID="7",
        GITHUB_API_URL=github.url,
        GITHUB_GRAPHQL_URL=f"{github.url}/graphql",
        GITHUB_SERVER_URL=github.url,
        GITHUB_WORKSPACE=str(workspace),
        GITHUB_STEP_SUMMARY=str(tmp_path / "summary"),
    )
    del variables["RUNNER_TOKEN"]
    return run_action(
        ROOT,
        {
            "working-directory": "apps",
            **{name.replace("_", "-"): each for name, each in inputs.items()},
        },
        workspace=workspace,
        temporary=tmp_path,
        variables=variables | {"RUNNER_TOKEN": TOKEN},
    )


def test_a_pull_request_that_passes(
    github: GitHub, workspace: Path, tmp_path: Path, python: Path
) -> None:
    ended = act(github, workspace, tmp_path, python)
    assert ended.code == 0, ended.said
    assert (ended.outputs["verdict"], ended.outputs["exit-code"]) == ("pass", "0")
    assert ended.outputs["regressions"] == "0"
    for name in ("junit", "json", "report", "run-dir"):
        assert (workspace / "apps" / ended.outputs[name]).exists(), name
    [check] = github.checks
    assert check["conclusion"] == "success"
    assert len(github.comments) == 1
    assert TOKEN not in ended.said


def test_inputs_reach_the_command_as_words_and_a_failure_keeps_its_outputs(
    github: GitHub, workspace: Path, tmp_path: Path, python: Path
) -> None:
    ended = act(
        github, workspace, tmp_path, python,
        sequence="broken", environment="other", comment="off", args="--seed 7\n --tags",
    )  # fmt: skip
    assert ended.code == 2, "--tags wants a word"
    ended = act(
        github, workspace, tmp_path, python,
        sequence="broken", environment="other", comment="off", args="--seed 7",
    )  # fmt: skip
    assert ended.code == 1, ended.said
    assert (ended.outputs["verdict"], ended.outputs["regressions"]) == ("fail", "1")
    assert github.comments == []
    assert github.checks[0]["name"] == "perfspec / shop on other / broken (apps/perfspec.yaml)"
    assert "shop on other" in github.checks[0]["output"]["title"]


def test_the_gate_is_what_the_inputs_say(
    github: GitHub, workspace: Path, tmp_path: Path, python: Path
) -> None:
    ended = act(
        github, workspace, tmp_path, python,
        sequence="gated", compare="history", baseline="dir:elsewhere", record="false",
    )  # fmt: skip
    assert ended.code == 0, ended.said
    plan = json.loads((workspace / "apps" / ended.outputs["run-dir"] / "plan.json").read_bytes())
    assert plan["baseline"]["store"] == "dir:elsewhere"
    assert (plan["tests"][0]["compare"], plan["tests"][0]["record"]) == ("history", False)
    for unknown in ({"compare": "sometimes"}, {"record": "yes"}):
        refused = act(github, workspace, tmp_path, python, **unknown)
        assert refused.code == 2, refused.said


def test_an_input_is_never_a_command(
    github: GitHub, workspace: Path, tmp_path: Path, python: Path
) -> None:
    planted = tmp_path / "planted"
    text = f'x"; touch {planted}; echo "$(touch {planted})'
    ended = act(github, workspace, tmp_path, python, sequence=text, args=f"; touch {planted}")
    assert ended.code == 2
    assert not planted.exists()


def test_outputs_are_read_as_github_reads_them() -> None:
    assert outputs_in("a=1\nb<<E\n2\n3=4\nE\nc=5=6\n") == {"a": "1", "b": "2\n3=4", "c": "5=6"}
