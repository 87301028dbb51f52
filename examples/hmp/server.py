"""A reference of HMP's backend: ``python server.py --port 8891 [--defects leak,pool]``.

Students sign a challenge with their Ed25519 key and send work as CBOR; instructors read it and have
PDFs turned into audio by a queue of workers. ``backend.py`` is behind it.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from pathlib import Path
from secrets import token_bytes, token_hex, token_urlsafe
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

import cbor2
import gevent.socket
import jwt
from backend import DEFECTS, LEAK, QUERY_S, DatabaseError, Hmp
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from gevent.pywsgi import WSGIServer
from werkzeug.exceptions import HTTPException, abort
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

T = TypeVar("T")
ADMIN_PASSWORD = os.environ.get("HMP_ADMIN_PASSWORD", "local-only")
TOKEN_KEY = token_bytes(32)
TOKEN_LIFE = timedelta(minutes=30)
SLOW_S = 1.0
PUBLIC_KEY = Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex()


def user_of(hmp: Hmp, request: Request, role: str = "") -> dict[str, str]:
    """Who asks, by the bearer token; ends the request with 401 or 403."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    try:
        email = jwt.decode(token, TOKEN_KEY, algorithms=["HS256"])["sub"]
    except jwt.InvalidTokenError as error:
        abort(401, str(error))
    user = hmp.users.get(email) or abort(401, "this user is gone")
    if role and user["role"] != role:
        abort(403, f"only for a {role}")
    return user


def challenge(hmp: Hmp, request: Request) -> Response:
    """``{email}`` → ``{challenge}``."""
    found(hmp.users, request.json["email"])
    nonce = token_urlsafe(32)
    hmp.challenges.add(nonce)
    return reply({"challenge": nonce})


def login(hmp: Hmp, request: Request) -> Response:
    """A challenge counts once, and only with the signature of this user's key."""
    given = request.json
    nonce, user = given["challenge"], found(hmp.users, given["email"])
    if nonce not in hmp.challenges:
        abort(401, "this challenge is unknown or used up")
    hmp.challenges.remove(nonce)
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(user["public_key"]))
    try:
        key.verify(bytes.fromhex(given["signature"]), nonce.encode())
    except InvalidSignature:
        abort(401, "this is not the signature of the challenge")
    claims = {"sub": user["email"], "exp": datetime.now(UTC) + TOKEN_LIFE}
    return reply({"token": jwt.encode(claims, TOKEN_KEY, algorithm="HS256"), "role": user["role"]})


def list_projects(hmp: Hmp, request: Request) -> Response:
    """All projects."""
    user_of(hmp, request)
    with hmp.database(1.0 if "slow-lists" in hmp.defects else QUERY_S):
        return reply(list(hmp.projects.values()))


def get_project(hmp: Hmp, request: Request, number: str) -> Response:
    """One project."""
    user_of(hmp, request)
    with hmp.database():
        return reply(found(hmp.projects, number))


def submit(hmp: Hmp, request: Request) -> Response:
    """CBOR ``{project, content}`` → 201 with the SHA-256 of what was kept."""
    author = user_of(hmp, request, "student")["email"]
    given = cbor2.loads(request.get_data())
    found(hmp.projects, given["project"])
    with hmp.database():
        return reply(hmp.keep(given["project"], author, given["content"]), 201)


def list_submissions(hmp: Hmp, request: Request) -> Response:
    """The newest 200 submissions, without their content."""
    user_of(hmp, request, "instructor")
    with hmp.database(1.0 if "slow-lists" in hmp.defects else QUERY_S):
        return reply(list(hmp.submissions.values())[-200:])


def get_hash(hmp: Hmp, request: Request, number: str) -> Response:
    """``{sha256}`` of a submission."""
    user_of(hmp, request)
    with hmp.database():
        return reply({"sha256": found(hmp.submissions, number)["sha256"]})


def get_content(hmp: Hmp, request: Request, number: str) -> Response:
    """A submission as it was sent."""
    user_of(hmp, request, "instructor")
    with hmp.database():
        found(hmp.submissions, number)
    file = hmp.files / ("broken" if "broken-content" in hmp.defects else number)
    return Response(file.read_bytes(), content_type="application/octet-stream")


def to_audio(hmp: Hmp, request: Request) -> Response:
    """A PDF as the part ``document`` → 202 ``{id, status}``."""
    user_of(hmp, request, "instructor")
    job, pdf = token_hex(8), request.files["document"].read()
    hmp.jobs[job] = "waiting"
    if "blocking-audio" in hmp.defects:
        hmp.convert(job, pdf, seconds=2.5)
    else:
        hmp.waiting.put((job, pdf))
    return reply({"id": job, "status": hmp.jobs[job]}, 202)


def audio(hmp: Hmp, request: Request, number: str) -> Response:
    """``{id, status}`` of a conversion: waiting, then done."""
    user_of(hmp, request, "instructor")
    return reply({"id": number, "status": found(hmp.jobs, number)})


def audit(hmp: Hmp, request: Request) -> Response:
    """The last hundred things that were done."""
    user_of(hmp, request, "instructor")
    with hmp.database():
        return reply(hmp.audit[-100:])


def public_key(_hmp: Hmp, _request: Request) -> Response:
    """The server's key."""
    return reply({"public_key": PUBLIC_KEY})


def instructor_key(hmp: Hmp, request: Request) -> Response:
    """The key that work is encrypted for."""
    user_of(hmp, request, "student")
    with hmp.database():
        keys = [each["public_key"] for each in hmp.users.values() if each["role"] == "instructor"]
    return reply({"public_key": keys[0]})


def test_data(hmp: Hmp, request: Request) -> Response:
    """The administrator's: how much there is, make it, remove it."""
    given = request.authorization
    if given is None or not compare_digest(given.password or "", ADMIN_PASSWORD):
        abort(401, "only for the administrator")
    if request.method == "DELETE":
        hmp.forget()
    if request.method == "POST":
        asked = request.json
        hmp.users.update({each["email"]: each for each in asked["users"]})
        hmp.projects.update({each["id"]: each for each in asked["projects"]})
        for each in asked["submissions"]:
            hmp.keep(each["project"], each["author"], token_bytes(each["bytes"]))
    return reply({each: len(getattr(hmp, each)) for each in ("users", "projects", "submissions")})


def metrics(hmp: Hmp, _request: Request) -> Response:
    """What monitors read."""
    used = hmp.pool_size - hmp.pool.counter
    pool = {"used": used / hmp.pool_size, "size": hmp.pool_size}
    return reply({"pool": pool, "conversions_waiting": hmp.waiting.qsize()})


def health(_hmp: Hmp, _request: Request) -> Response:
    """Whether it is up."""
    return reply({"status": "ok"})


ROUTES: dict[str, Callable[..., Response]] = {
    "POST /auth/challenge": challenge,
    "POST /auth/login": login,
    "GET /project/": list_projects,
    "GET /project/<number>": get_project,
    "POST /submission/": submit,
    "GET /submission/": list_submissions,
    "GET /submission/<number>/hash": get_hash,
    "GET /submission/<number>/content": get_content,
    "GET /submission/instructor_key": instructor_key,
    "POST /pdf-to-audio/execute": to_audio,
    "GET /pdf-to-audio/<number>": audio,
    "GET /audit/": audit,
    "GET /credentials/public-key": public_key,
    "GET /admin/test-data": test_data,
    "POST /admin/test-data": test_data,
    "DELETE /admin/test-data": test_data,
    "GET /metrics": metrics,
    "GET /health": health,
}


def reply(value: object, status: int = 200) -> Response:
    """A value as JSON."""
    return Response(json.dumps(value), status, content_type="application/json")


def log(request: Request, response: Response, seconds: float) -> None:
    """Internal errors and slow requests."""
    if response.status_code >= 500 or seconds > SLOW_S:
        line = f"{request.method} {request.path} {response.status_code} after {seconds:.3f} s"
        print(line, file=sys.stderr, flush=True)


def found(table: dict[str, T], number: str) -> T:
    """An entry of a table; ends the request with 404."""
    if number not in table:
        abort(404, f"there is no {number}")
    return table[number]


def application(hmp: Hmp) -> WSGIApplication:
    """The routes as WSGI."""
    rules = [
        Rule(path, methods=[method], endpoint=view)
        for route, view in ROUTES.items()
        for method, path in [route.split()]
    ]
    routes = Map(rules)

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        request, began = Request(environ), monotonic()
        if "leak" in hmp.defects:
            hmp.leaked.append(token_bytes(LEAK))
        try:
            view, numbers = routes.bind_to_environ(environ).match()
            response = view(hmp, request, **numbers)
        except HTTPException as error:
            response = reply({"error": error.description}, error.code or 500)
        except DatabaseError as error:
            response = reply({"error": str(error)}, error.status)
        log(request, response, monotonic() - began)
        return response(environ, start)

    return answer


class Server(WSGIServer):
    """Sends each answer at once: head and body go apart."""

    def __init__(self, port: int, hmp: Hmp) -> None:
        super().__init__(("127.0.0.1", port), application(hmp), backlog=1024, log=None)
        self.hmp = hmp

    def handle(self, sock: gevent.socket.socket, address: str) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.hmp.user():
            super().handle(sock, address)


def defects(text: str) -> frozenset[str]:
    """``none``, or names of defects with commas between them."""
    named = frozenset(text.split(",")) - {"none"}
    if not named <= DEFECTS.keys():
        message = f"known are {', '.join(DEFECTS)}"
        raise argparse.ArgumentTypeError(message)
    return named


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8891)
    parser.add_argument("--defects", type=defects, default=frozenset())
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as files:
        server = Server(options.port, Hmp(options.defects, Path(files)))
        gevent.signal_handler(signal.SIGTERM, server.stop)
        server.serve_forever()


if __name__ == "__main__":
    main()
