"""What an editor calls at every keystroke loads no library that it does not need."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = {
    "cryptography",
    "gevent",
    "github3",
    "jinja2",
    "jsonschema",
    "locust",
    "numpy",
    "pycurl",
    "requests",
    "rich",
    "scipy",
}
SPEC = """\
perfspec: 1
name: shop
environments:
  local: { url: http://127.0.0.1:8801 }
data:
  accounts: { generate: { email: "user-{001..200}@example.com" } }
endpoints:
  login:
    request: POST /login
    json: { email: "{{ user.email | lower }}" }
    expect: { json: { $.token: exists } }
    capture: { token: $.token }
  list:
    request: GET /items
    slo: { p95: 300ms }
personas:
  buyer: { weight: 1, data: accounts, think: 1s..3s, journey: [login, list] }
tests:
  smoke: { users: 5, duration: 2m }
"""
PROGRAM = """
import sys
from perfspec.cli.main import run
code = int(run(sys.argv[1:]))
print(code, *{name.partition(".")[0] for name in sys.modules})
"""


@pytest.mark.parametrize("command", ["lint", "plan", "schema"])
def test_a_quick_command_loads_nothing_heavy(command: str, tmp_path: Path) -> None:
    (tmp_path / "perfspec.yaml").write_text(SPEC, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    code, *loaded = result.stdout.splitlines()[-1].split()
    assert code == "0", result.stdout + result.stderr
    assert "perfspec" in loaded
    assert set(loaded) & HEAVY == set()
