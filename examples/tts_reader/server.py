"""A reference of TTS Reader's backend: ``python server.py --port 8893 [--troubles pool,leak]``.

Users sign in for a token, have pages read and texts spoken, pay with credits, and follow long jobs
over a WebSocket. ``backend.py`` is behind it.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from secrets import token_bytes, token_hex
from time import monotonic
from typing import TYPE_CHECKING

import gevent.socket
import jwt
from backend import TROUBLES, TroubleError, TtsReader
from gevent.pywsgi import WSGIHandler, WSGIServer
from progress import WebSocket, follow
from werkzeug.exceptions import HTTPException, abort
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

ADMIN_PASSWORD = os.environ.get("TTS_ADMIN_PASSWORD", "local-only")
TOKEN_KEY = token_bytes(32)
SLOW_S = 3.0


class Site:
    """What can be requested; each view takes the request and answers it."""

    def __init__(self, reader: TtsReader, token_life: timedelta) -> None:
        self.reader = reader
        self.token_life = token_life
        self.views: dict[str, Callable[[Request], Response]] = {
            "GET /api/health": self.health,
            "POST /api/login": self.login,
            "POST /api/synthesize": self.synthesize,
            "POST /api/extract": self.extract,
            "POST /api/extract-and-synthesize": self.extract_and_synthesize,
            "GET /api/preferences": self.preferences,
            "PUT /api/preferences": self.preferences,
            "GET /api/credits": self.credits,
            "POST /api/credits": self.credits,
            "POST /api/enterprise/batch": self.batch,
            "POST /admin/accounts": self.accounts,
            "GET /admin/accounts": self.accounts,
            "DELETE /admin/accounts": self.accounts,
            "GET /metrics": self.metrics,
        }

    def user(self, authorization: str) -> str:
        """Who asks, by the bearer token; ends the request with 401."""
        token = authorization.removeprefix("Bearer ")
        try:
            email = jwt.decode(token, TOKEN_KEY, algorithms=["HS256"])["sub"]
        except jwt.InvalidTokenError as error:
            abort(401, str(error))
        if email not in self.reader.passwords or self.reader.token_is_early(token):
            abort(401, "this token is no longer valid")
        return email

    def user_of(self, request: Request) -> str:
        """See ``user``; 429 beyond the rate limit."""
        if not self.reader.limit.allows():
            abort(429, "RATE_LIMIT_REQUESTS_PER_HOUR")
        return self.user(request.headers.get("Authorization", ""))

    def health(self, _: Request) -> Response:
        """Whether it is up."""
        return reply({"status": "ok"})

    def login(self, request: Request) -> Response:
        """``{email, password}`` → ``{access_token}``."""
        given = request.json
        with self.reader.database():
            known = self.reader.passwords.get(given["email"], "")
        if not known or not compare_digest(known, given["password"]):
            abort(401, "unknown account, or wrong password")
        expiry = datetime.now(UTC) + self.token_life
        claims = {"sub": given["email"], "exp": expiry, "jti": token_hex(8)}
        token = jwt.encode(claims, TOKEN_KEY, algorithm="HS256")
        self.reader.born[token] = monotonic()
        return reply({"access_token": token, "token_type": "bearer"})

    def synthesize(self, request: Request) -> Response:
        """``{text}`` → ``{audio_url, characters, credits_left}``."""
        return reply(self.reader.speak(self.user_of(request), request.json["text"]))

    def extract(self, request: Request) -> Response:
        """``{url}`` → ``{text}``."""
        self.user_of(request)
        return reply({"text": self.reader.read(request.json["url"])})

    def extract_and_synthesize(self, request: Request) -> Response:
        """``{url}`` → as of ``synthesize``."""
        email = self.user_of(request)
        return reply(self.reader.speak(email, self.reader.read(request.json["url"])))

    def preferences(self, request: Request) -> Response:
        """The user's settings, as they are or as they are put."""
        email = self.user_of(request)
        with self.reader.database():
            if request.method == "PUT":
                self.reader.preferences[email] = request.json
            return reply(self.reader.preferences[email])

    def credits(self, request: Request) -> Response:
        """``{credits}``, after buying ``{units}`` if there are any."""
        email = self.user_of(request)
        if request.method == "POST":
            return reply({"credits": self.reader.buy(email, request.json["units"])}, 201)
        with self.reader.database():
            return reply({"credits": self.reader.credits[email]})

    def batch(self, request: Request) -> Response:
        """``{documents}`` → 202 ``{job}``."""
        self.user_of(request)
        return reply({"job": self.reader.begin(len(request.json["documents"]))}, 202)

    def accounts(self, request: Request) -> Response:
        """The administrator's: what there is of those with a ``prefix``, open some, remove them."""
        given = request.authorization
        if given is None or not compare_digest(given.password or "", ADMIN_PASSWORD):
            abort(401, "only for the administrator")
        prefix = request.args.get("prefix", "")
        if request.method == "DELETE":
            self.reader.forget(prefix)
        if request.method == "POST":
            for each in request.json:
                self.reader.open_account(each["email"], each["password"], each["units"])
        named = self.reader.named(prefix)
        audio = sum(len(self.reader.audio[email]) for email in named)
        return reply({"accounts": len(named), "audio": audio})

    def metrics(self, _: Request) -> Response:
        """What monitors read."""
        used = self.reader.pool_size - self.reader.pool.counter
        return reply(
            {
                "pool": {"used": used / self.reader.pool_size},
                "polly": {"throttled": self.reader.polly.throttled()},
                "stripe": {"throttled": self.reader.stripe.throttled()},
            }
        )

    def application(self) -> WSGIApplication:
        """The views as WSGI."""
        rules = [
            Rule(path, methods=[method], endpoint=view)
            for route, view in self.views.items()
            for method, path in [route.split()]
        ]
        routes = Map(rules)

        def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            request, began = Request(environ), monotonic()
            try:
                self.reader.let_in()
                view, _ = routes.bind_to_environ(environ).match()
                response = view(request)
            except HTTPException as error:
                response = reply({"error": error.description}, error.code or 500)
            except TroubleError as error:
                response = reply({"error": str(error)}, error.status)
            log(request, response, monotonic() - began)
            return response(environ, start)

        return answer


def reply(value: object, status: int = 200) -> Response:
    """A value as JSON."""
    return Response(json.dumps(value), status, content_type="application/json")


def log(request: Request, response: Response, seconds: float) -> None:
    """Internal errors and slow requests."""
    if response.status_code >= 500 or seconds > SLOW_S:
        line = f"{request.method} {request.path} {response.status_code} after {seconds:.3f} s"
        print(line, file=sys.stderr, flush=True)


class Handler(WSGIHandler):
    """Leaves ``/ws/progress`` to the WebSocket."""

    def handle_one_response(self) -> None:
        site = self.server.site
        if self.environ["PATH_INFO"] != "/ws/progress":
            super().handle_one_response()
            return
        self.close_connection = True
        try:
            site.user(self.environ.get("HTTP_AUTHORIZATION", ""))
        except HTTPException:
            self.socket.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
            return
        follow(site.reader, WebSocket(self.socket, self.rfile), self.environ)


class Server(WSGIServer):
    """Sends each answer at once: head and body go apart."""

    def __init__(self, port: int, site: Site) -> None:
        super().__init__(
            ("127.0.0.1", port), site.application(), backlog=1024, log=None, handler_class=Handler
        )
        self.site = site

    def handle(self, sock: gevent.socket.socket, address: str) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.site.reader.user():
            super().handle(sock, address)


def troubles(text: str) -> frozenset[str]:
    """``none``, or names of troubles with commas between them."""
    named = frozenset(text.split(",")) - {"none"}
    if not named <= TROUBLES.keys():
        message = f"known are {', '.join(TROUBLES)}"
        raise argparse.ArgumentTypeError(message)
    return named


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8893)
    parser.add_argument("--token-seconds", type=int, default=3600)
    parser.add_argument("--troubles", type=troubles, default=frozenset())
    options = parser.parse_args()
    site = Site(TtsReader(options.troubles), timedelta(seconds=options.token_seconds))
    server = Server(options.port, site)
    gevent.signal_handler(signal.SIGTERM, server.stop)
    server.serve_forever()


if __name__ == "__main__":
    main()
