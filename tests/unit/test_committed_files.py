"""No committed file names a package registry or a path of the machine that it was written on."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
ADDRESS = re.compile(r"(?:https?|file)://[^\s'\",;)]+")


def output(*command: str) -> str:
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
    ).stdout


def files() -> dict[str, str]:
    """Every file that is committed or about to be, with its text."""
    listed = output(
        *("git", "-c", "safe.directory=*", "ls-files", "-z"),
        *("--cached", "--others", "--exclude-standard"),
    )
    paths = {name: ROOT / name for name in listed.split("\0") if name}
    return {
        name: path.read_text("utf-8", "replace") for name, path in paths.items() if path.is_file()
    }


def registries() -> set[str]:
    """Hosts that pip and npm are set to on this machine, and the ones that they begin with."""
    pip = [sys.executable, "-m", "pip"]
    told = output(*pip, "config", "list") + output(*pip, "install", "--help").replace("\n", " ")
    if shutil.which("npm"):
        told += output("npm", "config", "get", "registry")
    hosts = {urlsplit(address).hostname for address in ADDRESS.findall(told)}
    return {host for host in hosts if host and "." in host}


def machine_paths() -> set[str]:
    """Folders that are this machine's own affair."""
    return {str(ROOT), f"{Path.home()}/", f"{tempfile.gettempdir()}/"}


def named(words: set[str]) -> list[str]:
    """Where one of `words` stands by itself in a committed file, as file:line: word."""
    pattern = re.compile(rf"(?<![\w.$}}-])(?:{'|'.join(map(re.escape, sorted(words)))})")
    return [
        f"{name}:{text.count(chr(10), 0, found.start()) + 1}: {found[0]}"
        for name, text in files().items()
        for found in pattern.finditer(text)
    ]


def test_no_file_names_a_registry() -> None:
    hosts = registries()
    assert hosts, "pip names its default registry in its help"
    assert named(hosts) == []


def test_no_compiled_list_names_where_it_came_from() -> None:
    lists = {name: text for name, text in files().items() if name.startswith("requirements/")}
    assert lists
    assert [name for name, text in lists.items() if "://" in text] == []
    locks = {name: text for name, text in files().items() if name.endswith("package-lock.json")}
    assert locks
    assert [name for name, text in locks.items() if '"resolved"' in text] == []


def test_no_file_names_a_path_of_this_machine() -> None:
    assert named(machine_paths()) == []


@pytest.mark.parametrize("word", ["# perfspec", "make demo"])
def test_a_word_that_is_there_is_found(word: str) -> None:
    assert any(each.startswith("README.md:") for each in named({word}))
