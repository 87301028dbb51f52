from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from perfspec.redact import Redactor
from perfspec.run.logs import LONGEST_LINE, MOST_HELD, Log, Logs, _Lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Eventually


@contextmanager
def logging(log: Log) -> Iterator[int]:
    """A pipe into the log; what is written to it is read."""
    ours, theirs = os.pipe()
    log.read(os.fdopen(ours, "rb", buffering=0))
    try:
        yield theirs
    finally:
        os.close(theirs)
        log.close()


def test_lines_are_masked_and_written_as_they_come(tmp_path: Path, eventually: Eventually) -> None:
    path = tmp_path / "api.log"
    with logging(Log(path, Redactor(["hunter22"]), held=False)) as pipe:
        os.write(pipe, b"the password is hunter22\nand then")
        eventually(lambda: path.read_text() == "the password is ***\n")
        os.write(pipe, b" more\xff")
    assert path.read_bytes() == b"the password is ***\nand then more\xff\n"


def test_held_lines_wait_for_their_secrets(tmp_path: Path, eventually: Eventually) -> None:
    redactor = Redactor()
    log = Log(tmp_path / "api.log", redactor, held=True)
    with logging(log) as pipe:
        os.write(pipe, b"late-secret\n")
        eventually(log.tail)
        assert log.path.read_text() == ""
        redactor.add(["late-secret"])
        log.release()
        assert log.path.read_text() == "***\n"
        os.write(pipe, b"at once: late-secret\n")
        eventually(lambda: log.path.read_text() == "***\nat once: ***\n")


def test_a_log_that_ends_while_held_is_written_when_released(tmp_path: Path) -> None:
    redactor = Redactor()
    logs = Logs(tmp_path, redactor, held=True)
    log = logs.open("hook")
    with logging(log) as pipe:
        os.write(pipe, b"late-secret\n")
    assert log.path.read_text() == ""
    assert log.tail() == ["late-secret"]
    redactor.add(["late-secret"])
    logs.close()
    assert log.path.read_text() == "***\n"
    assert log.tail() == ["***"]


def test_too_much_that_is_held_is_dropped_from_its_beginning(tmp_path: Path) -> None:
    log = Log(tmp_path / "api.log", Redactor(), held=True)
    line = b"x" * 999 + b"\n"
    with logging(log) as pipe:
        for _ in range(MOST_HELD // 1000 + 500):
            os.write(pipe, line)
    log.release()
    text = log.path.read_text()
    assert text.splitlines()[0].endswith("earlier pieces were dropped]")
    assert MOST_HELD // 2 < len(text) < MOST_HELD + 1000


def test_the_tail_is_the_last_fifteen_lines(tmp_path: Path) -> None:
    log = Log(tmp_path / "api.log", Redactor(), held=False)
    with logging(log) as pipe:
        os.write(pipe, "".join(f"{n}\n" for n in range(40)).encode() + b"the end")
    assert log.tail() == [*map(str, range(26, 40)), "the end"]


def test_a_secret_at_the_end_of_what_a_killed_process_wrote_is_masked(tmp_path: Path) -> None:
    log = Log(tmp_path / "api.log", Redactor(["hunter22"]), held=False)
    with logging(log) as pipe:
        os.write(pipe, b"the password is hunte")
    assert log.path.read_text() == "the password is ***\n"


def test_a_log_ends_though_others_hold_its_pipe(tmp_path: Path) -> None:
    log = Log(tmp_path / "api.log", Redactor(), held=False)
    ours, theirs = os.pipe()
    log.read(os.fdopen(ours, "rb", buffering=0))
    os.write(theirs, b"one\n")
    log.close()
    assert log.path.read_text() == "one\n"
    os.close(theirs)


def test_a_full_disk_is_told_and_the_process_is_read_on(eventually: Eventually) -> None:
    log = Log(Path("/dev/full"), Redactor(), held=False)
    with logging(log) as pipe:
        os.write(pipe, b"one\n")
        eventually(lambda: log.problem)
        for _ in range(40):
            os.write(pipe, b"x" * 10_000 + b"\n")  # more than a pipe holds
    assert log.problem == "cannot write /dev/full: No space left on device"


def test_an_endless_line_is_cut(tmp_path: Path) -> None:
    log = Log(tmp_path / "api.log", Redactor(["hunter22"]), held=False)
    with logging(log) as pipe:
        for _ in range(4 * LONGEST_LINE // 1000):
            os.write(pipe, b"hunter22--" * 100)
        os.write(pipe, b"\nnext\n")
    lines = log.path.read_text().splitlines()
    assert lines[-1] == "next"
    assert lines[0].endswith(" [cut off]")
    assert lines[0].removesuffix(" [cut off]").replace("***", "").strip("-") == ""
    assert len(lines) == 2


@given(st.lists(st.binary(max_size=30)), st.lists(st.integers(1, 50)))
def test_lines_do_not_depend_on_how_they_arrive(lines: list[bytes], sizes: list[int]) -> None:
    """Everything comes out, cut after line ends only."""
    content = b"\n".join(lines)
    cutter, at = _Lines(), 0
    texts: list[str] = []
    for size in [*sizes, max(1, len(content))]:
        found = [each.text for each in cutter.add(content[at : at + size])]
        assert all(text.endswith("\n") for text in found)
        texts += found
        at += size
    texts += [each.text for each in cutter.rest()]
    assert "".join(texts).encode("utf-8", "surrogateescape") == content
