"""Variables from files, and a protected environment that is confirmed at a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.commands import COMMAND, PATIENCE_S, Done, perfspec, surroundings, write_spec
from tests.targets import running_target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.targets import Target

pytestmark = pytest.mark.slow

SPEC = """
perfspec: 1
name: guarded
secrets: [ENTRY]
environments:
  production:
    url: ${SHOP_URL}
    protected: { max_users: 2, checklist: [Providers told] }
endpoints:
  home: { request: GET /, headers: { X-Entry: "${ENTRY}" }, expect: { status: [200, 404] } }
personas:
  visitor: { weight: 1, think: 20ms, journey: [home] }
tests:
  smoke: { users: 1, duration: 1s, slo: { error_rate: 1% } }
"""


def written(folder: Path, url: str) -> None:
    write_spec(folder, SPEC)
    (folder / "base.env").write_text(
        f"# what everybody has\nexport SHOP_URL='{url}'\nENTRY=\"from the first file\"\n",
        encoding="utf-8",
    )
    (folder / "own.env").write_text("ENTRY=from the second file # mine\n", encoding="utf-8")


def at_a_terminal(folder: Path, answer: str, *arguments: str, **variables: str) -> Done:
    """A command whose input and error stream are a terminal, at which somebody types."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=folder,
        env=surroundings(**variables),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    ) as process:
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())  # a terminal keeps what is typed ahead
        said = b""
        while piece := _read(ours):
            said += piece
        os.close(ours)
        assert process.stdout is not None
        out = process.stdout.read()
        return Done(process.wait(PATIENCE_S), out, said.decode())


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # nobody has the other end any more
        return b""


@pytest.fixture
def target() -> Iterator[Target]:
    with running_target() as target:
        yield target


FILES = ("--env-file", "base.env", "--env-file", "own.env")
RUN = ("run", "--env", "production", *FILES)


def test_files_bring_variables_and_the_later_one_wins(tmp_path: Path, target: Target) -> None:
    written(tmp_path, target.url)
    done = perfspec(tmp_path, *RUN, "--confirm", "production")
    assert done.code == 0, done.all
    assert {each.headers["x-entry"] for each in target.received} == {"from the second file"}


def test_what_is_set_already_stays(tmp_path: Path, target: Target) -> None:
    written(tmp_path, target.url)
    done = perfspec(tmp_path, *RUN, "--confirm", "production", ENTRY="from the shell")
    assert done.code == 0, done.all
    assert {each.headers["x-entry"] for each in target.received} == {"from the shell"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"A=1\n\nB 'x\n", ":3: this is no variable: write NAME=value"),
        (b"A=1\nB\n", ":2: this is no variable"),
        (b"A=\xff\n", "it is no text in UTF-8"),
        (None, "No such file or directory"),
    ],
)
def test_a_file_that_is_none_is_told(tmp_path: Path, content: bytes | None, said: str) -> None:
    written(tmp_path, "http://127.0.0.1:9")
    if content is not None:
        (tmp_path / "bad.env").write_bytes(content)
    done = perfspec(tmp_path, "plan", "--env", "production", *FILES, "--env-file", "bad.env")
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_somebody_at_a_terminal_is_asked(tmp_path: Path, target: Target) -> None:
    written(tmp_path, target.url)
    done = at_a_terminal(tmp_path, "production", *RUN)
    assert done.code == 0, done.all
    assert "[ ] Providers told" in done.err
    assert f"production is protected: {target.url}" in done.err
    assert "smoke: at most 1 user for 1s" in done.err
    assert "Type production to go on" in done.err
    assert target.received


@pytest.mark.parametrize(
    ("answer", "said"),
    [("", "add --confirm production"), ("yes", "--confirm names 'yes' instead")],
)
def test_another_answer_starts_nothing(
    tmp_path: Path, target: Target, answer: str, said: str
) -> None:
    written(tmp_path, target.url)
    done = at_a_terminal(tmp_path, answer, *RUN)
    assert done.code == 2, done.all
    assert said in done.err
    assert target.received == []


def test_nobody_is_asked_in_ci(tmp_path: Path, target: Target) -> None:
    written(tmp_path, target.url)
    done = at_a_terminal(tmp_path, "production", *RUN, CI="true")
    assert done.code == 2, done.all
    assert "Type production" not in done.err
    assert target.received == []
