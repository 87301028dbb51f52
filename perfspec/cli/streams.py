"""Standard output and error as a program needs them whose exit code is what counts.

A reader that has gone (``| head -1``), a terminal that was closed and a name that the terminal's
encoding does not hold must neither end a run nor change its verdict.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

    from _typeshed import ReadableBuffer


class _Unheard(io.FileIO):
    """A file that goes on when nobody listens any more."""

    def write(self, content: ReadableBuffer, /) -> int:
        try:
            return super().write(content)
        except OSError as error:
            if not self.bears(error):
                raise
            return memoryview(content).nbytes

    def bears(self, error: OSError) -> bool:
        """A pipe whose reader has gone, a terminal that was closed; a full disk is told."""
        return error.errno in {errno.EPIPE, errno.EIO}


class _Hopeless(_Unheard):
    """Standard error: there is nowhere left to tell what is wrong with it."""

    def bears(self, error: OSError) -> bool:  # noqa: ARG002  (any)
        return True


def steady_streams() -> None:
    """Make ``sys.stdout`` and ``sys.stderr`` streams that survive their readers."""
    sys.stdout = _steady(sys.stdout, _Unheard)
    sys.stderr = _steady(sys.stderr, _Hopeless)


def _steady(stream: TextIO | None, kind: type[_Unheard]) -> TextIO:
    if stream is None:  # it was closed before we began
        return Path(os.devnull).open("w", encoding="utf-8")
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    return io.TextIOWrapper(
        io.BufferedWriter(kind(stream.fileno(), "w", closefd=False)),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
