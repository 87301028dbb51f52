"""What HMP's backend keeps and does, apart from HTTP, and the flaws that can be ordered.

Submissions are files, everything else is in memory. Whatever needs data takes one of the
connections of a pool, as it would of Postgres.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from hashlib import sha256
from secrets import token_hex
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
    "errors": "every fifth query fails",
    "pool": "two connections to the database, and slow queries",
    "lost-work": "every fifth submission is accepted and not kept",
    "backlog": "the database is slow for ten minutes after more than 40 users were there",
    "leak": "20 KB of memory stay with each request",
    "drift": "each query takes longer than the one before",
    "crash": "the process dies of more than 25 users",
}
MANY, CROWD = 25, 40  # users, each with a connection of its own
BACKLOG_S = 600.0
LEAK = 20_000  # bytes
AUDIO_WORKERS = 2
AUDIO_S = 0.1  # for each begun megabyte
QUERY_S = 0.01
PATIENCE_S = 10.0  # for a connection of the pool


class DatabaseError(Exception):
    """What the user is told, and with which status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


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
        self.users_there = self.queries = 0
        self.slow_until = 0.0
        self.leaked: list[bytes] = []
        for _ in range(AUDIO_WORKERS):
            gevent.spawn(self.convert_for_ever)

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
        self.queries += 1
        if "errors" in self.defects and self.queries % 5 == 0:
            raise DatabaseError(500, "the query failed")
        if "pool" in self.defects:
            seconds *= 30
        if "drift" in self.defects:
            seconds *= 1 + self.queries / 200
        if "backlog" in self.defects and self.users_there > CROWD:
            self.slow_until = monotonic() + BACKLOG_S
        if monotonic() < self.slow_until:
            seconds *= 50
        if not self.pool.acquire(timeout=self.patience_s):
            raise DatabaseError(503, "the pool of connections is exhausted")
        try:
            gevent.sleep(seconds)
            yield
        finally:
            self.pool.release()

    @contextmanager
    def user(self) -> Iterator[None]:
        """Counts who is connected, for the defects that come with load."""
        self.users_there += 1
        if self.users_there > MANY and "crash" in self.defects:
            sys.stderr.write("hmp: out of memory\n")
            os._exit(1)
        try:
            yield
        finally:
            self.users_there -= 1

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
