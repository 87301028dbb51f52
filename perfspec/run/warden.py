"""No orphans: whatever a run starts is ended with it, even when the run itself is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

from perfspec.errors import RunError
from perfspec.run import watchman

if TYPE_CHECKING:
    from collections.abc import Sequence


class Warden:
    """The run's end of the watchman (``perfspec.run.watchman``); use it as a context."""

    def __init__(self) -> None:
        theirs, self._pipe = os.pipe()
        self._process = subprocess.Popen(  # noqa: S603  (our own file)
            [sys.executable, "-I", "-S", str(Path(watchman.__file__))],
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # out of reach of Ctrl-C
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End what is still on the list."""
        os.close(self._pipe)
        self._process.wait()

    def watch(self, group: int) -> None:
        """End this process group with the run; raises RunError when nobody is there to do so."""
        self._put_on(f"+{group}\n")

    def forget(self, group: int) -> None:
        """It has ended."""
        self._take_off(f"-{group}\n")

    def promise(self, words: Sequence[str]) -> None:
        """Run this command at the end, when nothing of the run is left; raises RunError likewise.

        Its words hold no tab and no line end.
        """
        self._put_on(f">{_line(words)}")

    def keep_promise(self, words: Sequence[str]) -> None:
        """It was done without."""
        self._take_off(f"<{_line(words)}")

    def _put_on(self, line: str) -> None:
        try:
            os.write(self._pipe, line.encode())
        except BrokenPipeError:
            msg = f"process {self._process.pid}, which would clean up after the run, was killed"
            raise RunError(msg) from None

    def _take_off(self, line: str) -> None:
        try:
            os.write(self._pipe, line.encode())
        except BrokenPipeError:
            return  # there is no list to take it from


def _line(words: Sequence[str]) -> str:
    return "\t".join(words) + "\n"
