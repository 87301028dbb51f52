"""The import contracts of pyproject.toml: each one is kept by a good package and broken by a bad one."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS: dict[str, str] = {
    each["id"]: each["name"]
    for each in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "importlinter"
    ]["contracts"]
}
GOOD = {
    "perfspec/__main__.py": "import perfspec.cli.main",
    "perfspec/baseline/buckets/amazon.py": "import boto3, botocore.config",
    "perfspec/baseline/buckets/azure.py": "import azure.identity",
    "perfspec/baseline/buckets/google.py": "import google.cloud.storage",
    "perfspec/baseline/git.py": "import perfspec.measure, perfspec.clock, subprocess",
    "perfspec/cli/main.py": "import perfspec.demo.server, perfspec.report.text, perfspec.run.start",
    "perfspec/demo/server.py": "import gevent.pywsgi",
    "perfspec/judge/slo.py": "import perfspec.baseline, perfspec.measure, perfspec.plan.model, random",
    "perfspec/plan/compile.py": "import perfspec.spec, perfspec.plan.model",
    "perfspec/report/text.py": "import perfspec.judge.slo, perfspec.jsonio, perfspec.baseline",
    "perfspec/run/driver/transports/talk.py": "import websocket, socketio.packet",
    "perfspec/run/driver/users.py": "import locust.env, gevent.pool, pycurl, perfspec.plan.model",
    "perfspec/run/monitors/db.py": "import psycopg, boto3, perfspec.plan.model",
    "perfspec/run/start.py": "import perfspec.clock, subprocess",
}
BAD = {
    "layers": ("perfspec/expr/bad.py", "import perfspec.plan.model"),
    "files": ("perfspec/report/bad.py", "import perfspec.plan.compile"),
    "driver": ("perfspec/cli/bad.py", "import perfspec.run.driver.users"),
    "monitors": ("perfspec/run/bad.py", "import psycopg"),
    "amazon": ("perfspec/baseline/git.py", "import boto3"),
    "google": ("perfspec/baseline/bucket.py", "import google.auth"),
    "microsoft": ("perfspec/baseline/buckets/google.py", "import azure.core"),
    "locust": ("perfspec/run/bad.py", "import gevent.event"),
    "connections": ("perfspec/run/driver/bad.py", "from socketio.packet import Packet"),
    "reports": ("perfspec/judge/bad.py", "import perfspec.run.start"),
    "judge": ("perfspec/judge/bad.py", "from time import monotonic"),
    "demo": ("perfspec/demo/bad.py", "import perfspec.units"),
    "demo-alone": ("perfspec/run/bad.py", "import perfspec.demo.server"),
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with the parts of perfspec and imports that are in order."""
    parts = [
        "cli",
        "importers",
        "publish",
        "report",
        "judge",
        "baseline",
        "baseline/buckets",
        "run",
        "run/driver",
        "run/driver/transports",
        "run/monitors",
        "measure",
        "plan",
        "spec",
        "expr",
        "demo",
        "export",
    ]
    ground = ["units", "errors", "clock", "jsonio"]
    files = dict.fromkeys(
        ["perfspec/__init__.py", "perfspec/plan/model.py"]
        + [f"perfspec/{part}/__init__.py" for part in parts]
        + [f"perfspec/{name}.py" for name in ground],
        "",
    )
    for name, text in (files | GOOD).items():
        add(tmp_path, name, text)
    return tmp_path


def add(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", encoding="utf-8")


def broken(folder: Path) -> set[str]:
    """The ids of the contracts that the package in `folder` breaks."""
    config = f"--config={ROOT / 'pyproject.toml'}"
    code = "from importlinter.cli import lint_imports_command as c; c()"
    result = subprocess.run(
        [sys.executable, "-c", code, "--no-logo", "--no-cache", config],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200", "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    kept = {key for key, name in CONTRACTS.items() if f"{name} KEPT" in result.stdout}
    bad = {key for key, name in CONTRACTS.items() if f"{name} BROKEN" in result.stdout}
    assert kept | bad == set(CONTRACTS), result.stdout + result.stderr
    assert (result.returncode == 0) == (not bad)
    return bad


def test_a_good_package_keeps_every_contract(package: Path) -> None:
    assert broken(package) == set()


def test_every_contract_finds_what_it_forbids(package: Path) -> None:
    for number, (name, text) in enumerate(BAD.values()):
        add(package, name.replace("bad", f"bad{number}"), text)
    assert broken(package) == set(CONTRACTS) == set(BAD)


def test_a_part_without_a_place_is_found(package: Path) -> None:
    add(package, "perfspec/helpers.py", "")
    assert broken(package) == {"layers"}
