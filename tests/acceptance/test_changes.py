"""``perfspec plan --base``: what a reviewer sees of a changed spec."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.commands import perfspec
from tests.specs import spec

if TYPE_CHECKING:
    from pathlib import Path

BASE = spec(endpoints="\n  home: { request: GET /, slo: { p95: 300ms } }")


def test_a_loosened_limit_is_said_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(BASE, encoding="utf-8")
    (tmp_path / "perfspec.yaml").write_text(BASE.replace("300ms", "500ms"), encoding="utf-8")
    done = perfspec(tmp_path, "plan", "--base", "base.yaml")
    assert done.code == 0
    assert done.out.splitlines()[-2:] == [
        "Changes from base.yaml",
        "  smoke: p95 of home loosened 300 ms → 500 ms (perfspec.yaml:6)",
    ]
    [change] = json.loads(perfspec(tmp_path, "plan", "--base", "base.yaml", "--json").out)[
        "changes"
    ]
    assert (change["kind"], change["before"], change["after"]) == ("loosened", 0.3, 0.5)


def test_the_same_spec_has_no_changes(tmp_path: Path) -> None:
    (tmp_path / "perfspec.yaml").write_text(BASE, encoding="utf-8")
    done = perfspec(tmp_path, "plan", "--base", "perfspec.yaml")
    assert done.out.splitlines()[-1] == "Nothing differs from perfspec.yaml"


def test_a_base_with_mistakes_is_told(tmp_path: Path) -> None:
    (tmp_path / "perfspec.yaml").write_text(BASE, encoding="utf-8")
    (tmp_path / "base.yaml").write_text(BASE.replace("300ms", "fast"), encoding="utf-8")
    done = perfspec(tmp_path, "plan", "--base", "base.yaml")
    assert (done.code, done.out) == (2, "")
    assert "\nbase.yaml:6:39: PS104 " in done.err
