"""A neighbour that disturbs what is measured."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

BUSY: Final = """
import time
while True:
    end = time.time() + 2
    while time.time() < end:
        pass
    time.sleep(2)
"""


@contextmanager
def disturbance(*, wanted: bool) -> Iterator[None]:
    """Another process, busy for two seconds of every four."""
    if not wanted:
        yield
        return
    process = subprocess.Popen([sys.executable, "-c", BUSY])
    try:
        yield
    finally:
        process.kill()
        process.wait()
