"""``examples/kubernetes``: manifests that a cluster takes, with commands that do what they should."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import kubernetes_validate
import pytest
from ruamel.yaml import YAML

from tests.commands import perfspec, started, surroundings, write_spec
from tests.runs import free_port
from tests.targets import running_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.targets import Target

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "kubernetes"
OPERATOR = ROOT / "tests" / "data" / "locusttest.json"
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


def pod(name: str) -> dict[str, Any]:
    (job,) = [each for each in manifests(name) if each["kind"] == "Job"]
    found: dict[str, Any] = job["spec"]["template"]["spec"]
    return found


def arguments(name: str) -> list[str]:
    """Those of the only container of the Job in a file."""
    (container,) = pod(name)["containers"]
    found: list[str] = container["args"]
    return found


def told(name: str) -> list[list[str]]:
    """The commands in the comment at the head of a file."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [shlex.split(line.removeprefix("#")) for line in lines if line.startswith("#   ")]


def operator_takes(resource: dict[str, Any]) -> None:
    jsonschema.validate(resource, json.loads(OPERATOR.read_text(encoding="utf-8")))


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


def test_the_locust_operator_takes_its_resource() -> None:
    (resource,) = manifests("locust-operator.yaml")
    operator_takes(resource)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"workers": "8"}, "'8' is not of type 'integer'"),
        ({"workers": 0}, "0 is less than the minimum of 1"),
        ({"extraArgs": "--headless"}, "'extraArgs' was unexpected"),
        ({"args": ["--headless"]}, "is not of type 'string'"),
        ({"worker": {"replicas": 8}}, "'replicas' was unexpected"),
        ({"locustfile": {"configMap": "perfspec-load"}}, "is not of type 'object'"),
        ({"locustfile": {"configMap": {"name": "a"}, "content": "b"}}, "under each of"),
    ],
)
def test_a_mistake_in_it_would_be_found(change: dict[str, Any], message: str) -> None:
    (resource,) = manifests("locust-operator.yaml")
    resource["spec"] |= change
    with pytest.raises(jsonschema.ValidationError, match=message):
        operator_takes(resource)


def test_images_are_those_that_the_dockerfile_makes() -> None:
    dockerfile = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
    (resource,) = manifests("locust-operator.yaml")
    plain, with_locust = re.findall(r"^# docker build .* --tag (\S+) \.$", dockerfile, re.MULTILINE)
    for name in ("run.yaml", "workers.yaml"):
        assert [each["image"] for each in pod(name)["containers"]] == [f"{plain}:latest"]
    assert resource["spec"]["image"] == f"{with_locust}:latest"
    stage = dockerfile.partition(" AS locust\n")[2]
    assert stage.startswith("WORKDIR /home/locust\n")  # where the operator mounts the ConfigMap


def test_what_they_refer_to_is_made_by_the_commands_of_the_page() -> None:
    page = (ROOT / "docs" / "workers.md").read_text(encoding="utf-8")
    secret, config_map = re.findall(
        r"^kubectl create (?:secret generic|configmap) (\S+)", page, re.MULTILINE
    )
    for name in ("run.yaml", "workers.yaml"):
        (container,) = pod(name)["containers"]
        (key,) = container["env"]
        assert key["valueFrom"]["secretKeyRef"]["name"] == secret
    (volume,) = [each for each in pod("run.yaml")["volumes"] if "configMap" in each]
    assert volume["configMap"]["name"] == config_map


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
    """What its pods run: locust with --master or --worker, and the arguments of the resource.

    Where they run it, there is what the ConfigMap of the resource holds, and nothing else.
    """
    write_spec(tmp_path, SPEC, url=target.url)
    (resource,) = manifests("locust-operator.yaml")
    translate, make = told("locust-operator.yaml")
    assert perfspec(tmp_path, *translate[1:]).code == 0
    assert make[:3] == ["kubectl", "create", "configmap"]
    assert resource["spec"]["locustfile"] == {"configMap": {"name": make[3]}}
    mounted = tmp_path / "home"
    mounted.mkdir()
    for word in make[4:]:
        shutil.copy(tmp_path / word.removeprefix("--from-file="), mounted)
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
            cwd=mounted,
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
