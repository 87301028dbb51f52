"""`perfspec export` as its users have it: run folders, real receivers in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from perfspec import jsonio
from perfspec.judge.verdict import judge_run
from tests.commands import perfspec
from tests.shapes import passing_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Eventually

pytestmark = pytest.mark.slow


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    plan, result = passing_run()
    jsonio.write_json(tmp_path / "plan.json", plan)
    jsonio.write_json(tmp_path / "result.json", result)
    jsonio.write_json(tmp_path / "verdict.json", judge_run(plan, result))
    return tmp_path


@dataclass(frozen=True)
class Receiver:
    """A real receiver of OTLP, a process of its own."""

    folder: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{(self.folder / 'port').read_text(encoding='utf-8')}"

    def requests(self) -> list[dict[str, Any]]:
        text = (self.folder / "requests.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def receiver(tmp_path: Path, eventually: Eventually) -> Iterator[Receiver]:
    folder = tmp_path / "received"
    folder.mkdir()
    with subprocess.Popen([sys.executable, "-m", "tests.otlp_receiver", str(folder)]) as process:
        try:
            eventually((folder / "port").exists, within_s=30)
            yield Receiver(folder)
        finally:
            process.kill()


def attributes(of: dict[str, Any]) -> dict[str, str]:
    return {each["key"]: each["value"]["stringValue"] for each in of["attributes"]}


def test_a_real_receiver_gets_every_point(run_folder: Path, receiver: Receiver) -> None:
    done = perfspec(
        run_folder, "export", ".", "--to", "otlp",
        OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url,
        OTEL_EXPORTER_OTLP_HEADERS="X-Team=shop",
        OTEL_RESOURCE_ATTRIBUTES="deployment.environment=ci",
    )  # fmt: skip
    assert done.code == 0, done.err
    points: dict[str, list[dict[str, Any]]] = {}
    for request in receiver.requests():
        assert request["path"] == "/v1/metrics"
        assert {k.lower(): v for k, v in request["headers"].items()}["x-team"] == "shop"
        [resource] = request["message"]["resourceMetrics"]
        said = attributes(resource["resource"])
        assert said["service.name"] == "perfspec"
        assert said["deployment.environment"] == "ci"
        for metric in resource["scopeMetrics"][0]["metrics"]:
            points.setdefault(metric["name"], []).extend(metric["gauge"]["dataPoints"])
    assert done.out.startswith(f"{sum(map(len, points.values())):,} points in ")
    assert done.out.endswith(f" series sent to {receiver.url}/v1/metrics\n")
    outcomes = {(at["test"], at["outcome"]) for at in map(attributes, points["perfspec.outcome"])}
    assert outcomes == {("smoke", "pass"), ("load", "pass")}
    _, result = passing_run()
    sent = [
        each["asDouble"] for each in points["perfspec.requests.rate"]
        if attributes(each)["scope"] == "all" and attributes(each)["test"] == "smoke"
    ]  # fmt: skip
    assert len(sent) == len(result.tests[0].edges) - 1


def test_what_a_receiver_refuses_is_told(run_folder: Path, receiver: Receiver) -> None:
    endpoint = f"{receiver.url}/full"
    done = perfspec(run_folder, "export", ".", "--to", "otlp", OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)
    assert done.code == 5
    assert done.out == ""
    assert done.err.startswith(f"Error: {endpoint}/v1/metrics did not take it: ")
    assert "400" in done.err
    assert done.err.count("\n") == 1


def test_the_summary_of_k6_is_json(run_folder: Path) -> None:
    done = perfspec(run_folder, "export", ".", "--to", "k6")
    assert (done.code, done.err) == (0, "")
    summary = json.loads(done.out)
    assert set(summary) == {"metrics", "root_group", "options", "state"}
    assert summary["metrics"]["http_req_duration"]["values"]["p(95)"] > 0


def test_prometheus_needs_an_address(run_folder: Path) -> None:
    done = perfspec(run_folder, "export", ".", "--to", "prometheus")
    assert done.code == 2
    assert "PROMETHEUS_REMOTE_WRITE_URL names no server" in done.err
