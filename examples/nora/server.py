"""A reference of Nora's backend: audio coaching on App Runner, with its bucket on a second port.

``python server.py --port 8871 --upload-port 8872``. Sign-in, recordings, lessons and reports are
kept in memory; instances come with the load, the pool has 20 connections, and the providers of the
transcription and the analysis have rate limits. ``--pace 100`` lets a minute of the
platform last 0.6 s (starting an instance, transcribing, the life of a token); what a request takes
stays as it is.
"""

from __future__ import annotations

import argparse
import socket
from signal import SIGINT, SIGTERM
from time import monotonic, time
from typing import TYPE_CHECKING, Any, Literal

import gevent
import jwt
import msgspec
from backend import (
    FAULTS,
    MOST_INSTANCES,
    Bucket,
    Database,
    Instances,
    NoConnectionError,
    Pool,
    Provider,
    RateLimitedError,
)
from gevent.event import Event
from gevent.pywsgi import WSGIServer
from werkzeug.exceptions import Forbidden, HTTPException, NotFound, Unauthorized
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

KEY = "a key of this server and of nobody else"
INSTANCE_START_S, TRANSCRIPTION_S, TOKEN_LIFE_S = 45.0, 20.0, 3600.0
JOIN_S, REPORT_S = 0.01, 0.1
LEAK_BYTES = 50_000
LESSONS = [{"id": f"pride-{n}", "title": f"Lesson {n}"} for n in range(1, 11)]
ROUTES = {
    "GET /api/health": "health",
    "GET /api/metrics": "metrics",
    "PUT /api/test-users": "add_users",
    "DELETE /api/test-users": "remove_users",
    "POST /api/auth/login": "login",
    "POST /api/auth/refresh": "refresh",
    "GET /api/sessions/latest": "latest_session",
    "GET /api/lessons": "lessons",
    "GET /api/lessons/<part>": "lesson",
    "GET /api/learning/progress": "progress",
    "POST /api/learning/progress": "learn",
    "GET /api/recordings/": "recordings",
    "POST /api/recordings/upload/init": "init_upload",
    "POST /api/recordings/pdi-speaker-and-coding": "analyse",
    "POST /api/recordings/<part>/transcribe": "transcribe",
    "GET /api/recordings/<part>": "recording",
    "GET /api/recordings/<part>/analysis": "report",
    "GET /api/recordings/share/<part>": "share",
}
UNPLACED = {"health", "metrics", "add_users", "remove_users"}


class Nora:
    """The API as a WSGI application."""

    def __init__(self, options: argparse.Namespace, bucket: Bucket) -> None:
        self.pace: float = options.pace
        self.fault: str = options.fault
        self.database, self.pool, self.bucket = Database(), Pool(), bucket
        self.anthropic = Provider(options.analysis_ms / 1000, options.provider_rate)
        self.elevenlabs = Provider(0, options.transcription_rate)
        self.deepgram = Provider(0, options.transcription_rate)
        self.instances = Instances(
            options.places,
            most=1 if self.fault == "scaling" else MOST_INSTANCES,
            start_s=INSTANCE_START_S,
            pace=self.pace,
        )
        self._kept: list[bytes] = []
        rules = (each.split() for each in ROUTES)
        self._routes = Map(
            [Rule(path, methods=[verb], endpoint=f"{verb} {path}") for verb, path in rules]
        ).bind("127.0.0.1")

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        try:
            return self._answer(request_of(environ))(environ, start)
        except NoConnectionError:
            text = f"no database connection: all {self.pool.in_use} are in use"
            return reply({"error": text}, 500)(environ, start)
        except HTTPException as error:
            return error(environ, start)

    def _answer(self, request: Request) -> Response:
        route, parts = self._routes.match(request.path, request.method)
        if self.fault == "leak":
            self._kept.append(bytes(LEAK_BYTES))
        view = getattr(self, ROUTES[route])
        if ROUTES[route] in UNPLACED:
            return view(request)
        with self.instances.place():
            return view(request, **parts)

    def health(self, _: Request) -> Response:
        return reply({"status": "ok"})

    def metrics(self, _: Request) -> Response:
        self.instances.settle()
        return reply(
            {
                "instances": self.instances.count,
                "connections": self.pool.opened,
                "throttled": {
                    "anthropic": self.anthropic.throttled,
                    "elevenlabs": self.elevenlabs.throttled,
                    "deepgram": self.deepgram.throttled,
                },
            }
        )

    def add_users(self, request: Request) -> Response:
        """``{users: [{email, password, recorded}]}``: those of a test, with their recordings."""
        for each in read(request)["users"]:
            self.database.add_user(each["email"], each["password"], recorded=each["recorded"])
        return reply({"users": len(self.database.users)})

    def remove_users(self, _: Request) -> Response:
        self.database = Database()
        return reply({"users": 0})

    def login(self, request: Request) -> Response:
        given = read(request)
        with self.pool.connection():
            if not self.database.knows(given["email"], given["password"]):
                raise Unauthorized
        return reply(self._tokens(given["email"]))

    def refresh(self, request: Request) -> Response:
        return reply(self._tokens(decode(read(request)["refreshToken"], "refresh")))

    def latest_session(self, request: Request) -> Response:
        user = signed_in(request)
        with self.pool.connection():
            gevent.sleep(JOIN_S)
            mine = self.database.owned.get(user)
        if mine is None:
            raise NotFound
        return reply({"recordingId": mine[-1]})

    def lessons(self, request: Request) -> Response:
        signed_in(request)
        return reply(LESSONS)

    def lesson(self, request: Request, part: str) -> Response:
        signed_in(request)
        found = next((each for each in LESSONS if each["id"] == part), None)
        if found is None:
            raise NotFound
        return reply(found)

    def progress(self, request: Request) -> Response:
        return reply({"done": self.database.progress.get(signed_in(request), 0)})

    def learn(self, request: Request) -> Response:
        user = signed_in(request)
        with self.pool.connection():
            done = self.database.progress[user] = self.database.progress.get(user, 0) + 1
        return reply({"done": done})

    def recordings(self, request: Request) -> Response:
        user = signed_in(request)
        with self.pool.connection():
            gevent.sleep(JOIN_S)
            mine = self.database.owned.get(user, [])
        return reply(mine)

    def init_upload(self, request: Request) -> Response:
        user = signed_in(request)
        with self.pool.connection():
            recording = self.database.add_recording(user)
        if self.fault == "leak":
            self.pool.strays += len(self._kept) % 10 == 0
        url = self.bucket.presign(recording.id)
        return reply({"recordingId": recording.id, "uploadUrl": url})

    def transcribe(self, request: Request, part: str) -> Response:
        """202; where one provider has too much to do, another one is asked."""
        recording = self._own(request, part)
        try:
            self.elevenlabs.ask()
        except RateLimitedError:
            try:
                self.deepgram.ask()
            except RateLimitedError:
                return reply({"error": "the providers' rate limits"}, 429)
        recording.done_at = recording.done_at or monotonic() + TRANSCRIPTION_S / self.pace
        return reply({"id": part, "status": recording.status}, 202)

    def recording(self, request: Request, part: str) -> Response:
        return reply({"id": part, "status": self._own(request, part).status})

    def analyse(self, request: Request) -> Response:
        """429 says that the provider has too much to do; the report can be asked for later."""
        recording = self._own(request, read(request)["recordingId"])
        try:
            if self.fault == "pool":
                with self.pool.connection():
                    self.anthropic.ask()
            else:
                self.anthropic.ask()
        except RateLimitedError:
            status = 500 if self.fault == "provider" else 429
            return reply({"error": "the provider's rate limit"}, status)
        recording.analysis = "labeled praise"
        return reply({"id": recording.id, "coding": recording.analysis})

    def report(self, request: Request, part: str) -> Response:
        recording = self._own(request, part)
        gevent.sleep(REPORT_S)
        return reply({"id": part, "status": recording.status, "coding": recording.analysis})

    def share(self, _: Request, part: str) -> Response:
        if part not in self.database.recordings:
            raise NotFound
        return reply({"id": part})

    def _own(self, request: Request, part: str) -> Any:  # noqa: ANN401
        user = signed_in(request)
        with self.pool.connection():
            found = self.database.recordings.get(part)
        if found is None or found.owner != user:
            raise NotFound
        return found

    def _tokens(self, user: str) -> dict[str, str]:
        life_s = TOKEN_LIFE_S / self.pace
        return {
            "accessToken": encode(user, "access", life_s),
            "refreshToken": encode(user, "refresh", 24 * life_s),
        }


class Storage:
    """The bucket's own host: no account, only signatures."""

    def __init__(self, fault: str) -> None:
        self.fault = fault
        self.bucket = Bucket("")

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        request = request_of(environ)
        name = request.path.rpartition("/")[2]
        if "Authorization" in request.headers:
            answer = Response("a presigned URL carries its own permission", 400)
        elif not self.bucket.allows(name, request.args.get("signature", "")):
            answer = Forbidden().get_response()
        elif self.fault == "storage":
            answer = Response("SlowDown", 503)
        else:
            request.get_data(cache=False)  # and nothing is kept of it
            answer = Response(status=200)
        return answer(environ, start)


class Server(WSGIServer):
    """pywsgi sends head and body apart: without TCP_NODELAY each answer would take 40 ms."""

    def handle(self, sock: gevent.socket.socket, address: str) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().handle(sock, address)


def request_of(environ: WSGIEnvironment) -> Request:
    """Not kept in ``environ``, too: as a cycle its body would stay until the collector comes."""
    return Request(environ, populate_request=False)


def reply(value: object, status: int = 200) -> Response:
    """A value as JSON."""
    return Response(msgspec.json.encode(value), status, content_type="application/json")


def read(request: Request) -> Any:  # noqa: ANN401
    """The body, which is JSON."""
    return msgspec.json.decode(request.get_data())


def encode(user: str, kind: Literal["access", "refresh"], life_s: float) -> str:
    """A JSON Web Token that ends by itself."""
    return jwt.encode({"sub": user, "kind": kind, "exp": time() + life_s}, KEY)


def decode(token: str, kind: Literal["access", "refresh"]) -> str:
    """The user; raises Unauthorized."""
    try:
        claims = jwt.decode(token, KEY, algorithms=["HS256"])
    except jwt.InvalidTokenError as error:
        raise Unauthorized(str(error)) from None
    if claims["kind"] != kind:
        raise Unauthorized
    return str(claims["sub"])


def signed_in(request: Request) -> str:
    """Who asks; raises Unauthorized."""
    return decode(request.headers.get("Authorization", "").removeprefix("Bearer "), "access")


def main() -> None:
    """Serve until a signal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8871)
    parser.add_argument("--upload-port", type=int, default=8872)
    parser.add_argument("--pace", type=float, default=1.0)
    parser.add_argument("--places", type=int, default=2, help="requests at once of an instance")
    parser.add_argument("--analysis-ms", type=float, default=1000, help="of the provider")
    parser.add_argument("--provider-rate", type=float, default=40, help="its limit, a second")
    parser.add_argument("--transcription-rate", type=float, default=40, help="of each of the two")
    told = "; ".join(f"{name}: {text}" for name, text in FAULTS.items())
    parser.add_argument("--fault", choices=FAULTS, default="none", help=told)
    options = parser.parse_args()
    storage = Storage(options.fault)
    storage.bucket.origin = f"http://127.0.0.1:{options.upload_port}"
    applications = {options.port: Nora(options, storage.bucket), options.upload_port: storage}
    ended = Event()
    for signal in (SIGINT, SIGTERM):
        gevent.signal_handler(signal, ended.set)
    servers = [
        Server(("127.0.0.1", port), each, backlog=4096, log=None)
        for port, each in applications.items()
    ]
    for server in servers:
        server.start()
    ended.wait()
    for server in servers:
        server.stop(timeout=0.3)


if __name__ == "__main__":
    main()
