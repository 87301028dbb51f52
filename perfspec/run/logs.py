"""Logs of the processes that a run starts: every line is masked before it reaches the disk."""

from __future__ import annotations

import os
import selectors
import threading
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

    from perfspec.redact import Redactor

SHOWN_LINES: Final = 15
LONGEST_LINE: Final = 64 * 1024
MOST_HELD: Final = 8 * 1024 * 1024
_LOOK_S: Final = 0.2  # how soon a log notices that it is closed while nothing is written to it


class _Text(NamedTuple):
    """Whole lines, or the beginning of one, with what to write where its end is missing."""

    text: str
    end: str = ""


class Log:
    """Reads one process's output to its end and writes it to a file, masked.

    While ``held``, lines are kept in memory: they may hold secrets that are not known yet.
    ``problem`` says why lines could not be written; the process is read all the same, so that it
    never waits for us.
    """

    def __init__(self, path: Path, redactor: Redactor, *, held: bool) -> None:
        self.path = path
        self.problem: str | None = None
        self._redactor = redactor
        self._lock = threading.Lock()
        self._held: deque[_Text] | None = deque() if held else None
        self._held_size = self._dropped = 0
        self._last: deque[_Text] = deque(maxlen=SHOWN_LINES)
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._file = path.open("ab")

    def read(self, stream: IO[bytes]) -> None:
        """Begin to read; the stream is closed at its end."""
        self._thread = threading.Thread(
            target=self._pump, args=(stream,), name=f"log {self.path.name}", daemon=True
        )
        self._thread.start()

    def release(self) -> None:
        """All secrets are known: write what was held, and from now on at once."""
        with self._lock:
            held, self._held = self._held, None
            if self._dropped:
                self._write(_Text(f"[{self._dropped} earlier pieces were dropped]\n"))
                self._dropped = 0
            for each in held or ():
                self._write(each)
        if self._closing.is_set():
            self._close_file()

    def tail(self) -> list[str]:
        """The last lines, masked with what is known now."""
        with self._lock:
            return [self._masked(each).rstrip("\n") for each in self._last]

    def close(self) -> None:
        """Read what has been written until now, and end; others may still hold the other end.

        What is held is kept until it is released.
        """
        self._closing.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        if self._held is None:
            self._close_file()

    def _close_file(self) -> None:
        try:
            self._file.close()
        except OSError as error:  # what could not be written is tried once more
            self._fail(error)

    def _pump(self, stream: IO[bytes]) -> None:
        lines = _Lines()
        left = MOST_HELD  # after the end: what lives on may write for ever
        with stream, selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_READ)
            while left > 0:
                closing = self._closing.is_set()
                if selector.select(0 if closing else _LOOK_S):
                    content = os.read(stream.fileno(), LONGEST_LINE)
                    if not content:
                        break
                    left -= len(content) if closing else 0
                    self._take(lines.add(content))
                elif closing:
                    break
        self._take(lines.rest())

    def _take(self, texts: list[_Text]) -> None:
        with self._lock:
            for each in texts:
                last = each.text.splitlines(keepends=True)[-SHOWN_LINES:]
                self._last += [_Text(line, each.end) for line in last]
                self._write(each)

    def _write(self, text: _Text) -> None:
        if self._held is not None:
            self._held.append(text)
            self._held_size += len(text.text)
            while self._held_size > MOST_HELD:
                self._held_size -= len(self._held.popleft().text)
                self._dropped += 1
        elif self.problem is None:
            try:
                self._file.write(self._masked(text).encode("utf-8", "surrogateescape"))
                self._file.flush()
            except OSError as error:
                self._fail(error)

    def _fail(self, error: OSError) -> None:
        self.problem = self.problem or f"cannot write {self.path}: {error.strerror or error}"

    def _masked(self, text: _Text) -> str:
        if text.end:
            return self._redactor.cut(text.text) + text.end
        return self._redactor.text(text.text)


class Logs:
    """All logs of a run, in one folder."""

    def __init__(self, folder: Path, redactor: Redactor, *, held: bool) -> None:
        self._folder = folder
        self._redactor = redactor
        self._held = held
        self._logs: list[Log] = []

    def open(self, name: str) -> Log:
        """A new log, or more of one that was closed; raises OSError."""
        log = Log(self._folder / f"{name}.log", self._redactor, held=self._held)
        self._logs.append(log)
        return log

    def hold(self) -> None:
        """What is opened from now on may show secrets that are not known yet."""
        self._held = True

    def release(self) -> None:
        """All secrets are known."""
        self._held = False
        for each in self._logs:
            each.release()

    def close(self) -> None:
        """End all of them, and write what is held still."""
        for each in self._logs:
            each.close()
        self.release()

    @property
    def problem(self) -> str | None:
        """Why some log is not complete: a full disk, mostly."""
        return next((each.problem for each in self._logs if each.problem), None)


class _Lines:
    """Cuts a stream of bytes after line ends; the rest of an endless line is left out."""

    def __init__(self) -> None:
        self._begun = b""
        self._skipping = False

    def add(self, content: bytes) -> list[_Text]:
        lines, newline, begun = content.rpartition(b"\n")
        texts: list[_Text] = []
        if newline:
            if self._skipping:
                lines = lines.partition(b"\n")[2] if b"\n" in lines else b""
                newline = newline if lines else b""
            whole = (b"" if self._skipping else self._begun) + lines + newline
            texts = [_Text(_decode(whole))] if whole else []
            self._begun, self._skipping = begun, False
        elif not self._skipping:
            self._begun += begun
        if len(self._begun) > LONGEST_LINE:
            texts.append(_Text(_decode(self._begun), " [cut off]\n"))
            self._begun, self._skipping = b"", True
        return texts

    def rest(self) -> list[_Text]:
        """What came after the last line end; a process that was killed may have been cut short."""
        return [_Text(_decode(self._begun), "\n")] if self._begun else []


def _decode(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")
