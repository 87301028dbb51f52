"""The guard of conftest.py, proven on tests that leak."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

pytest_plugins = ["pytester"]

TESTS = """
import os, subprocess, sys, threading

import pytest

done = threading.Event()

@pytest.fixture(scope="session")
def server():
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()

def test_a_process():
    test_a_process.kept = subprocess.Popen(["sleep", "60"])

def test_a_zombie():
    test_a_zombie.kept = subprocess.Popen(["true"])

def test_a_thread():
    threading.Thread(target=done.wait, daemon=True).start()

def test_a_new_variable():
    os.environ["LEAK"] = "1"

def test_a_lost_variable():
    del os.environ["HOME"]

def test_a_folder(tmp_path):
    os.chdir(tmp_path)

def test_a_server_of_the_session_is_none(server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SET", "1")
    assert "LEAK" not in os.environ and "HOME" in os.environ

def test_a_thread_on_its_way_out_is_none():
    threading.Thread(target=done.wait, args=(0.05,)).start()
"""


def test_who_leaves_something_behind_fails(pytester: pytest.Pytester) -> None:
    pytester.makeconftest((Path(__file__).parents[1] / "conftest.py").read_text())
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_subprocess("-p", "no:locust", "-p", "no:cacheprovider", "-n", "0")
    result.assert_outcomes(passed=8, errors=6)
    leaks = ["process * (sleep, *)", "process * (true, *)", "thread Thread-*"]
    leaks += ["environment variable LEAK", "environment variable HOME", "folder */test_a_folder0"]
    for leak in leaks:
        result.stdout.fnmatch_lines(f"left behind: {leak}")
