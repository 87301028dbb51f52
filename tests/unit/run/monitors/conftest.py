from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.postgres import running_postgres
from tests.runs import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Eventually
    from tests.postgres import Postgres


@pytest.fixture(scope="session")
def postgres(session_leaves_nothing_behind: None, eventually: Eventually) -> Iterator[Postgres]:  # noqa: ARG001  (order)
    with running_postgres(eventually) as server:
        yield server


@pytest.fixture(scope="session")
def moto(session_leaves_nothing_behind: None, eventually: Eventually) -> Iterator[str]:  # noqa: ARG001  (order)
    """The URL of a server that answers as Amazon's do."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            assert process.stderr is not None
            said = process.stderr
            eventually(lambda: b"Running on" in said.readline(), within_s=60)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
