"""A real PostgreSQL server for tests, of its own, run by an unprivileged user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.runs import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Eventually

PASSWORD = "s3cret pass'word"
OWNER, READER = "owner", "reader"


@dataclass(frozen=True, slots=True)
class Postgres:
    """``dsn`` is that of a superuser, with its password."""

    port: int

    @property
    def dsn(self) -> str:
        return self.of(OWNER)

    def of(self, role: str) -> str:
        quoted = PASSWORD.replace("'", "\\'")
        return f"host=127.0.0.1 port={self.port} dbname=postgres user={role} password='{quoted}'"


@contextmanager
def running_postgres(eventually: Eventually, *, connections: int = 20) -> Iterator[Postgres]:
    """A new cluster on a free port, gone with the block; it takes so many connections."""
    import psycopg  # noqa: PLC0415  (only where there is a server)

    folder = Path(tempfile.mkdtemp(prefix="perfspec-postgres-", dir="/tmp"))
    user = pwd.getpwnam("nobody").pw_uid if os.getuid() == 0 else os.getuid()
    os.chown(folder, user, -1)
    server = Postgres(free_port())
    binaries = _binaries()
    secret = folder / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    os.chown(secret, user, -1)
    initdb: list[Path | str] = [
        binaries / "initdb",
        "-D",
        folder / "data",
        "-U",
        OWNER,
        "--pwfile",
        secret,
    ]
    subprocess.run(
        [*initdb, "-A", "scram-sha-256", "-E", "UTF8", "--no-sync"],
        check=True,
        capture_output=True,
        user=user,
        cwd=folder,
    )
    options = ["-p", str(server.port), "-k", str(folder), "-c", "listen_addresses=127.0.0.1"]
    options += ["-c", f"max_connections={connections}", "-c", "fsync=off"]
    command: list[Path | str] = [binaries / "postgres", "-D", folder / "data", *options]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log, user=user, cwd=folder) as process,
    ):
        try:
            ready = b"ready to accept connections"
            eventually(lambda: ready in (folder / "log").read_bytes())
            with psycopg.connect(server.dsn) as connection:
                connection.execute(
                    f"CREATE ROLE {READER} LOGIN PASSWORD '{PASSWORD.replace(chr(39), chr(39) * 2)}'"
                )
            yield server
        finally:
            process.terminate()  # a smart shutdown waits for clients; there are none left
            process.send_signal(2)  # a fast one does not
            process.wait(20)
            shutil.rmtree(folder)


def _binaries() -> Path:
    """Debian keeps them outside of PATH."""
    found = shutil.which("postgres")
    if found is not None:
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    assert versions, "PostgreSQL is not installed: apt-get install postgresql"
    return versions[-1]
