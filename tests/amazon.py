"""A server that answers as Amazon's do."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.runs import free_port, listens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Eventually


@contextmanager
def running_moto(eventually: Eventually) -> Iterator[str]:
    """Its URL; it forgets everything at the end."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    silent = subprocess.DEVNULL  # it tells of every request: a pipe that nobody empties would fill
    with subprocess.Popen(command, stdout=silent, stderr=silent) as process:
        try:
            eventually(lambda: listens(port), within_s=60)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
