"""The command of a report makes the plan that the report is about."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import msgspec
import pytest

from perfspec.plan.model import Plan
from perfspec.report.html.repeat import repeat_command
from tests.commands import perfspec
from tests.results import make_run

if TYPE_CHECKING:
    from pathlib import Path

SPEC = """\
perfspec: 1
name: shop
environments:
  local: { url: http://127.0.0.1:8801 }
  staging: { url: http://127.0.0.1:8802 }
endpoints:
  list: { request: GET /items, slo: { p95: 300ms }, tags: [read] }
  item: { request: GET /items/1 }
personas:
  buyer: { weight: 1, think: 1s..3s, journey: [list, item] }
tests:
  smoke: { users: 5, duration: 2m }
  load: { users: 20, duration: 10m }
sequences:
  nightly: [smoke, load: { time_scale: 50% }]
"""


@pytest.mark.parametrize(
    "options",
    [
        ("--sequence", "nightly"),
        ("--sequence", "nightly", "--env", "staging"),
        ("--sequence", "nightly", "--only", "load", "--seed", "7"),
        ("--sequence", "smoke", "--time-scale", "10%"),
    ],
)
def test_the_same_plan_comes_of_it(options: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "perfspec.yaml").write_text(SPEC, encoding="utf-8")
    plan = plan_of(tmp_path, *options)
    words = shlex.split(repeat_command(plan, make_run(plan)))
    assert words[:2] == ["perfspec", "run"]
    assert plan_of(tmp_path, *words[2:]) == plan


def plan_of(folder: Path, *options: str) -> Plan:
    done = perfspec(folder, "plan", "--json", *options)
    assert done.code == 0, done.err
    return msgspec.convert(json.loads(done.out)["plan"], Plan)
