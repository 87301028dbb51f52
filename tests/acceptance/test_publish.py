"""``perfspec publish`` as a step of a workflow has it: a command line, files, an API, an exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from perfspec.run.folder import RunFolder
from tests.commands import perfspec, write_spec
from tests.demo_target import running_demo
from tests.github_double import REPOSITORY, TOKEN, Fault, GitHub, running_github

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.commands import Done

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("publish")]

SPEC = """\
perfspec: 1
name: shop
environments: { local: { url: "<url>" } }
endpoints: { books: { request: GET /books } }
personas: { reader: { think: 20ms, journey: [books] } }
tests:
  load:
    users: 3
    duration: 3s
    slo: { throughput: 100000/s }
"""
MERGE, HEAD = "a" * 40, "b" * 40
EVENT = {
    "pull_request": {"number": 12, "head": {"sha": HEAD, "repo": {"full_name": REPOSITORY}}},
    "repository": {"full_name": REPOSITORY},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose verdict is fail."""
    folder = tmp_path_factory.mktemp("workspace")
    with running_demo("--speed=inf") as shop:
        write_spec(folder, SPEC, url=shop.url)
        assert perfspec(folder, "run").code == 1
    return folder


@pytest.fixture
def github() -> Iterator[GitHub]:
    with running_github() as github:
        github.open_pull(12, "acme:topic", HEAD)
        yield github


def publish(folder: Path, tmp_path: Path, github: GitHub, *words: str, **variables: str) -> Done:
    event = tmp_path / "event.json"
    event.write_text(json.dumps(EVENT), encoding="utf-8")
    step = {
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_SHA": MERGE,
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_RUN_ID": "7",
        "GITHUB_API_URL": github.url,
        "GITHUB_GRAPHQL_URL": f"{github.url}/graphql",
        "GITHUB_SERVER_URL": github.url,
        "GITHUB_WORKSPACE": str(folder.parent),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_TOKEN": TOKEN,
    }
    return perfspec(folder, "publish", *words, **(step | variables))


def test_a_run_is_told_and_the_step_knows_its_outputs(
    folder: Path, tmp_path: Path, github: GitHub
) -> None:
    done = publish(folder, tmp_path, github)
    assert (done.code, done.err) == (0, "")
    [comment], [check] = github.comments, github.checks
    assert done.out.splitlines() == [
        "job summary: created",
        f"check run: created  {check['html_url']}",
        f"comment: created  {comment['html_url']}",
    ]
    assert (comment["issue"], check["head_sha"], check["conclusion"]) == (12, HEAD, "failure")
    [found] = check["annotations"]
    assert found["path"] == f"{folder.name}/perfspec.yaml"
    assert found["start_line"] == SPEC.splitlines().index("    slo: { throughput: 100000/s }") + 1
    outputs = (tmp_path / "output").read_text(encoding="utf-8")
    assert outputs.startswith("verdict<<perfspec_")
    assert "\nfail\n" in outputs
    assert "# ❌ shop on local: fail" in (tmp_path / "summary").read_text(encoding="utf-8")
    run = RunFolder.latest(folder)
    told = json.loads(run.published.read_text(encoding="utf-8"))
    assert [each["place"] for each in told["places"]] == ["job summary", "check run", "comment"]
    assert TOKEN not in done.all + run.published.read_text(encoding="utf-8") + outputs
    assert not [each for each in github.calls if TOKEN in each.body]


def test_twice_is_once(folder: Path, tmp_path: Path, github: GitHub) -> None:
    publish(folder, tmp_path, github)
    done = publish(folder, tmp_path, github, "--json")
    assert [each["action"] for each in json.loads(done.out)["places"][1:]] == ["unchanged"] * 2
    assert (len(github.comments), len(github.checks)) == (1, 1)


def test_what_is_not_published_is_code_5_and_said(
    folder: Path, tmp_path: Path, github: GitHub
) -> None:
    github.faults = [Fault(403, "POST", "comments", headers={"Retry-After": "900"})]
    done = publish(folder, tmp_path, github)
    assert done.code == 5
    assert done.err == (
        "Error: not published: comment: cannot write the comment: 403: the rate limit lasts"
        " another 15m: publish again then\n"
    )
    assert len(github.checks) == 1
    assert publish(folder, tmp_path, github).code == 0
    assert (len(github.comments), len(github.checks)) == (1, 1)


def test_an_artifact_is_told_without_being_trusted(
    folder: Path, tmp_path: Path, github: GitHub
) -> None:
    run = RunFolder.latest(folder).path
    github.open_pull(31, "mallory:patch", HEAD)
    event = {
        "workflow_run": {
            "head_sha": HEAD,
            "event": "pull_request",
            "head_branch": "patch",
            "head_repository": {"full_name": "mallory/shop"},
        }
    }
    path = tmp_path / "run.json"
    path.write_text(json.dumps(event), encoding="utf-8")
    done = publish(folder, tmp_path, github, "--from", str(run), GITHUB_EVENT_PATH=str(path))
    assert (done.code, done.err) == (0, "")
    assert [each["issue"] for each in github.comments] == [31]


def test_outside_of_a_workflow_it_says_so(folder: Path) -> None:
    done = perfspec(folder, "publish")
    assert done.code == 2
    assert "GITHUB_REPOSITORY, GITHUB_SHA, GITHUB_EVENT_NAME is not set" in done.err
