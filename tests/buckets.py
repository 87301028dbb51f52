"""Google's and Microsoft's stores of objects as far as we use them, over a real socket.

Each answers like the service: Google's JSON API, in pages, and Azure's REST API. Amazon's is moto.
"""

from __future__ import annotations

import json
import re
import threading
from base64 import b64encode
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

PAGE: Final = 100  # objects; Google's own has 1000, Microsoft's 5000
ACCOUNT: Final = "shop"
KEY: Final = b64encode(bytes(range(64))).decode()


def point_at(kind: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what makes a vendor's library take a server for its own; ``kind`` is the store's."""
    endpoint = f"AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={url}/{ACCOUNT}"
    variables = {
        "s3": {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
        },
        "gs": {
            "STORAGE_EMULATOR_HOST": url,
            # a thread that asks for the bucket's region, to tell it to OpenTelemetry
            "DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA": "true",
        },
        "az": {"AZURE_STORAGE_CONNECTION_STRING": endpoint},
    }
    for name, value in variables[kind].items():
        monkeypatch.setenv(name, value)


class Call(NamedTuple):
    method: str
    path: str
    query: dict[str, str]
    kind: str  # of the content
    body: bytes


@dataclass(frozen=True)
class Answer:
    status: int
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Google:
    """Buckets with their objects."""

    def __init__(self) -> None:
        self.buckets: dict[str, dict[str, bytes]] = {}

    def answer(self, call: Call) -> Answer:
        found = re.fullmatch(r"(?:/\w+)?/storage/v1/b/([^/]+)/o(?:/([^/]+))?", call.path)
        if found is None:
            return self._failure(501, f"{call.method} {call.path}")
        bucket, key = found.groups()
        if bucket not in self.buckets:
            return self._failure(404, "The specified bucket does not exist.")
        objects = self.buckets[bucket]
        if key is None:
            return self._list(objects, call) if call.method == "GET" else self._add(objects, call)
        name = unquote(key)
        if name not in objects:
            return self._failure(404, f"No such object: {bucket}/{name}")
        if call.method == "DELETE":
            del objects[name]
            return Answer(204)
        return Answer(200, objects[name])

    def _list(self, objects: dict[str, bytes], call: Call) -> Answer:
        names, token = page_of(objects, call.query, "pageToken")
        content = {"items": [{"name": each} for each in names]}
        return self._json(200, content | ({"nextPageToken": token} if token else {}))

    def _add(self, objects: dict[str, bytes], call: Call) -> Answer:
        """Two parts: what is to be known of the object, then the object."""
        head = f"Content-Type: {call.kind}\r\n\r\n".encode()
        about, content = message_from_bytes(head + call.body, policy=default).iter_parts()
        name = json.loads(about.get_content())["name"]
        objects[name] = content.get_content()
        return self._json(200, {"name": name, "contentType": content.get_content_type()})

    def _failure(self, status: int, text: str) -> Answer:
        error = {"message": text, "domain": "global", "reason": "notFound"}
        return self._json(status, {"error": {"code": status, "message": text, "errors": [error]}})

    def _json(self, status: int, content: object) -> Answer:
        return Answer(status, json.dumps(content).encode(), {"Content-Type": "application/json"})


class Azure:
    """Containers of one account with their blobs."""

    def __init__(self) -> None:
        self.containers: dict[str, dict[str, bytes]] = {}

    def answer(self, call: Call) -> Answer:
        _, _, container, *rest = call.path.split("/", 3)
        if container not in self.containers:
            return self._failure("ContainerNotFound", "The specified container does not exist.")
        blobs = self.containers[container]
        if not rest:
            return self._list(blobs, call)
        name = unquote(rest[0])
        if call.method == "PUT":
            blobs[name] = call.body
            return Answer(201)
        if name not in blobs:
            return self._failure("BlobNotFound", "The specified blob does not exist.")
        if call.method == "DELETE":
            del blobs[name]
            return Answer(202)
        size = len(blobs[name])
        return Answer(206, blobs[name], {"Content-Range": f"bytes 0-{size - 1}/{size}"})

    def _list(self, blobs: dict[str, bytes], call: Call) -> Answer:
        names, marker = page_of(blobs, call.query, "marker")
        found = "".join(f"<Blob><Name>{escape(each)}</Name></Blob>" for each in names)
        text = f"<EnumerationResults><Blobs>{found}</Blobs><NextMarker>{marker}</NextMarker>"
        return self._xml(200, f"{text}</EnumerationResults>")

    def _failure(self, code: str, text: str) -> Answer:
        said = f"{text}\nRequestId:0\nTime:2026-11-21T00:00:00Z"
        return self._xml(404, f"<Error><Code>{code}</Code><Message>{said}</Message></Error>", code)

    def _xml(self, status: int, content: str, code: str = "") -> Answer:
        headers = {"Content-Type": "application/xml"} | ({"x-ms-error-code": code} if code else {})
        return Answer(status, content.encode(), headers)


def page_of(objects: dict[str, bytes], query: dict[str, str], token: str) -> tuple[list[str], str]:
    """Names, and where the next page begins; empty after the last one."""
    begin = int(query.get(token, "0"))
    names = sorted(each for each in objects if each.startswith(query.get("prefix", "")))
    end = begin + PAGE
    return names[begin:end], str(end) if end < len(names) else ""


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = False


@contextmanager
def serving(answer: Callable[[Call], Answer]) -> Iterator[str]:
    """The URL of a server that gives these answers, one at a time."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kind = self.headers.get("Content-Type", "")
            with lock:
                given = answer(Call(self.command, parts.path, query, kind, body))
            self.send_response(given.status)
            self.send_header("Content-Length", str(len(given.content)))
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(given.content)

        def log_message(self, *_: object) -> None: ...

    for method in ("GET", "PUT", "POST", "DELETE"):
        setattr(Handler, f"do_{method}", Handler._answer)
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
