"""``examples/kubernetes``: manifests that a cluster takes, with commands that do what they should."""

from __future__ import annotations

import shlex
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest
from ruamel.yaml import YAML

from tests.commands import perfspec, started, surroundings, write_spec
from tests.runs import free_port
from tests.targets import running_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.targets import Target

FOLDER = Path(__file__).parents[2] / "examples" / "kubernetes"
KEY = "a key that nobody guesses"
SPEC = """\
perfspec: 1
name: cluster
environments: { local: { url: <url> } }
endpoints: { page: { request: GET /page } }
personas: { reader: { think: 50ms..100ms, journey: [page] } }
tests: { load: { users: 8, duration: 2s, slo: { error_rate: 0% } } }
"""


def manifests(name: str) -> list[dict[str, Any]]:
    return list(YAML(typ="safe").load_all((FOLDER / name).read_text(encoding="utf-8")))


def arguments(name: str) -> list[str]:
    """Those of the only container of the Job in a file."""
    (job,) = [each for each in manifests(name) if each["kind"] == "Job"]
    (container,) = job["spec"]["template"]["spec"]["containers"]
    found: list[str] = container["args"]
    return found


@pytest.fixture
def target() -> Iterator[Target]:
    with running_target() as found:
        yield found


@pytest.mark.parametrize("name", ["run.yaml", "workers.yaml"])
def test_a_cluster_takes_them(name: str) -> None:
    for each in manifests(name):
        kubernetes_validate.validate(each, kubernetes_validate.latest_version(), strict=True)


def test_a_mistake_would_be_found() -> None:
    (job,) = manifests("workers.yaml")
    job["spec"]["paralelism"] = 8
    with pytest.raises(kubernetes_validate.ValidationError, match="paralelism"):
        kubernetes_validate.validate(job, kubernetes_validate.latest_version(), strict=True)


def test_run_and_workers_fit_together() -> None:
    service, run = manifests("run.yaml")
    (workers,) = manifests("workers.yaml")
    expected = int(arguments("run.yaml")[arguments("run.yaml").index("--expect-workers") + 1])
    assert workers["spec"]["parallelism"] == workers["spec"]["completions"] == expected
    assert arguments("workers.yaml")[2] == service["metadata"]["name"]
    assert (
        service["spec"]["selector"].items() <= run["spec"]["template"]["metadata"]["labels"].items()
    )
    keys = [each["spec"]["template"]["spec"]["containers"][0]["env"] for each in (run, workers)]
    assert keys[0] == keys[1]


@pytest.mark.slow
def test_their_commands_make_a_run(tmp_path: Path, target: Target) -> None:
    """With addresses and folders of this machine, and two workers instead of eight."""
    spec = write_spec(tmp_path, SPEC, url=target.url)
    address = f"127.0.0.1:{free_port()}"
    here = {
        "/spec/perfspec.yaml": str(spec), "/results": str(tmp_path), "8": "2",
        "0.0.0.0": address, "perfspec-run": address,
    }  # fmt: skip
    with ExitStack() as stack:
        run, *workers = [
            stack.enter_context(
                started(
                    tmp_path,
                    *[here.get(word, word) for word in arguments(name)],
                    PERFSPEC_WORKER_KEY=KEY,
                )
            )
            for name in ("run.yaml", "workers.yaml", "workers.yaml")
        ]
        done = run.end()
        assert [each.end().code for each in workers] == [0, 0]
    assert done.code == 0, done.all
    assert target.seen("/page")


@pytest.mark.slow
def test_the_locust_operator_runs_a_compiled_test(tmp_path: Path, target: Target) -> None:
    """What its pods run: locust with --master or --worker, and the arguments of the resource."""
    write_spec(tmp_path, SPEC, url=target.url)
    assert perfspec(tmp_path, "compile", "--only", "load").code == 0
    (resource,) = manifests("locust-operator.yaml")
    assert f"--expect-workers {resource['spec']['workers']}" in resource["spec"]["args"]
    words = shlex.split(resource["spec"]["args"].replace("8", "2"))
    port = str(free_port())
    roles = [
        ["--master", "--master-bind-port", port],
        *[["--worker", "--master-host", "127.0.0.1", "--master-port", port]] * 2,
    ]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "locust", *role, *words],
            cwd=tmp_path,
            env=surroundings(),
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        for role in roles
    ]
    try:
        assert [each.wait(60) for each in processes] == [0, 0, 0]
    finally:
        for each in processes:
            each.kill()
            each.wait()
    assert target.seen("/page")
