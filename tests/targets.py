"""A target that does what a test tells it to, and remembers every request."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Received:
    """One request as it came; ``at`` in seconds of ``time.monotonic``, ``port`` of its connection."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes
    at: float
    port: int

    @property
    def json(self) -> Any:  # noqa: ANN401  (a test knows what it sent)
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    after_s: float = 0.0


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
Behaviour: TypeAlias = Callable[[Received], Answer]


class Target:
    """``on`` sets what a path answers; everything else is 200 with ``{}``."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.url = ""
        self._behaviours: dict[str, Behaviour] = {}
        self._lock = threading.Lock()

    def on(self, path: str, behaviour: Behaviour | Answer) -> None:
        self._behaviours[path] = behaviour if callable(behaviour) else lambda _: behaviour

    def seen(self, path: str) -> list[Received]:
        return [each for each in self.received if each.path == path]

    def paths(self) -> list[str]:
        return [each.path for each in self.received]

    def handle(self, request: Received) -> Answer:
        with self._lock:
            self.received.append(request)
            behaviour = self._behaviours.get(request.path)
            answer = Answer() if behaviour is None else behaviour(request)
        time.sleep(answer.after_s)  # noqa: TID251  (the service time that a test asked for)
        return answer


def json_answer(value: Any, **rest: Any) -> Answer:  # noqa: ANN401  (JSON; fields of Answer)
    return Answer(body=json.dumps(value).encode(), **rest)


def in_turn(*answers: Answer) -> Behaviour:
    """Each answer once; the last one again and again."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def running_target() -> Iterator[Target]:
    target = Target()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30
        disable_nagle_algorithm = True

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except ConnectionError:
                self.close_connection = True

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            parts = urlsplit(self.path)
            request = Received(
                method=self.command,
                path=parts.path,
                query=parse_qsl(parts.query, keep_blank_values=True),
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(length),
                at=time.monotonic(),
                port=self.client_address[1],
            )
            answer = target.handle(request)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None: ...

    for method in METHODS:
        setattr(Handler, f"do_{method}", Handler._answer)

    class Server(ThreadingHTTPServer):
        request_queue_size = 1000
        daemon_threads = False  # closing waits until every connection is closed

    server = Server(("127.0.0.1", 0), Handler)
    target.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield target
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
