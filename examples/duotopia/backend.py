"""What stands behind Duotopia's API: a pool of 20 connections, a bucket, Cloud Run."""

from __future__ import annotations

from contextlib import contextmanager
from hashlib import sha256
from time import monotonic
from typing import TYPE_CHECKING, Any

import gevent
import psycopg
from gevent.lock import Semaphore
from gevent.monkey import get_original
from gevent.queue import Empty, Queue

if TYPE_CHECKING:
    from collections.abc import Iterator

POOL_SIZE, MOMENT_S = 20, 0.25
STUDENTS = 200
TABLES = """
    CREATE TABLE IF NOT EXISTS students (
        id int PRIMARY KEY, email text UNIQUE NOT NULL, password text NOT NULL
    );
    CREATE TABLE IF NOT EXISTS assignments (
        id int PRIMARY KEY, student int NOT NULL REFERENCES students, content int NOT NULL
    );
    CREATE TABLE IF NOT EXISTS recordings (
        id bigserial PRIMARY KEY, assignment int NOT NULL, size int NOT NULL, status text NOT NULL
    );
    CREATE TABLE IF NOT EXISTS totals (id int PRIMARY KEY, uploads bigint NOT NULL);
    INSERT INTO totals VALUES (1, 0) ON CONFLICT DO NOTHING;
    DELETE FROM recordings;
"""


class NoConnectionError(Exception):
    """All connections of the pool are in use, and stay so."""


class Pool:
    """Opens a connection when none comes back for a moment, up to 20, and keeps them."""

    def __init__(self, dsn: str, patience_s: float) -> None:
        self._dsn, self._patience_s = dsn, patience_s
        self._opened = 0
        self._idle: Queue[psycopg.Connection[Any]] = Queue()

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection, committed at the end; raises NoConnectionError for one that waits long."""
        connection = self._take()
        try:
            with connection.transaction():
                yield connection
        finally:
            self._idle.put(connection)

    def _take(self) -> psycopg.Connection[Any]:
        try:
            return self._idle.get(timeout=MOMENT_S if self._opened else 0)
        except Empty:
            if self._opened < POOL_SIZE:
                self._opened += 1
                return psycopg.connect(self._dsn, autocommit=True)
        try:
            return self._idle.get(timeout=self._patience_s)
        except Empty:
            raise NoConnectionError from None

    def prepare(self, password: str) -> None:
        """The tables, and students with an assignment each; as often as one likes."""
        hashed = hash_of(password)
        students = [
            (n, f"student-{n:03}@example.com", hashed, n, 1000 + n) for n in range(1, STUDENTS + 1)
        ]
        with self.transaction() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(1)")
            cursor.execute(TABLES)
            cursor.executemany(
                "WITH student AS (INSERT INTO students VALUES (%s, %s, %s)"
                " ON CONFLICT (id) DO UPDATE SET password = excluded.password RETURNING id)"
                " INSERT INTO assignments SELECT %s, id, %s FROM student ON CONFLICT DO NOTHING",
                students,
            )


class Bucket:
    """Cloud storage that takes a while for each object.

    While a library waits for it that knows nothing of the event loop (``blocking``), nothing else
    happens in this process.
    """

    def __init__(self, takes_s: float, *, blocking: bool) -> None:
        self._takes_s = takes_s
        self._sleep = get_original("time", "sleep") if blocking else gevent.sleep

    def upload(self, content: bytes) -> str:
        self._sleep(self._takes_s)
        return sha256(content).hexdigest()


class Instance:
    """Cloud Run's only one: it takes ``places`` requests at a time, and starts when it is needed.

    ``boot_s`` None is an instance that always runs; any other one goes ``idle_s`` after the last
    request, and the next ones wait until it has started again.
    """

    def __init__(self, places: int, boot_s: float | None, idle_s: float) -> None:
        self._places = Semaphore(places)
        self._boot_s, self._idle_s = boot_s, idle_s
        self._at_work = 0
        self._ready_at, self._left_at = 0.0, -idle_s

    @contextmanager
    def place(self) -> Iterator[None]:
        """The time that a request spends in it, waiting included."""
        now = monotonic()
        if self._boot_s is not None and not self._at_work and now > self._left_at + self._idle_s:
            self._ready_at = now + self._boot_s
        self._at_work += 1
        try:
            gevent.sleep(max(0.0, self._ready_at - now))
            with self._places:
                yield
        finally:
            self._at_work -= 1
            self._left_at = monotonic()


def hash_of(password: str) -> str:
    """What is kept of a password."""
    return sha256(password.encode()).hexdigest()
