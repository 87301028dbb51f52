"""Every command in the documentation exists, and those in a console print what is shown."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

from perfspec.cli.main import perfspec
from tests.docs.pages import ROOT, Block, blocks, read

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_S = 300
GOAL = re.compile(r"^([a-z-]+):[^=]", re.MULTILINE)


def consoles() -> list[Any]:
    return [
        pytest.param(each, marks=[pytest.mark.slow] if each.has("slow") else [], id=each.place)
        for each in blocks("console")
    ]


@pytest.mark.parametrize("block", consoles())
def test_a_console_prints_what_is_shown(block: Block, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns(".*"))
    (tmp_path / "perfspec.yaml").write_text(block.changed_spec, encoding="utf-8")
    commands = list(commands_of(block.text))
    assert commands, "a console block begins with $ and a command"
    variables = environment(block)
    codes = [0] * (len(commands) - 1) + [int(block.said("exit", "0"))]
    for (command, shown), code in zip(commands, codes, strict=True):
        result = subprocess.run(
            command,
            shell=True,
            cwd=tmp_path / block.said("in", "."),
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
            check=False,
        )
        wanted = like(shown, numbers_vary=block.has("numbers"))
        assert result.returncode == code, result.stdout
        assert wanted.fullmatch(trimmed(result.stdout)), result.stdout


def environment(block: Block) -> dict[str, str]:
    """Commands that take long may start services: these get a port of their own."""
    ports = {"PORT": str(free_port())} if block.has("slow") else {}
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "80",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONUNBUFFERED": "1",
        **ports,
    }


def commands_of(text: str) -> Iterator[tuple[str, str]]:
    """Commands with the output that is shown below them."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def like(shown: str, *, numbers_vary: bool = False) -> re.Pattern[str]:
    """What ``shown`` stands for: ``…`` is anything within its line, or lines where it is alone.

    With ``numbers_vary`` each number is any number, and columns may be wider or narrower.
    """
    lines = []
    for line in shown.rstrip().splitlines():
        pattern = re.escape(line.rstrip()).replace("…", ".*?")
        if numbers_vary:
            pattern = re.sub(r"\d+(?:\\\.\d+)?", lambda _: r"[\d.,]+", pattern)
            pattern = re.sub(r"(?:\\ )+", lambda _: r"\s+", pattern)
        lines.append(r"(?:.*\n)*?" if line.strip() == "…" else pattern + r"\n")
    return re.compile("".join(lines))


def trimmed(text: str) -> str:
    """Without white space at the ends of lines."""
    return "".join(f"{line.rstrip()}\n" for line in text.rstrip().splitlines())


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a\nb", "a  \nb\n", True),
        ("a … c", "a b c", True),
        ("a … c", "a b\nc", False),
        ("a\n…\nd", "a\nb\nc\nd", True),
        ("a\n…\nd", "a\nd", True),
        ("a", "a\nb", False),
        ("a.c", "abc", False),
    ],
)
def test_shown_output_is_compared(shown: str, printed: str, *, same: bool) -> None:
    assert bool(like(shown).fullmatch(trimmed(printed))) is same


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("p95   9.5 ms", "p95 12 ms", True),
        ("a 1\n  b 2", "a 12\n b 3.25", True),
        ("a 1", "b 1", False),
        ("a 1", "a one", False),
    ],
)
def test_shown_numbers_may_vary(shown: str, printed: str, *, same: bool) -> None:
    pattern = like(shown, numbers_vary=True)
    assert bool(pattern.fullmatch(trimmed(printed))) is same


@pytest.mark.parametrize("block", blocks("sh"), ids=lambda block: block.place)
def test_a_command_to_try_exists(block: Block) -> None:
    """Goals of make, commands and their options; nothing of it runs."""
    for line in block.text.splitlines():
        check_command(line)


@pytest.mark.parametrize("line", ["make tset", "perfspec rum", "perfspec plan --jsn", "X=1 make x"])
def test_a_command_that_does_not_exist_is_found(line: str) -> None:
    with pytest.raises((AssertionError, click.UsageError)):
        check_command(line)


def check_command(line: str) -> None:
    words = shlex.split(line, comments=True)
    while words and re.match(r"[A-Z_]+=", words[0]):
        words.pop(0)
    match words:
        case ["make", *goals]:
            assert set(goals) <= set(GOAL.findall(read("Makefile")))
        case ["perfspec", "demo", *_]:
            pass  # another parser's options
        case ["perfspec", name, *arguments]:
            arguments = [each for each in arguments if each not in {">", "<"}]
            with click.Context(perfspec) as whole:
                command = perfspec.get_command(whole, name)
                assert command is not None, name
                command.make_parser(click.Context(command, info_name=name)).parse_args(arguments)
        case _:
            pass
