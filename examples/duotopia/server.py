"""A reference of Duotopia's backend: students sign in, get an assignment, and upload a recording.

``DATABASE_URL=… python server.py --port 8881``: accounts, assignments and recordings are in a real
PostgreSQL. One event loop serves everything, as one Uvicorn worker does; the connection is given
back before the file goes to the bucket, and the bucket is waited for without blocking the loop.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402
import os  # noqa: E402
import socket  # noqa: E402
from signal import SIGINT, SIGTERM  # noqa: E402
from time import time  # noqa: E402
from typing import TYPE_CHECKING  # noqa: E402

import gevent  # noqa: E402
import jwt  # noqa: E402
import msgspec  # noqa: E402
from backend import Bucket, Instance, NoConnectionError, Pool, hash_of  # noqa: E402
from gevent.event import Event  # noqa: E402
from gevent.pywsgi import WSGIServer  # noqa: E402
from werkzeug.exceptions import (  # noqa: E402
    HTTPException,
    NotFound,
    RequestEntityTooLarge,
    Unauthorized,
)
from werkzeug.routing import Map, Rule  # noqa: E402
from werkzeug.wrappers import Request, Response  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    import psycopg

KEY = "a key of this server and of nobody else"
TOKEN_LIFE_S, BOOT_S, IDLE_S, SLOW_QUERY_S = 3600.0, 3.0, 900.0, 3.0
NGINX_LIMIT = 1_000_000  # its own default for a body is 1 MB
FAULTS = {
    "none": "a server as it should be",
    "blocking": "the upload to the bucket blocks the event loop",
    "held-connections": "the connection is kept during the upload to the bucket",
    "locks": "a row that everybody needs stays locked during the upload to the bucket",
    "slow-queries": "looking for assignments takes 3 s",
    "cold-start": "no instance runs until somebody asks",
    "body-limit": "nginx refuses what is larger than 1 MB",
}
ROUTES = {
    "GET /health": "health",
    "POST /api/auth/student/login": "login",
    "GET /api/students/assignments": "assignments",
    "POST /api/students/recordings": "upload",
    "GET /api/students/recordings": "recordings",
}


class Duotopia:
    """The API as a WSGI application."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.fault: str = options.fault
        self.pool = Pool(os.environ["DATABASE_URL"], options.pool_timeout)
        self.pool.prepare(os.environ["STUDENT_PASSWORD"])
        self.bucket = Bucket(options.bucket_ms / 1000, blocking=self.fault == "blocking")
        boot_s = BOOT_S if self.fault == "cold-start" else None
        self.instance = Instance(options.concurrency, boot_s, IDLE_S)
        rules = (each.split() for each in ROUTES)
        self._routes = Map(
            [Rule(path, methods=[verb], endpoint=f"{verb} {path}") for verb, path in rules]
        ).bind("127.0.0.1")

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        request = Request(environ, populate_request=False)  # no cycle that keeps its body
        request.get_data(cache=True, parse_form_data=True)  # nginx reads it whole, too
        try:
            return self._answer(request)(environ, start)
        except NoConnectionError:
            return reply({"detail": "QueuePool limit of size 20 reached"}, 500)(environ, start)
        except HTTPException as error:
            return error(environ, start)

    def _answer(self, request: Request) -> Response:
        route, _ = self._routes.match(request.path, request.method)
        if ROUTES[route] == "health":  # the platform answers it
            return reply({"status": "healthy"})
        with self.instance.place():
            return self._placed(request, route)

    def _placed(self, request: Request, route: str) -> Response:
        if self.fault == "body-limit" and (request.content_length or 0) > NGINX_LIMIT:
            raise RequestEntityTooLarge
        return getattr(self, ROUTES[route])(request)

    def login(self, request: Request) -> Response:
        given = msgspec.json.decode(request.get_data())
        with self.pool.transaction() as connection:
            found = connection.execute(
                "SELECT id FROM students WHERE email = %s AND password = %s",
                (given["email"], hash_of(given["password"])),
            ).fetchone()
        if found is None:
            raise Unauthorized
        claims = {"sub": str(found[0]), "exp": time() + TOKEN_LIFE_S}
        return reply({"access_token": jwt.encode(claims, KEY)})

    def assignments(self, request: Request) -> Response:
        student = signed_in(request)
        with self.pool.transaction() as connection:
            if self.fault == "slow-queries":
                connection.execute("SELECT pg_sleep(%s)", (SLOW_QUERY_S,))
            found = connection.execute(
                "SELECT id, content FROM assignments WHERE student = %s", (student,)
            ).fetchall()
        return reply([{"id": each, "content_id": content} for each, content in found])

    def upload(self, request: Request) -> Response:
        """201; the row says ``uploading`` until the bucket has the file."""
        signed_in(request)
        content = request.files["audio_file"].read()
        assignment = int(request.form["assignment_id"])
        if self.fault in {"held-connections", "locks"}:
            with self.pool.transaction() as connection:
                row = self._store(connection, assignment, len(content))
                if self.fault == "locks":
                    connection.execute("UPDATE totals SET uploads = uploads + 1 WHERE id = 1")
                etag = self.bucket.upload(content)
                self._finish(connection, row)
        else:
            with self.pool.transaction() as connection:
                row = self._store(connection, assignment, len(content))
            etag = self.bucket.upload(content)
            with self.pool.transaction() as connection:
                self._finish(connection, row)
        return reply({"id": row, "etag": etag, "size": len(content)}, 201)

    def recordings(self, request: Request) -> Response:
        student = signed_in(request)
        with self.pool.transaction() as connection:
            found = connection.execute(
                "SELECT r.id, r.status FROM recordings r JOIN assignments a ON a.id = r.assignment"
                " WHERE a.student = %s ORDER BY r.id DESC LIMIT 20",
                (student,),
            ).fetchall()
        if not found:
            raise NotFound
        return reply([{"id": row, "status": status} for row, status in found])

    def _store(self, connection: psycopg.Connection, assignment: int, size: int) -> int:
        found = connection.execute(
            "INSERT INTO recordings (assignment, size, status) VALUES (%s, %s, 'uploading')"
            " RETURNING id",
            (assignment, size),
        ).fetchone()
        return found[0]

    def _finish(self, connection: psycopg.Connection, row: int) -> None:
        connection.execute("UPDATE recordings SET status = 'uploaded' WHERE id = %s", (row,))


class Server(WSGIServer):
    """pywsgi sends head and body apart: without TCP_NODELAY each answer would take 40 ms."""

    def handle(self, sock: socket.socket, address: str) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().handle(sock, address)


def reply(value: object, status: int = 200) -> Response:
    """A value as JSON."""
    return Response(msgspec.json.encode(value), status, content_type="application/json")


def signed_in(request: Request) -> int:
    """The student's id; raises Unauthorized."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    try:
        return int(jwt.decode(token, KEY, algorithms=["HS256"])["sub"])
    except jwt.InvalidTokenError as error:
        raise Unauthorized(str(error)) from None


def main() -> None:
    """Serve until a signal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8881)
    parser.add_argument("--bucket-ms", type=float, default=3000, help="of each upload to it")
    parser.add_argument("--pool-timeout", type=float, default=30, help="seconds for a connection")
    parser.add_argument("--concurrency", type=int, default=1000, help="requests at a time")
    told = "; ".join(f"{name}: {text}" for name, text in FAULTS.items())
    parser.add_argument("--fault", choices=FAULTS, default="none", help=told)
    options = parser.parse_args()
    server = Server(("127.0.0.1", options.port), Duotopia(options), backlog=4096, log=None)
    ended = Event()
    for signal in (SIGINT, SIGTERM):
        gevent.signal_handler(signal, ended.set)
    server.start()
    ended.wait()
    server.stop(timeout=0.3)


if __name__ == "__main__":
    main()
