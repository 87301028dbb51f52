"""No orphans: whatever a run starts is ended with it, even when the run itself is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Self

from perfspec.errors import RunError
from perfspec.run import watchman


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
        try:
            os.write(self._pipe, f"+{group}\n".encode())
        except BrokenPipeError:
            msg = f"process {self._process.pid}, which would clean up after the run, was killed"
            raise RunError(msg) from None

    def forget(self, group: int) -> None:
        """It has ended."""
        try:
            os.write(self._pipe, f"-{group}\n".encode())
        except BrokenPipeError:
            return  # there is no list to take it from
