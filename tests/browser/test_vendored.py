"""What is copied into the package is what its makers published, and it gets into the wheel."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HTML = ROOT / "perfspec/report/html"
PUBLISHED = Path(__file__).parent / "node_modules/uplot"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dist/uPlot.iife.min.js", "dist/uPlot.min.css", "LICENSE"])
def test_uplot_is_the_one_of_npm(name: str) -> None:
    ours = HTML / "static/uplot" / Path(name).name
    assert ours.read_bytes() == (PUBLISHED / name).read_bytes()


@pytest.mark.slow
def test_the_wheel_has_all_that_a_page_is_made_of(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    wanted = {
        each.relative_to(ROOT).as_posix()
        for each in HTML.rglob("*")
        if each.suffix in {".js", ".css", ".j2"} or each.name == "LICENSE"
    }
    assert len(wanted) > 10
    assert wanted <= packed
