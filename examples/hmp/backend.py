"""What HMP's backend keeps and does, apart from HTTP, and the flaws that can be ordered.

Submissions are files, everything else is in memory. Whatever needs data takes one of the
connections of a pool, as it would of Postgres.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from hashlib import sha256
from secrets import token_bytes, token_hex
from time import monotonic
from typing import TYPE_CHECKING

import gevent
from gevent.lock import BoundedSemaphore
from gevent.queue import Queue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEFECTS = {
    "broken-content": "the content of submissions cannot be read",
    "slow-lists": "lists are read without an index: a second each",
    "blocking-audio": "a PDF is converted before the request is answered",
    "pool": "two connections to the database, and slow queries",
    "lost-work": "every fifth submission is accepted and not kept",
    "backlog": "the database is slow for 20 s after more than 8 requests at once",
    "leak": "memory grows by 2 MB a second",
    "crash": "the process dies of more than 8 requests at once",
}
CROWD = 8  # requests at once
AUDIO_WORKERS = 2
AUDIO_S = 0.1  # for each begun megabyte
QUERY_S = 0.01
PATIENCE_S = 10.0  # for a connection of the pool


class ExhaustedError(Exception):
    """No connection of the pool came free in time."""


class Hmp:
    """The backend's state, and what it does with it."""

    def __init__(self, defects: frozenset[str], files: Path) -> None:
        self.defects = defects
        self.files = files
        self.challenges: set[str] = set()
        self.forget()
        self.accepted = 0
        self.jobs: dict[str, str] = {}
        self.waiting: Queue[tuple[str, bytes]] = Queue()
        self.pool_size, self.patience_s = (2, 1.0) if "pool" in defects else (20, PATIENCE_S)
        self.pool = BoundedSemaphore(self.pool_size)
        self.at_once = 0
        self.slow_until = 0.0
        self.leaked: list[bytes] = []
        for _ in range(AUDIO_WORKERS):
            gevent.spawn(self.convert_for_ever)
        if "leak" in defects:
            gevent.spawn(self.leak)

    def forget(self) -> None:
        """Everything that `test_env.py up` has made, and what users added to it."""
        self.users: dict[str, dict[str, str]] = {}
        self.projects: dict[str, dict[str, str]] = {}
        self.submissions: dict[str, dict[str, str]] = {}
        self.audit: list[dict[str, str]] = []
        for file in self.files.iterdir():
            file.unlink()

    @contextmanager
    def database(self, seconds: float = QUERY_S) -> Iterator[None]:
        """One of the pool's connections, and the time that a query takes on it."""
        if "pool" in self.defects:
            seconds *= 5
        if monotonic() < self.slow_until:
            seconds *= 50
        if not self.pool.acquire(timeout=self.patience_s):
            raise ExhaustedError
        try:
            gevent.sleep(seconds)
            yield
        finally:
            self.pool.release()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Counts what is under way at once, for the defects that come with load."""
        self.at_once += 1
        if self.at_once > CROWD and "crash" in self.defects:
            sys.stderr.write("hmp: out of memory\n")
            os._exit(1)
        if self.at_once > CROWD and "backlog" in self.defects:
            self.slow_until = monotonic() + 20
        try:
            yield
        finally:
            self.at_once -= 1

    def keep(self, project: str, author: str, content: bytes) -> dict[str, str]:
        """Store a submission."""
        number, digest = token_hex(8), sha256(content).hexdigest()
        kept = {"id": number, "project": project, "author": author, "sha256": digest}
        self.accepted += 1
        if "lost-work" in self.defects and self.accepted % 5 == 0:
            return kept
        (self.files / number).write_bytes(content)
        self.submissions[number] = kept
        self.audit.append({"who": author, "did": "submit", "what": number})
        return kept

    def convert_for_ever(self) -> None:
        while True:
            job, pdf = self.waiting.get()
            self.convert(job, pdf, AUDIO_S * (len(pdf) // 1_000_000 + 1))

    def convert(self, job: str, pdf: bytes, seconds: float) -> None:
        """Stands for the synthesis: takes its time, and keeps what would be heard."""
        gevent.sleep(seconds)
        (self.files / f"{job}.pcm").write_bytes(pdf[:1000])
        self.jobs[job] = "done"

    def leak(self) -> None:
        while len(self.leaked) < 2000:
            self.leaked.append(token_bytes(200_000))
            gevent.sleep(0.1)
