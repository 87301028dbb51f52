"""What is printed, where it is printed to: any width, any encoding, pipes that close, JSON alone."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.commands import COMMAND, PATIENCE_S, Kept, perfspec, surroundings, write_spec
from tests.demo_target import running_demo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.demo_target import Demo

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("terminal")]

SPEC = """\
perfspec: 1
name: Bücherei «日本» 📚
description: naïve
environments: { local: { url: "<url>" } }
data:
  wörter: { csv: "wörter.csv" }
endpoints:
  books: { request: "GET /books", query: { wörter: "{{ words.wort }}", q: "日本 & 📚" } }
  lost: { request: "GET /orders/{nummer}", path: { nummer: "ß ?#é" } }
personas: { reader: { data: words, think: 20ms, journey: [books, lost: { if_fails: continue }] } }
tests:
  load:
    users: 2
    duration: 4s  # one long turn of a busy machine is not typical of four windows
    slo: { error_rate: 0%, p95: 2s }
    say: "Zu langsäm 🐢"
    advice: [größer bauen]
"""
LINE = SPEC.splitlines().index("    slo: { error_rate: 0%, p95: 2s }") + 1
ANSI = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@pytest.fixture(scope="module")
def shop() -> Iterator[Demo]:
    with running_demo("--speed=inf") as demo:
        yield demo


@pytest.fixture(scope="module")
def folder(shop: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a spec whose every name is hard to print."""
    folder = tmp_path_factory.mktemp("terminal") / "Ördner mit Leerzeichen"
    folder.mkdir()
    (folder / "wörter.csv").write_text("wort\nÄpfel\n日本\n📚\n", encoding="utf-8")
    write_spec(folder, SPEC.replace("wörter: { csv", "words: { csv"), url=shop.url)
    done = perfspec(folder, "run", CI="true")
    assert done.code == 1, done.all
    (folder / "err").write_text(done.err, encoding="utf-8")
    return folder


def test_unicode_arrives_as_it_was_written(folder: Path, shop: Demo) -> None:
    kept = Kept(folder)
    (group,) = kept.test("load").errors
    assert (group.key.name, group.error) == ("lost", "auth")
    assert shop.truth()["routes"]["GET /orders/{id}"]["statuses"].keys() == {"401"}
    assert kept.summary.startswith("# ❌ Bücherei «日本» 📚 on local: fail\n")
    assert "Zu langsäm 🐢" in kept.summary
    assert kept.junit.find("testsuite/testcase") is not None


def test_ci_gets_plain_lines(folder: Path) -> None:
    lines = (folder / "err").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "load: test 1 of 1"
    assert re.fullmatch(r"load: done after 4s, \d+ requests, \d+ failed", lines[-1])
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_lines_fit_whatever_the_width(folder: Path, width: int) -> None:
    done = perfspec(folder, "report", COLUMNS=str(width))
    report, _, _ = done.out.partition("report: ")
    assert done.code == 1
    assert [line for line in report.splitlines() if cells(line) > width] == []
    assert "error_rate" in report
    assert f"perfspec.yaml:{LINE}" in report
    plan = perfspec(folder, "plan", COLUMNS=str(width))
    assert plan.code == 0
    assert max(map(cells, plan.out.splitlines())) <= max(width, 80)


ENCODINGS = {
    "C": {"LC_ALL": "C"},
    "ASCII": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "ASCII, strict": {"PYTHONIOENCODING": "ascii"},
    "Latin-1": {"PYTHONIOENCODING": "latin-1"},
}


@pytest.mark.parametrize("variables", ENCODINGS.values(), ids=ENCODINGS)
@pytest.mark.parametrize("command", ["lint", "plan", "report", "judge", "watch"])
def test_no_encoding_is_a_crash(
    folder: Path, tmp_path: Path, command: str, variables: dict[str, str]
) -> None:
    place = tmp_path / "plain"
    shutil.copytree(folder, place)
    done = perfspec(place, command, **variables)
    assert done.code == (0 if command in {"lint", "plan"} else 1)
    assert "Traceback" not in done.all
    assert done.out


def test_a_folder_whose_name_is_no_text_is_told(folder: Path, tmp_path: Path) -> None:
    place = Path(os.fsdecode(os.fsencode(tmp_path) + b"/m\xfcll"))
    shutil.copytree(folder, place)
    done = perfspec(place, "plan")
    assert (done.code, done.out) == (2, "")
    assert "it is no text in this locale" in done.err


JSON = {
    "judge": ["judge", "--json"],
    "plan": ["plan", "--json"],
    "lint": ["lint", "--format", "json"],
    "schema": ["schema"],
}


@pytest.mark.parametrize("variables", [{}, ENCODINGS["Latin-1"]], ids=["UTF-8", "Latin-1"])
@pytest.mark.parametrize("arguments", JSON.values(), ids=JSON)
def test_json_is_all_that_is_on_standard_output(
    folder: Path, arguments: list[str], variables: dict[str, str]
) -> None:
    done = perfspec(folder, *arguments, **variables)
    document = json.loads(done.out)
    if arguments[0] == "judge":
        assert document["exit_code"] == done.code == 1
        assert "report: " in done.err
    if arguments[0] == "plan":
        assert document["plan"]["name"] == "Bücherei «日本» 📚"


def test_a_comparison_is_json_too(folder: Path) -> None:
    run = str(Kept(folder).folder.path)
    done = perfspec(folder, "compare", run, run, "--json")
    document = json.loads(done.out)
    assert (done.code, document["format"]) == (0, "perfspec/comparison/1")
    rows = [row for test in document["tests"] for row in test["rows"]]
    assert {row["unit"] for row in rows} == {"s", "per_s", "ratio"}
    assert {change for row in rows for change in row["changes"]} == {None, 0.0}
    both = perfspec(folder, "compare", run, run, "--json", "--format", "markdown")
    assert (both.code, both.out) == (2, "")
    assert "exclude each other" in both.err


def test_run_and_try_print_json_alone_too(folder: Path, tmp_path: Path) -> None:
    done = perfspec(folder, "run", "--json", "--output", str(tmp_path))
    assert json.loads(done.out)["exit_code"] == done.code == 1
    assert "load: done after" in done.err
    done = perfspec(folder, "try", "--json")
    messages = [json.loads(line) for line in done.out.splitlines()]
    assert {each["type"] for each in messages} == {"exchange", "tried", "try_ended"}


PIPES = {
    "head": ("| head -n 1", 1),
    "nobody": ("| true", 1),
    "nobody at all": ("2>&1 | true", 1),
    "closed": (">&- 2>&-", 1),
    "a full disk": ("> /dev/full", 3),
    "errors to a full disk": ("2> /dev/full", 1),
}


@pytest.mark.parametrize(("rest", "code"), PIPES.values(), ids=PIPES)
def test_an_output_that_is_not_read_changes_no_verdict(folder: Path, rest: str, code: int) -> None:
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; '{sys.executable}' -m perfspec judge {rest}"],
        cwd=folder,
        env=surroundings(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    if code == 3:
        assert done.stderr == "Error: the output cannot be written: No space left on device\n"


class Screen:
    """A run on a terminal of its own: everything that it was sent."""

    def __init__(self, folder: Path, width: int, *arguments: str, **variables: str) -> None:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
        environment = surroundings(TERM="xterm-256color", **variables)
        del environment["COLUMNS"]
        with subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=folder,
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        ) as process:
            os.close(theirs)
            self.text = b"".join(read_all(ours)).decode()
        os.close(ours)
        self.code = process.returncode


def read_all(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            content = os.read(terminal, 65536)
        except OSError:  # its other end has closed
            return
        if not content:
            return
        yield content


@pytest.mark.parametrize(("width", "encoding"), [(60, None), (200, "ASCII, strict")])
def test_on_a_terminal_there_is_a_live_block(
    folder: Path, tmp_path: Path, width: int, encoding: str | None
) -> None:
    variables = ENCODINGS[encoding] if encoding else {}
    screen = Screen(folder, width, "run", "--output", str(tmp_path), **variables)
    plain = ANSI.sub("", screen.text)
    assert screen.code == 1
    assert screen.text.count("\x1b[?25l") == screen.text.count("\x1b[?25h") == 1  # the cursor
    for text in ("hold of 2 users", "2 of 2 users", "requests/s", "p95", "errors: auth"):
        assert text in plain
    assert "FAIL" in plain
    assert "\x1b[1;31m" in screen.text
    block, _, _ = plain.replace("\r", "\n").partition("report: ")
    assert [line for line in block.splitlines() if cells(line) > width] == []
    assert encoding is None or plain.isascii()


def test_no_color_means_none(folder: Path, tmp_path: Path) -> None:
    screen = Screen(folder, 100, "run", "--output", str(tmp_path), NO_COLOR="1")
    colours = re.compile(r"\x1b\[[0-9;]*(3[0-7]|9[0-7])m")
    assert screen.code == 1
    assert "FAIL" in screen.text
    assert colours.findall(screen.text) == []


def cells(line: str) -> int:
    """Columns of a terminal: some characters take two."""
    from rich.cells import cell_len  # noqa: PLC0415  (as the terminal counts)

    return cell_len(line)
